//go:build linux

package kernel

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// An Error says what failed and why.
type Error struct {
	Op    string        // what was being done: "load filter", "read the filters of thread 812"
	Cause error         // an Err variable, perhaps with details, a *FlagError, a *ThreadError, or what Check says
	Errno syscall.Errno // the kernel's answer, 0 if it was not asked
}

func (e *Error) Error() string {
	if e.Errno == 0 {
		return fmt.Sprintf("%s: %v", e.Op, e.Cause)
	}
	return fmt.Sprintf("%s: %v (%s)", e.Op, e.Cause, errnoName(e.Errno))
}

// Unwrap returns the cause and the errno, for errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	if e.Errno == 0 {
		return []error{e.Cause}
	}
	return []error{e.Cause, e.Errno}
}

// Hint says what the user can do, or "" where nothing helps.
func (e *Error) Hint() string {
	if c := (*cause)(nil); errors.As(e.Cause, &c) {
		return c.hint
	}
	if f := (*FlagError)(nil); errors.As(e.Cause, &f) {
		return "take the flag out of the profile, or run a newer kernel"
	}
	return ""
}

// A cause is a reason with its way out.
type cause struct{ text, hint string }

func (c *cause) Error() string { return c.text }

// Why a filter was not attached.
var (
	ErrPrivilege error = &cause{
		"the thread has neither no_new_privs nor CAP_SYS_ADMIN in its user namespace",
		"set no_new_privs before loading, or load while the thread still has CAP_SYS_ADMIN",
	}
	ErrTooLong error = &cause{
		"the kernel takes programs of 1 to 4096 instructions",
		"name fewer argument conditions or fewer architectures",
	}
	ErrChainTooLong error = &cause{
		"all filters of one thread together may have 32768 of the kernel's own instructions, into which it translates programs",
		"the filters that the thread has already cannot be taken off; start it from one with fewer",
	}
	ErrNoMemory error = &cause{
		"the kernel has no memory for the filter",
		"look at the memory limit of the cgroup",
	}
	ErrNoSeccomp error = &cause{
		"this kernel cannot filter system calls",
		"it needs Linux 3.17 with CONFIG_SECCOMP=y and CONFIG_SECCOMP_FILTER=y",
	}
	ErrFiltered error = &cause{
		"a filter that the thread has already denies seccomp(2)",
		"allow seccomp in the profile of the surrounding container",
	}
	ErrListenerExists error = &cause{
		"a filter that the thread has already has a listener, and the kernel allows one",
		"this happens within a container that is itself supervised; take SCMP_ACT_NOTIFY out of one of the two profiles",
	}
	ErrNeedsListener error = &cause{
		"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV says how a listener works, and there is none",
		"leave the flag out, or use SCMP_ACT_NOTIFY in the profile",
	}
	ErrListener error = &cause{
		"Load returns no listener",
		"call Listen",
	}
	ErrRefused error = &cause{"the kernel refused the filter", ""}
)

// Why filters were not read back.
var (
	ErrNoThread   error = &cause{"there is no such thread", "it may have ended meanwhile"}
	ErrThreadDied error = &cause{"the thread ended while it was read", ""}
	ErrNoFilter   error = &cause{"the thread has no filter", ""}
	ErrStrictMode error = &cause{"the thread is in strict mode, which has no program: it may read, write and exit", ""}
	ErrOwnThread  error = &cause{"a process cannot read itself", "let another process do it"}
	ErrTraced     error = &cause{"another process traces the thread", "stop the debugger, strace or supervisor that does"}
	ErrNoTracing  error = &cause{
		"tracing the thread is not permitted",
		"it needs CAP_SYS_PTRACE over the thread's user namespace, and a kernel.yama.ptrace_scope below 3",
	}
	ErrNoAdmin error = &cause{
		"the kernel shows filters only to CAP_SYS_ADMIN in the first user namespace",
		"run as root outside any container",
	}
	ErrReaderFiltered error = &cause{
		"the kernel shows filters only to a reader that has none itself",
		"run outside any container, or in one with seccomp=unconfined",
	}
	ErrNoReadBack error = &cause{
		"this kernel does not show filters",
		"it needs Linux 4.16 with CONFIG_CHECKPOINT_RESTORE=y",
	}
	ErrNotClassic  error = &cause{"the filter is no classic BPF program", ""}
	ErrNotStopping error = &cause{
		"the thread does not stop",
		"it may sleep where no signal wakes it (state D), or be frozen by its cgroup",
	}
)

// A FlagError is a flag that this kernel does not know.
type FlagError struct {
	Flag  seccomp.Flag          // one flag
	Since seccomp.KernelVersion // the Linux that adds it, the zero value if none known to weir does
}

func (e *FlagError) Error() string {
	if e.Since == (seccomp.KernelVersion{}) {
		return fmt.Sprintf("the kernel does not know the flag %v", e.Flag)
	}
	return fmt.Sprintf("the kernel does not know the flag %v, which Linux %v adds", e.Flag, e.Since)
}

// A ThreadError is a thread of the process that TSYNC could not synchronise,
// because it has filters that the caller has not.
type ThreadError struct {
	Thread int // 0 if the kernel was asked not to say (TSYNC_ESRCH)
}

func (e *ThreadError) Error() string {
	if e.Thread == 0 {
		return "another thread has filters of its own and cannot be synchronised"
	}
	return fmt.Sprintf("thread %d has filters of its own and cannot be synchronised", e.Thread)
}

// errnoName returns EACCES for 13, and the number where there is no name.
func errnoName(e syscall.Errno) string {
	if name := unix.ErrnoName(e); name != "" {
		return name
	}
	return fmt.Sprintf("errno %d", int(e))
}
