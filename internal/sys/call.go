//go:build linux

package sys

import "syscall"

// Call makes any system call of the native ABI, raw. On x86_64 a number with
// bit 30 is a call of x32.
func Call(nr uintptr, args [6]uintptr) (uintptr, syscall.Errno) {
	r, _, errno := syscall.RawSyscall6(nr, args[0], args[1], args[2], args[3], args[4], args[5])
	return r, errno
}
