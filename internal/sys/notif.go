//go:build linux

package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// NotifResp is struct seccomp_notif_resp.
type NotifResp struct {
	ID    uint64
	Val   int64
	Error int32
	Flags uint32
}

// AddFD is struct seccomp_notif_addfd.
type AddFD struct {
	ID         uint64
	Flags      uint32
	SrcFD      uint32
	NewFD      uint32
	NewFDFlags uint32
}

// NotifSend is SECCOMP_IOCTL_NOTIF_SEND: it answers a notification. ENOENT
// means that nobody waits for this answer any more.
func NotifSend(listener int, resp *NotifResp) error {
	return ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(resp)))
}

// NotifAddFD is SECCOMP_IOCTL_NOTIF_ADDFD: it puts a file of the caller's
// into the target. Since Linux 5.9, SECCOMP_ADDFD_FLAG_SEND since 5.14.
func NotifAddFD(listener int, add *AddFD) error {
	return ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_ADDFD, uintptr(unsafe.Pointer(add)))
}

// NotifSetFlags is SECCOMP_IOCTL_NOTIF_SET_FLAGS. Since Linux 6.6.
func NotifSetFlags(listener int, flags uint64) error {
	return ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS, uintptr(flags))
}

//go:uintptrescapes
func ioctl(fd int, request, arg uintptr) error {
	_, _, errno := syscall.Syscall(unix.SYS_IOCTL, uintptr(fd), request, arg)
	return failure(errno)
}
