//go:build linux

package kernel

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/sys"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// A Filter is a program in the kernel.
type Filter struct {
	Program bpf.Program
	Flags   seccomp.Flag // FlagLog or 0: the kernel keeps no other
}

// ReadBack returns the filters of a running thread, in the order in which they
// were attached, which is also the kernel's numbering. On a system call the
// kernel runs all of them, and the strictest answer counts.
//
// Filters belong to threads. The number of a process is that of its main
// thread; the others are in /proc/PID/task. A container's filter is attached
// before its first program starts, so all its threads have it.
//
// The thread is stopped for as long as the kernel takes to copy the programs
// and then goes on: a signal that was about to reach it does, a stopped thread
// stays stopped, a system call that waits is resumed. That holds for every
// failure too, and when the reader is killed half-way.
//
// There is one thing to know. The kernel resumes a call that waits for a limited
// time as restart_syscall, after this stop as after any other, and the thread's
// filters decide about it. Where they do not allow it, the call begins
// anew, with its whole time limit. On other architectures than x86_64, or if the
// reader is killed in the very moment, it fails as the filters say.
//
// It takes CAP_SYS_ADMIN in the first user namespace, a reader without filters,
// and Linux 4.16 with CONFIG_CHECKPOINT_RESTORE. Every failure is an [*Error];
// to have no filter is one, [ErrNoFilter].
func ReadBack(tid int) ([]Filter, error) {
	var filters []Filter
	var failed *Error
	onOwnThread(func() (traces bool) {
		filters, traces, failed = readBack(tid)
		return traces
	})
	if failed != nil {
		failed.Op = fmt.Sprintf("read the filters of thread %d", tid)
		return nil, failed
	}
	return filters, nil
}

// readBack traces the thread from the calling one. It says whether it left it
// traced, because a thread that does not stand still cannot be let go; the end
// of the calling thread does that then.
func readBack(tid int) (filters []Filter, traces bool, failed *Error) {
	if err := sys.PtraceSeize(tid); err != nil {
		return nil, false, notSeized(tid, err)
	}
	// From here on the thread may end at any time, and every request then says
	// ESRCH.
	if err := sys.PtraceInterrupt(tid); err != nil {
		return nil, true, lost(err)
	}
	pending, failed := awaitStop(tid)
	if failed != nil {
		return nil, true, failed
	}
	filters, failed = copyFilters(tid)
	if err := avoidRestart(tid, filters); err != nil && failed == nil {
		failed = lost(err)
	}
	if err := sys.PtraceDetach(tid, pending); err != nil {
		return nil, true, lost(err)
	}
	return filters, false, failed
}

// patience is how long a thread may take to stop. One that runs or waits in a
// system call does it at once.
const patience = 2 * time.Second

// awaitStop waits until the seized and interrupted thread stands still. That may
// be for another reason than the interrupt: it may be about to receive a signal,
// which must then be handed on when it is let go.
func awaitStop(tid int) (pending syscall.Signal, failed *Error) {
	for start := time.Now(); ; {
		code, status, err := sys.WaitidPeek(tid)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, lost(err)
		case code == sys.ChildTrapped && status>>8 == 0:
			return syscall.Signal(status), nil
		case code == sys.ChildTrapped:
			return 0, nil // the interrupt, or the stop of the whole process
		case code != 0:
			return 0, lost(unix.ESRCH)
		}
		// There is no wait with a time limit. Look without rest first, because
		// the thread stands still meanwhile, then leave the processor to others.
		switch waited := time.Since(start); {
		case waited > patience:
			return 0, &Error{Cause: ErrNotStopping}
		case waited > 200*time.Microsecond:
			time.Sleep(waited / 8)
		}
	}
}

// copyFilters reads all filters of a thread that stands still.
func copyFilters(tid int) ([]Filter, *Error) {
	var filters []Filter
	for i := 0; ; i++ {
		n, err := sys.PtraceSeccompFilter(tid, i, nil)
		if err == unix.ENOENT {
			return filters, nil
		}
		if err != nil {
			return nil, notShown(tid, err)
		}
		prog := make(bpf.Program, n)
		if _, err := sys.PtraceSeccompFilter(tid, i, prog); err != nil {
			return nil, notShown(tid, err)
		}
		flags, err := sys.PtraceSeccompFlags(tid, i)
		if err != nil {
			return nil, notShown(tid, err)
		}
		filters = append(filters, Filter{prog, seccomp.Flag(flags)})
	}
}

// notSeized finds out why PTRACE_SEIZE failed. The kernel says EPERM for six
// different reasons (kernel/ptrace.c, ptrace_attach).
func notSeized(tid int, err error) *Error {
	failed := &Error{Cause: ErrNoTracing, Errno: err.(syscall.Errno)}
	if err == unix.ESRCH {
		failed.Cause = ErrNoThread
		return failed
	}
	who := strconv.Itoa(tid)
	state, tracer := statusField(who, "State"), statusField(who, "TracerPid")
	switch {
	case strings.HasPrefix(state, "Z"), strings.HasPrefix(state, "X"):
		failed.Cause = ErrNoThread // it has ended, and its parent has not looked yet
	case statusField(who, "Tgid") == strconv.Itoa(os.Getpid()):
		failed.Cause = ErrOwnThread
	case tracer != "" && tracer != "0":
		failed.Cause = fmt.Errorf("%w: process %s", ErrTraced, statusField(tracer, "Tgid"))
	}
	return failed
}

// notShown finds out why the kernel does not show a filter of a thread that
// stands still (kernel/seccomp.c, seccomp_get_filter).
func notShown(tid int, err error) *Error {
	failed := &Error{Cause: ErrNoReadBack, Errno: err.(syscall.Errno)}
	switch err {
	case unix.ESRCH:
		failed.Cause = ErrThreadDied
	case unix.EACCES:
		failed.Cause = ErrNoAdmin
		if statusField("thread-self", "Seccomp") != "0" {
			failed.Cause = ErrReaderFiltered
		}
	case unix.EMEDIUMTYPE:
		failed.Cause = ErrNotClassic
	case unix.EINVAL:
		// A kernel without CONFIG_CHECKPOINT_RESTORE says so of every thread,
		// one with it of a thread that is not in filter mode.
		switch statusField(strconv.Itoa(tid), "Seccomp") {
		case "0":
			failed.Cause = ErrNoFilter
		case "1":
			failed.Cause = ErrStrictMode
		}
	}
	return failed
}

// lost is the failure of a request on a thread that was seized before.
func lost(err error) *Error {
	failed := &Error{Cause: ErrRefused, Errno: err.(syscall.Errno)}
	if err == unix.ESRCH || err == unix.ECHILD {
		failed.Cause = ErrThreadDied
	}
	return failed
}
