//go:build linux

package sys

import (
	"syscall"
	"unsafe"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// A program is handed to the kernel as it lies in memory: a bpf.Instruction has
// the layout of struct sock_filter.
var (
	_ [8]byte = [unsafe.Sizeof(bpf.Instruction{})]byte{}
	_ [2]byte = [unsafe.Offsetof(bpf.Instruction{}.Jt)]byte{}
	_ [4]byte = [unsafe.Offsetof(bpf.Instruction{}.K)]byte{}
)

// SeccompSetFilter is seccomp(SECCOMP_SET_MODE_FILTER): it attaches prog to the
// calling thread. The result is the listener's file descriptor with
// NEW_LISTENER, and with TSYNC alone the thread that could not be
// synchronised, if not 0. Without a program the kernel gets a NULL pointer,
// which it answers with EFAULT once it has found nothing wrong with the flags.
//
// The call is raw: on return, not one other system call has been made.
func SeccompSetFilter(flags seccomp.Flag, prog bpf.Program) (int, error) {
	var fprog *unix.SockFprog
	if len(prog) > 0 {
		fprog = &unix.SockFprog{Len: uint16(len(prog)), Filter: (*unix.SockFilter)(unsafe.Pointer(&prog[0]))}
	}
	r, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(flags), uintptr(unsafe.Pointer(fprog)))
	return int(r), failure(errno)
}

// SeccompActionAvail is seccomp(SECCOMP_GET_ACTION_AVAIL): nil if the kernel
// has the action, EOPNOTSUPP if it has not. Since Linux 4.14.
func SeccompActionAvail(a seccomp.Action) error {
	_, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&a)))
	return failure(errno)
}

// failure makes nil of 0, so that an error that is nil compares as nil.
func failure(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}
