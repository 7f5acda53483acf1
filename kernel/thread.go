//go:build linux

package kernel

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// onOwnThread runs f on an operating system thread that ends with it, and
// returns when f has. What f does to its thread, a filter, no_new_privs, goes
// away with it; and what the thread traces, the kernel lets go, even if f could
// not.
func onOwnThread(f func()) {
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
		f()
	}()
	<-done
}
