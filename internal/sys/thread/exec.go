//go:build linux

package thread

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An Exec is a program image to become, with everything that execve needs laid
// out in memory beforehand: nothing is allocated any more once signals are reset.
type Exec struct {
	path  *byte
	argv  []*byte
	envv  []*byte
	fprog *unix.SockFprog
	flags uintptr
	page  *Page
	limit limit
}

// A limit is what to write to a file before the filter is attached, if anything.
type limit struct {
	fd   uintptr
	text []byte
}

// Limit has the text written to a file just before the filter is attached: a limit
// of the threads that this process may have, and has until execve.
func (e *Exec) Limit(fd int, text []byte) { e.limit = limit{uintptr(fd), text} }

// NewExec lays out an execve of path and the filter to attach before it: none if
// prog is empty. prog is an array of struct sock_filter as it lies in memory, 8
// bytes each. The flags are seccomp(2)'s; with TSYNC the other threads of
// Go's runtime would fall under the filter before execve ends them, so the
// caller leaves it out. It fails on a NUL byte within a string, and on a program
// that is no whole number of instructions, or longer than the kernel takes.
func NewExec(path string, args, env []string, prog []byte, flags uint32, page *Page) (*Exec, error) {
	e := &Exec{flags: uintptr(flags), page: page}
	var err error
	if e.path, err = unix.BytePtrFromString(path); err != nil {
		return nil, err
	}
	if e.argv, err = syscall.SlicePtrFromStrings(args); err != nil {
		return nil, err
	}
	if e.envv, err = syscall.SlicePtrFromStrings(env); err != nil {
		return nil, err
	}
	n := len(prog) / unix.SizeofSockFilter
	if len(prog)%unix.SizeofSockFilter != 0 || n > unix.BPF_MAXINSNS {
		return nil, unix.EINVAL
	}
	if n > 0 {
		filter := make([]unix.SockFilter, n)
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&filter[0])), n*unix.SizeofSockFilter), prog)
		e.fprog = &unix.SockFprog{Len: uint16(n), Filter: &filter[0]}
	}
	return e, nil
}

// LoadAndExec attaches the filter to the calling thread and executes the
// program: two raw system calls with nothing between them, so that a filter
// needs to allow execve and what the program itself does. It does not return.
//
// What fails is left in the page, with no system call: the filter may allow
// none. Then the process exits, and if the filter denies even that, it traps.
//
// The caller has locked the thread, called [ResetSignals] and allocates nothing
// after that.
//
//go:nosplit
//go:norace
func LoadAndExec(e *Exec) {
	e.page.phase = PhaseExec
	if n := uintptr(len(e.limit.text)); n > 0 {
		_, _, errno := syscall.RawSyscall(unix.SYS_WRITE, e.limit.fd, uintptr(unsafe.Pointer(unsafe.SliceData(e.limit.text))), n)
		if errno != 0 {
			e.fail(PhaseLimitRefused, errno)
		}
	}
	if e.fprog != nil {
		_, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, e.flags, uintptr(unsafe.Pointer(e.fprog)))
		if errno != 0 {
			e.fail(PhaseFilterRefused, errno)
		}
	}
	_, _, errno := syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(e.path)), uintptr(unsafe.Pointer(&e.argv[0])), uintptr(unsafe.Pointer(&e.envv[0])))
	e.fail(PhaseExecFailed, errno)
}

// fail leaves word of a failure and ends the process.
//
//go:nosplit
//go:norace
func (e *Exec) fail(phase Phase, errno syscall.Errno) {
	e.page.phase = phase
	e.page.errno = uint32(errno)
	syscall.RawSyscall(unix.SYS_EXIT_GROUP, 1, 0, 0)
	trap()
}

// trap ends a process that may make no system call: its SIGSEGV, whose action is
// the default by now, cannot be blocked by a filter.
//
//go:nosplit
func trap() {
	var nowhere *uint32
	*nowhere = 0
}
