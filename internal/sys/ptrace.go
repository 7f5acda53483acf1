//go:build linux

package sys

import (
	"syscall"
	"unsafe"

	"github.com/weir-dev/weir/bpf"
	"golang.org/x/sys/unix"
)

// Every request but the seizing must come from the thread that seized.

// PtraceSeize is PTRACE_SEIZE: it begins to trace a thread, which goes on.
func PtraceSeize(tid int) error {
	_, err := ptrace(unix.PTRACE_SEIZE, tid, 0, 0)
	return err
}

// PtraceInterrupt is PTRACE_INTERRUPT: it asks a seized thread to stop.
func PtraceInterrupt(tid int) error {
	_, err := ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0)
	return err
}

// PtraceDetach is PTRACE_DETACH: it lets a stopped thread go on by itself, and
// delivers a signal to it, if not 0.
func PtraceDetach(tid int, sig syscall.Signal) error {
	_, err := ptrace(unix.PTRACE_DETACH, tid, 0, uintptr(sig))
	return err
}

// PtraceSeccompFilter is PTRACE_SECCOMP_GET_FILTER: the program of a stopped
// thread's filter with the given index, written into prog, which must be long
// enough. Without prog it only counts. The result is the number of
// instructions.
//
// The kernel gives the index 0 to the filter that was attached first
// (kernel/seccomp.c, get_nth_filter); ptrace(2) says the opposite.
func PtraceSeccompFilter(tid, index int, prog bpf.Program) (int, error) {
	return ptrace(unix.PTRACE_SECCOMP_GET_FILTER, tid, uintptr(index), uintptr(unsafe.Pointer(unsafe.SliceData(prog))))
}

// PtraceSeccompFlags is PTRACE_SECCOMP_GET_METADATA: the flags with which the
// filter was attached, as far as the kernel keeps them, which is
// SECCOMP_FILTER_FLAG_LOG. Since Linux 4.16.
func PtraceSeccompFlags(tid, index int) (uint64, error) {
	metadata := struct{ filter, flags uint64 }{filter: uint64(index)} // struct seccomp_metadata
	_, err := ptrace(unix.PTRACE_SECCOMP_GET_METADATA, tid, unsafe.Sizeof(metadata), uintptr(unsafe.Pointer(&metadata)))
	return metadata.flags, err
}

// ptrace gets the pointer in data as a number, made in the call of this
// function: the directive keeps alive what it points to.
//
//go:uintptrescapes
func ptrace(request, tid int, addr, data uintptr) (int, error) {
	r, _, errno := syscall.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	return int(r), failure(errno)
}
