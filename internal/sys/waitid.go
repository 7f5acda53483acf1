//go:build linux

package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The values of si_code for a child, include/uapi/asm-generic/siginfo.h.
const (
	ChildExited  = 1 // CLD_EXITED
	ChildKilled  = 2 // CLD_KILLED
	ChildDumped  = 3 // CLD_DUMPED
	ChildTrapped = 4 // CLD_TRAPPED
)

// WaitidPeek is waitid(P_PID, WNOHANG|WNOWAIT|__WALL) for stops and for the
// end of a child or a traced thread: it looks and takes nothing away, so that
// whoever waits for the process still gets its status. The code is a Child
// constant, or 0 if there is nothing to see. The status is the exit status or
// the signal, for a stop of a traced thread with its PTRACE_EVENT above bit 8.
func WaitidPeek(tid int) (code, status int, err error) {
	var info unix.Siginfo
	const options = unix.WNOHANG | unix.WNOWAIT | unix.WEXITED | unix.WSTOPPED | unix.WALL
	_, _, errno := syscall.Syscall6(unix.SYS_WAITID, unix.P_PID, uintptr(tid), uintptr(unsafe.Pointer(&info)), options, 0, 0)
	// After three ints comes a union, aligned as a pointer is: si_pid, si_uid,
	// si_status.
	const union = 12 + unsafe.Sizeof(uintptr(0)) - 4 // 12 or 16 bytes in
	status = int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), union+8)))
	return int(info.Code), status, failure(errno)
}
