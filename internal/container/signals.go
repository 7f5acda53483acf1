package container

import (
	"os"
	"os/signal"
	"syscall"
)

// catchSignals sends to the channel what is forwarded, the change of the
// terminal's size, and SIGPIPE: so that output that nobody reads any more is an
// error of the copier's and not the launcher's end, which would leave the
// terminal raw. End it with signal.Stop.
func catchSignals() chan os.Signal {
	list := []os.Signal{syscall.SIGWINCH, syscall.SIGPIPE}
	for sig := syscall.Signal(1); sig <= 64; sig++ {
		if forwarded(sig) {
			list = append(list, sig)
		}
	}
	caught := make(chan os.Signal, 32)
	signal.Notify(caught, list...)
	return caught
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
