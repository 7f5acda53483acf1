//go:build linux

package thread

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The functions of this file change the calling thread alone, where the ones of
// package syscall change every thread of the process. They are for a locked
// thread that is about to execve: the other threads do not survive that.

// Setgroups sets the supplementary groups of the calling thread.
func Setgroups(gids []uint32) error {
	var p unsafe.Pointer
	if len(gids) > 0 {
		p = unsafe.Pointer(&gids[0])
	}
	return errno(unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(gids)), uintptr(p), 0))
}

// Setresgid sets the real, effective and saved group of the calling thread.
func Setresgid(gid uint32) error {
	id := uintptr(gid)
	return errno(unix.RawSyscall(unix.SYS_SETRESGID, id, id, id))
}

// Setresuid sets the real, effective and saved user of the calling thread.
func Setresuid(uid uint32) error {
	id := uintptr(uid)
	return errno(unix.RawSyscall(unix.SYS_SETRESUID, id, id, id))
}

// Prctl is prctl(2) for the operations whose arguments are numbers.
func Prctl(op int, args ...uintptr) error {
	var a [4]uintptr
	copy(a[:], args)
	return errno(unix.RawSyscall6(unix.SYS_PRCTL, uintptr(op), a[0], a[1], a[2], a[3], 0))
}

// Capset sets the permitted and the effective capabilities of the calling
// thread to set and its inheritable ones to none. Bit n is capability n.
func Capset(set uint64) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	low, high := uint32(set), uint32(set>>32)
	data := [2]unix.CapUserData{
		{Effective: low, Permitted: low},
		{Effective: high, Permitted: high},
	}
	return errno(unix.RawSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data[0])), 0))
}

// JoinSessionKeyring gives the process a new, empty session keyring, so that it
// no longer possesses the keys of the one that it inherited.
func JoinSessionKeyring() error {
	return errno(unix.RawSyscall(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0))
}

func errno(_, _ uintptr, e unix.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}
