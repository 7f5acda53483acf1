//go:build linux

package call

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Call is a system call to make. On x86_64 it may be one of i386, whose
// arguments have 32 bits.
type Call struct {
	I386 bool
	Nr   uint32
	Args [6]uint64
}

// An Outcome is what became of a call.
type Outcome struct {
	// Signal ended the process that made the call, before it was back: SIGSYS
	// from a filter, SIGSEGV from a door that the kernel does not have. It is 0
	// if the call came back.
	Signal syscall.Signal
	Errno  syscall.Errno // why it failed, 0 if it did not
	Value  uint64        // what it returned, if it did not fail
}

// report is the memory that a child shares with its parent: a store is the one
// way of telling that no filter can deny.
type report struct {
	value, errno uint64
	back         uint64 // 1 once the call is back; 0 again is never stored
}

// InChild makes a call in a child of its own and waits for its end. The child
// has a copy of this process's memory and its filters, makes the call, and ends.
//
// The caller has reset its signals ([thread.ResetSignals]), so that one ends the
// child and does not find a Go runtime there that has lost its other threads.
// A filter must let through mmap, clone(SIGCHLD), wait4 and munmap.
func InChild(c *Call) (Outcome, error) {
	mem, err := syscall.Mmap(-1, 0, int(unsafe.Sizeof(report{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return Outcome{}, err
	}
	defer syscall.Munmap(mem)
	shared := (*report)(unsafe.Pointer(&mem[0]))
	r := registers{i386: c.I386, nr: uintptr(c.Nr)}
	for i, a := range c.Args {
		r.args[i], r.low[i] = uintptr(a), uint32(a)
	}
	pid, errno := fork(&r, shared)
	if errno != 0 {
		return Outcome{}, errno
	}
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(int(pid), &status, 0, nil)
		if err == nil {
			break
		}
		if err != syscall.EINTR {
			return Outcome{}, err
		}
	}
	switch {
	case shared.back == 1:
		return Outcome{Errno: syscall.Errno(shared.errno), Value: shared.value}, nil
	case status.Signaled():
		return Outcome{Signal: status.Signal()}, nil
	}
	return Outcome{}, syscall.ECHILD // the child is gone without a word
}

// The largest errno of the kernel (include/linux/err.h, MAX_ERRNO) is the one that
// Go's RawSyscall6 takes for a result on some architectures.
const (
	maxErrno = 4095
	largest  = ^uintptr(maxErrno - 1)
)

// registers are a call in both forms, laid out before the fork.
type registers struct {
	i386 bool
	nr   uintptr
	args [6]uintptr
	low  [6]uint32
}

// fork starts the child and returns its id in the parent. The child does not
// return: it has but this thread of Go's runtime, so it runs nothing of it, does
// not grow its stack, and allocates nothing.
//
//go:nosplit
//go:norace
func fork(c *registers, shared *report) (pid uintptr, errno syscall.Errno) {
	if runtime.GOARCH == "s390x" { // CONFIG_CLONE_BACKWARDS2: the stack comes first
		pid, _, errno = syscall.RawSyscall6(unix.SYS_CLONE, 0, uintptr(unix.SIGCHLD), 0, 0, 0, 0)
	} else {
		pid, _, errno = syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	}
	if pid != 0 || errno != 0 {
		return pid, errno
	}
	if c.i386 {
		r := Int80(uint32(c.nr), &c.low)
		if r > 0xfffff000 {
			shared.errno = uint64(-r)
		} else {
			shared.value = uint64(r)
		}
	} else {
		r, _, e := syscall.RawSyscall6(c.nr, c.args[0], c.args[1], c.args[2], c.args[3], c.args[4], c.args[5])
		if r == largest && e == 0 {
			r, e = 0, maxErrno
		}
		shared.errno = uint64(e)
		if e == 0 {
			shared.value = uint64(r)
		}
	}
	shared.back = 1
	syscall.RawSyscall6(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
	// The filter lets nobody exit. What it cannot deny is a fault.
	for {
		var nowhere *uint32
		*nowhere = 0
	}
}
