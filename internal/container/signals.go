package container

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// signals are those that come while a container runs.
type signals struct {
	caught chan os.Signal
	ready  chan struct{} // closed when all of them are caught
}

// catchSignals catches what is forwarded, the change of the terminal's size, and
// SIGPIPE: so that output that nobody reads any more is an error of the copier's and
// not the launcher's end, which would leave the terminal raw. What the caller ignores,
// as nohup does SIGHUP, stays ignored. Catching takes Go's runtime 15 us a signal, so it
// goes on beside what else there is to do.
func catchSignals() signals {
	list := []os.Signal{syscall.SIGWINCH, syscall.SIGPIPE}
	for sig := syscall.Signal(1); sig <= 64; sig++ {
		if forwarded(sig) && !signal.Ignored(sig) {
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

// pass gives the program a signal.
func (c *child) pass(s *Spec, sig syscall.Signal) {
	if s.Unheeded != nil && ends(sig) && !heeds(c.pid, sig) {
		s.Unheeded(sig)
	}
	syscall.Kill(c.pid, sig)
}

// heeds reports whether the first process of a PID namespace learns of a signal: it has
// a handler, or waits for it. From anybody the kernel gives it no other but SIGKILL and
// SIGSTOP. While it waits, its status does not show what for, so that where it sleeps is
// looked at first. Where this cannot be found out, it does.
func heeds(pid int, sig syscall.Signal) bool {
	sleeps, err := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", pid))
	if err != nil || string(sleeps) == "0" || bytes.Contains(sleeps, []byte("sigtimedwait")) {
		return true
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return true
	}
	for line := range bytes.Lines(status) {
		name, set, _ := bytes.Cut(line, []byte(":"))
		if string(name) != "SigCgt" && string(name) != "SigBlk" {
			continue
		}
		mask, err := strconv.ParseUint(string(bytes.TrimSpace(set)), 16, 64)
		if err != nil || mask>>(sig-1)&1 != 0 {
			return true
		}
	}
	return false
}
