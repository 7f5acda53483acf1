//go:build linux

// Calls is the child of kerneltest.Run. It loads a program on a thread and makes
// system calls there. The results go into shared memory, because the program may
// deny everything, and another thread, which has no filter, watches the one that
// has: a thread that was killed cannot tell.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/sys"
	"github.com/weir-dev/weir/internal/sys/thread"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// current is the call that is being made.
var current atomic.Int64

// A main thread that was killed stays as a zombie until the process ends, so
// the main thread is the one that watches.
func init() { runtime.LockOSThread() }

func main() {
	var job kerneltest.Job
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		fail(err)
	}
	page, err := kerneltest.MapPage(os.NewFile(3, "results"))
	if err != nil {
		fail(err)
	}
	debug.SetGCPercent(-1) // a collection would wait for the thread that was killed

	tid := make(chan int)
	go makeCalls(job, page, tid)
	caller := <-tid
	for {
		i := int(current.Load())
		switch data, trapped := trap(); {
		case i == len(job.Calls):
			os.Exit(0)
		case trapped:
			page.Put(i, kerneltest.Result{End: kerneltest.Trapped, Errno: unix.Errno(data)})
			os.Exit(0)
		case unix.Tgkill(os.Getpid(), caller, 0) == unix.ESRCH:
			page.Put(i, kerneltest.Result{End: kerneltest.ThreadKilled})
			os.Exit(0)
		}
		time.Sleep(50 * time.Microsecond)
	}
}

func makeCalls(job kerneltest.Job, page *kerneltest.Page, tid chan int) {
	runtime.LockOSThread()
	current.Store(int64(job.First))
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		fail(err)
	}
	// Go's handlers return by rt_sigreturn, which the program may deny.
	if err := thread.ResetSignals(); err != nil {
		fail(err)
	}
	if err := catchTrap(); err != nil {
		fail(err)
	}
	tid <- unix.Gettid()
	if err := kernel.Load(job.Program, job.Flags); err != nil {
		fail(err)
	}
	for i := job.First; i < len(job.Calls); i++ {
		page.Put(i, call(&job.Calls[i]))
		current.Store(int64(i + 1))
	}
	for {
	}
}

// call makes one call through the door of its ABI.
func call(c *kerneltest.Call) kerneltest.Result {
	if c.Arch == seccomp.ArchX86 && runtime.GOARCH == "amd64" {
		return int80(c)
	}
	var args [6]uintptr
	for i, a := range c.Args {
		args[i] = uintptr(a)
	}
	r, errno := sys.Call(uintptr(c.Nr), args)
	return kerneltest.Result{End: kerneltest.Returned, Value: uint64(r), Errno: errno}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
