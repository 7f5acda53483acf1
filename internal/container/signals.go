package container

import (
	"os"
	"os/signal"
	"syscall"
)

// signals are those that come while a container runs.
type signals struct {
	caught chan os.Signal
	ready  chan struct{} // closed when all of them are caught
}

// catchSignals catches what is forwarded, the change of the terminal's size, and
// SIGPIPE: so that output that nobody reads any more is an error of the copier's and
// not the launcher's end, which would leave the terminal raw. Catching takes Go's
// runtime 15 us a signal, so it goes on beside what else there is to do.
func catchSignals() signals {
	list := []os.Signal{syscall.SIGWINCH, syscall.SIGPIPE}
	for sig := syscall.Signal(1); sig <= 64; sig++ {
		if forwarded(sig) {
			list = append(list, sig)
		}
	}
	s := signals{make(chan os.Signal, 32), make(chan struct{})}
	go func() {
		signal.Notify(s.caught, list...)
		close(s.ready)
	}()
	return s
}

// forwarded reports whether the program of the container gets a signal that the
// launcher gets: all but those that concern the launcher itself, be it as a job of
// a shell, as a parent, or for a fault of its own.
func forwarded(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGKILL, syscall.SIGSTOP, // cannot be caught
		syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGCONT,
		syscall.SIGCHLD, syscall.SIGURG, syscall.SIGWINCH, syscall.SIGPIPE, syscall.SIGPROF,
		syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGSYS, syscall.SIGSTKFLT,
		32, 33, 34: // of the C library
		return false
	}
	return true
}

// ends reports whether people send the signal to end a program.
func ends(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM:
		return true
	}
	return false
}
