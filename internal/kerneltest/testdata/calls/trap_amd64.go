//go:build linux

package main

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What onSigsys leaves behind.
var sigsysData, sigsysCame uint32

// onSigsys is the handler: it stays where it is, since returning takes a call.
func onSigsys()

func sigsysHandler() uintptr

// catchTrap installs the handler of SIGSYS. Without one, a trap and a kill look
// the same from outside.
func catchTrap() error {
	const siginfo, onStack, restorer = 0x4, 0x08000000, 0x04000000 // SA_* of x86
	action := struct {
		handler, flags, restorer, mask uintptr // struct sigaction of the kernel
	}{sigsysHandler(), siginfo | onStack | restorer, sigsysHandler(), 0}
	_, _, errno := syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGSYS), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// trap returns the data of the filter's answer, if the handler was called.
func trap() (data uint32, trapped bool) {
	return atomic.LoadUint32(&sigsysData), atomic.LoadUint32(&sigsysCame) != 0
}
