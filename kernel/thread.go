//go:build linux

package kernel

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// onOwnThread runs f on an operating system thread of its own, and returns when
// f has. If f says that it left the thread spoilt, the thread ends: a filter or
// no_new_privs goes away with it, and what it traces, the kernel lets go.
func onOwnThread(f func() (spoilt bool)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		// A goroutine that ends locked takes its thread along, and Go starts no
		// other thread from a locked one.
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// Go parks the main thread and never ends it. While it is held here,
			// the next goroutine gets another.
			onOwnThread(f)
			runtime.UnlockOSThread()
			return
		}
		if !f() {
			runtime.UnlockOSThread()
		}
	}()
	<-done
}
