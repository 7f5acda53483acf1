//go:build linux

package kernel

import (
	"fmt"
	"strconv"
	"syscall"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/sys"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// Load attaches prog to the calling thread, as its newest filter. The caller
// has locked the thread (runtime.LockOSThread) and does not unlock it again:
// the filter stays for as long as the thread lives, and goes along to all that
// it starts. The thread has no_new_privs, or CAP_SYS_ADMIN in its user
// namespace. Other threads are not touched, unless flags has FlagTSync.
//
// After a successful load not one system call has been made; what the caller
// does next is for the filter to decide, and so is what Go's runtime does on
// this thread. Something that must run under any filter is execve right
// after; the launcher has its own code for that pair.
//
// The program must pass Check. Every failure is an [*Error], and nothing was
// attached.
func Load(prog bpf.Program, flags seccomp.Flag) error {
	if flags&seccomp.FlagNewListener != 0 {
		return &Error{Op: "load filter", Cause: ErrListener}
	}
	_, err := load(prog, flags)
	return err
}

// Listen is Load with a listener: a file descriptor, closed on execve, through
// which the calls are answered for which prog returns [seccomp.ActNotify]. With
// FlagTSync it adds FlagTSyncESRCH, which the kernel demands.
func Listen(prog bpf.Program, flags seccomp.Flag) (listener int, err error) {
	flags |= seccomp.FlagNewListener
	if flags&seccomp.FlagTSync != 0 {
		flags |= seccomp.FlagTSyncESRCH
	}
	return load(prog, flags)
}

func load(prog bpf.Program, flags seccomp.Flag) (int, error) {
	if err := loadable(prog, flags); err != nil {
		return -1, &Error{Op: "load filter", Cause: err}
	}
	r, err := sys.SeccompSetFilter(flags, prog)
	if err == nil && (r == 0 || flags&seccomp.FlagNewListener != 0) {
		return r, nil
	}
	failed := &Error{Op: "load filter"}
	if err == nil {
		failed.Cause = &ThreadError{Thread: r}
		return -1, failed
	}
	failed.Errno = err.(syscall.Errno)
	failed.Cause = refusal(failed.Errno, flags)
	return -1, failed
}

// loadable returns what can be said without asking the kernel.
func loadable(prog bpf.Program, flags seccomp.Flag) error {
	if n := len(prog); n == 0 || n > bpf.MaxLen {
		return fmt.Errorf("the program has %d instructions, and %w", n, ErrTooLong)
	}
	if flags&seccomp.FlagWaitKillableRecv != 0 && flags&seccomp.FlagNewListener == 0 {
		return ErrNeedsListener
	}
	return prog.Check()
}

// refusal finds out why the kernel refused a program that passes Check.
func refusal(errno syscall.Errno, flags seccomp.Flag) error {
	switch errno {
	case unix.EACCES:
		return ErrPrivilege
	case unix.EBUSY:
		return ErrListenerExists
	case unix.ESRCH:
		return &ThreadError{}
	case unix.ENOMEM:
		// The longest single program stays far below the limit of the chain.
		if n, _ := strconv.Atoi(statusField("thread-self", "Seccomp_filters")); n == 0 {
			return ErrNoMemory
		}
		return ErrChainTooLong
	case unix.EINVAL:
		if has, _ := fromNullPointer(probeFlag(0)); has == No {
			return ErrNoSeccomp
		}
		if unknown := unknownFlag(flags); unknown != nil {
			return unknown
		}
	case unix.ENOSYS, unix.EPERM:
		// The kernel itself says ENOSYS without CONFIG_SECCOMP, and never EPERM.
		if has, _ := fromNullPointer(probePrctl()); has == Yes {
			return ErrFiltered
		}
		if errno == unix.ENOSYS {
			return ErrNoSeccomp
		}
	}
	return ErrRefused
}

// unknownFlag returns the first flag, the lowest bit first, that the running
// kernel does not know.
func unknownFlag(asked seccomp.Flag) error {
	for bit := seccomp.Flag(1); bit != 0; bit <<= 1 {
		if asked&bit == 0 {
			continue
		}
		if has, _ := fromNullPointer(probeFlag(bit)); has == No {
			unknown := &FlagError{Flag: bit}
			for _, f := range flags {
				if f.flag == bit {
					unknown.Since = f.since
				}
			}
			return unknown
		}
	}
	return nil
}

// probeFlag asks about a flag with a program at address NULL: the kernel looks
// at the flags first (EINVAL) and then fails to read the program (EFAULT).
func probeFlag(f seccomp.Flag) error {
	if f == seccomp.FlagWaitKillableRecv {
		f |= seccomp.FlagNewListener // it is EINVAL alone
	}
	_, err := sys.SeccompSetFilter(f, nil)
	return err
}

// probePrctl asks for filter mode in the older way, also without a program.
func probePrctl() error {
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, 0, 0, 0)
}
