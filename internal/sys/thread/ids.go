//go:build linux

package thread

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a script says of ids and capabilities changes the thread that runs it alone, as
// the kernel has it, where package syscall changes every thread of the process.

// Setgroups adds a change of the supplementary groups.
func (s *Script) Setgroups(what string, gids []uint32) Call {
	var where uintptr
	if len(gids) > 0 {
		where = s.Bytes(unsafe.Slice((*byte)(unsafe.Pointer(&gids[0])), 4*len(gids)))
	}
	return s.Call(what, unix.SYS_SETGROUPS, uintptr(len(gids)), where)
}

// Setresgid adds a change of the real, effective and saved group.
func (s *Script) Setresgid(what string, gid uint32) Call {
	return s.Call(what, unix.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid))
}

// Setresuid adds a change of the real, effective and saved user.
func (s *Script) Setresuid(what string, uid uint32) Call {
	return s.Call(what, unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid))
}

// Prctl adds a prctl(2) whose arguments are numbers.
func (s *Script) Prctl(what string, op int, args ...uintptr) Call {
	return s.Call(what, unix.SYS_PRCTL, append([]uintptr{uintptr(op)}, args...)...)
}

// Capset sets the permitted and the effective capabilities to set and the inheritable
// ones to none. Bit n is capability n.
func (s *Script) Capset(what string, set uint64) Call {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	low, high := uint32(set), uint32(set>>32)
	data := [2]unix.CapUserData{
		{Effective: low, Permitted: low},
		{Effective: high, Permitted: high},
	}
	return s.Call(what, unix.SYS_CAPSET, bytesOf(s, &header), bytesOf(s, &data))
}

// bytesOf lays out a value of plain numbers.
func bytesOf[T any](s *Script, v *T) uintptr {
	return s.Bytes(unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v)))
}

// Prctl is prctl(2) for the operations whose arguments are numbers, of the calling
// thread alone.
func Prctl(op int, args ...uintptr) error {
	var a [4]uintptr
	copy(a[:], args)
	return errno(unix.RawSyscall6(unix.SYS_PRCTL, uintptr(op), a[0], a[1], a[2], a[3], 0))
}

func errno(_, _ uintptr, e unix.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}
