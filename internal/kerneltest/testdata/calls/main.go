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
	"syscall"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/sys/call"
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
	calls := make([]registers, len(job.Calls))
	for i, c := range job.Calls {
		calls[i] = registers{i386: c.Arch == seccomp.ArchX86 && runtime.GOARCH == "amd64", nr: uintptr(c.Nr)}
		for j, a := range c.Args {
			calls[i].args[j], calls[i].low[j] = uintptr(a), uint32(a)
		}
	}
	results := page.Words()
	tid <- unix.Gettid()
	if err := kernel.Load(job.Program, job.Flags); err != nil {
		fail(err)
	}
	makeAll(calls, results, job.First)
}

// registers are a kerneltest.Call, ready to be made.
type registers struct {
	i386 bool
	nr   uintptr
	args [6]uintptr
	low  [6]uint32
}

// makeAll makes the calls from the first one on, and then waits for the end of
// the process. It is nosplit because the entry of any other function is where Go
// may decide that another goroutine is due, and the program need not allow the
// calls that this takes. Nothing that kernel.Load does after its system call is
// such a place.
//
//go:nosplit
func makeAll(calls []registers, results [][4]uint64, first int) {
	for i := first; i < len(calls); i++ {
		c, r := &calls[i], &results[i]
		if c.i386 {
			if v := call.Int80(uint32(c.nr), &c.low); v > 0xfffff000 {
				r[1] = uint64(-v)
			} else {
				r[0] = uint64(v)
			}
		} else {
			value, _, errno := syscall.RawSyscall6(c.nr, c.args[0], c.args[1], c.args[2], c.args[3], c.args[4], c.args[5])
			r[0], r[1] = uint64(value), uint64(errno)
		}
		atomic.StoreUint64(&r[3], uint64(kerneltest.Returned))
		current.Store(int64(i + 1))
	}
	for {
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
