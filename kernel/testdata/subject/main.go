//go:build linux

// Subject is the child of package kernel's tests: what is filtered, and who
// reads. Its arguments are a list of steps; they all happen on the main thread,
// and each says what it did on a line of standard output.
//
//	under PROGRAM   load a program (base64, raw) and go on as a new process
//	nnp             set no_new_privs
//	load FLAGS N X  load a program of X instructions N times
//	listen FLAGS    load a program with a listener, and keep it
//	filter PROGRAM FLAGS
//	                load a program
//	threads N       start N threads, each with a filter that it alone has
//	tsync           load for all threads
//	sleep           sleep a quarter of a second in one call
//	strict          start a thread in strict mode
//	vfork           wait four seconds for a child, in a way that no signal ends
//	serve           answer each line of standard input, until its end
//	readback TID    read filters once
//	watch TID       read filters again and again
//	probe           print kernel.Probe as JSON
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

func init() { runtime.LockOSThread() }

func main() {
	args := os.Args[1:]
	next := func() string {
		a := args[0]
		args = args[1:]
		return a
	}
	number := func() int {
		n, err := strconv.Atoi(next())
		if err != nil {
			panic(err)
		}
		return n
	}
	program := func() bpf.Program {
		raw, err := base64.StdEncoding.DecodeString(next())
		if err != nil {
			panic(err)
		}
		prog, err := bpf.ParseRaw(raw, order())
		if err != nil {
			panic(err)
		}
		return prog
	}
	for len(args) > 0 {
		switch step := next(); step {
		case "under":
			err := kernel.Load(program(), 0)
			if err == nil {
				err = syscall.Exec("/proc/self/exe", append([]string{"subject"}, args...), os.Environ())
			}
			report("under", err)
		case "nnp":
			report(step, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		case "load":
			flags, times, length := seccomp.Flag(number()), number(), number()
			var err error
			n := 0
			for ; n < times && err == nil; n++ {
				err = kernel.Load(allowing(length), flags)
			}
			report(fmt.Sprintf("load %d", n), err)
		case "listen":
			listener, err := kernel.Listen(allowing(1), seccomp.Flag(number()))
			if err == nil {
				_, err = unix.Dup(listener) // a copy that stays open when the next program is executed
			}
			report(step, err)
		case "filter":
			report(step, kernel.Load(program(), seccomp.Flag(number())))
		case "threads":
			for i := range number() {
				tid := make(chan int)
				go func() {
					runtime.LockOSThread()
					// The K of a load that no one looks at is what makes them differ.
					if err := kernel.Load(bpf.Program{{Op: bpf.OpLdImm, K: uint32(i)}, allowing(1)[0]}, 0); err != nil {
						panic(err)
					}
					tid <- unix.Gettid()
					select {}
				}()
				fmt.Println(<-tid)
			}
		case "tsync":
			report(step, kernel.Load(allowing(1), seccomp.FlagTSync))
		case "sleep":
			fmt.Println("sleeping")
			begin := time.Now()
			err := unix.Nanosleep(&unix.Timespec{Nsec: 250e6}, nil)
			if slept := time.Since(begin); err == nil && slept < 250*time.Millisecond {
				err = fmt.Errorf("slept for %v only", slept)
			}
			report(step, err)
		case "strict":
			tid := make(chan int)
			go strict(tid)
			fmt.Println(<-tid)
		case "vfork":
			fmt.Println("vforking")
			report(step, vfork(unix.NsecToTimespec(4e9)))
		case "serve":
			serve()
		case "readback":
			filters, err := kernel.ReadBack(number())
			report(fmt.Sprintf("readback %d", len(filters)), err)
		case "watch":
			fmt.Println("watching")
			for tid := number(); ; {
				if _, err := kernel.ReadBack(tid); err != nil {
					report(step, err)
				}
			}
		case "probe":
			if err := json.NewEncoder(os.Stdout).Encode(kernel.Probe()); err != nil {
				panic(err)
			}
		default:
			panic(step)
		}
	}
}

// strict spends the rest of its life in strict mode, without a call.
func strict(tid chan int) {
	runtime.LockOSThread()
	tid <- unix.Gettid()
	syscall.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_STRICT, 0)
	for {
	}
}

// vfork starts a child that sleeps, and waits until it ends.
//
//go:nosplit
func vfork(sleep unix.Timespec) error {
	pid, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, unix.CLONE_VFORK|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if pid == 0 && errno == 0 {
		syscall.RawSyscall6(unix.SYS_PPOLL, 0, 0, uintptr(unsafe.Pointer(&sleep)), 0, 0, 0)
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// serve counts the signals that come, one at a time, and answers questions.
func serve() {
	var count atomic.Int64
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.Signal(40))
	go func() {
		for range signals {
			count.Add(1)
		}
	}()
	fmt.Println("serving")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(lines.Text(), count.Load())
	}
}

func allowing(length int) bpf.Program {
	prog := make(bpf.Program, length)
	for i := range prog {
		prog[i] = bpf.Ret(seccomp.ActAllow.Return())
	}
	return prog
}

func order() seccomp.ByteOrder {
	native, _ := seccomp.ArchNamed(runtime.GOARCH)
	return native.ByteOrder()
}

// report prints what became of a step. After a failure the process ends.
func report(step string, err error) {
	if err == nil {
		fmt.Println(step, "ok")
		return
	}
	fmt.Println(strings.TrimSpace(step), err)
	if e := (*kernel.Error)(nil); errors.As(err, &e) && e.Hint() != "" {
		fmt.Println("hint:", e.Hint())
	}
	os.Exit(1)
}
