//go:build linux

package thread

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Reaper is a program for the process to become while another one runs in a child:
// the first of a PID namespace, which has to reap what others leave.
type Reaper struct {
	exec       *Exec
	pid        []byte // its first argument, with room for the longest number and a NUL
	begun      [2]int // a pipe that the reaper's execve closes
	foreground bool
}

// NewReaper lays out an execve of path under a filter, as [NewExec] does. The first
// of its arguments will be the number of the child. With foreground the child has a
// process group of its own, in the foreground of the terminal at descriptor 0.
func NewReaper(path, name string, args, env []string, prog []byte, flags uint32, page *Page, foreground bool) (*Reaper, error) {
	const longest = "2147483647"
	e, err := NewExec(path, append([]string{name, longest}, args...), env, prog, flags, page)
	if err != nil {
		return nil, err
	}
	r := &Reaper{exec: e, pid: unsafe.Slice(e.argv[1], len(longest)+1), foreground: foreground}
	return r, unix.Pipe2(r.begun[:], unix.O_CLOEXEC)
}

// ForkAndExec executes the program in a child and the reaper in this process, each
// under its filter, by [LoadAndExec]. The program starts when the reaper has: all
// signals are blocked for that one, so it misses none, and this process has no other
// threads any more. If the reaper cannot start, nor does the program, and the page
// says why. It does not return.
//
//go:nosplit
//go:norace
func ForkAndExec(program *Exec, r *Reaper) {
	var all [kernelSigsetSize]byte
	for i := range all {
		all[i] = 0xff
	}
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&all)), 0, kernelSigsetSize, 0, 0)
	child, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		program.fail(PhaseForkFailed, errno)
	}
	if child == 0 {
		syscall.RawSyscall(unix.SYS_CLOSE, uintptr(r.begun[1]), 0, 0)
		syscall.RawSyscall(unix.SYS_READ, uintptr(r.begun[0]), uintptr(unsafe.Pointer(&all)), 1)
		if r.exec.page.phase != PhaseExec { // the pipe ended with the process: it was not to become the reaper
			syscall.RawSyscall(unix.SYS_EXIT_GROUP, 1, 0, 0)
			trap()
		}
		if r.foreground {
			syscall.RawSyscall(unix.SYS_SETPGID, 0, 0, 0)
			pid, _, _ := syscall.RawSyscall(unix.SYS_GETPID, 0, 0, 0)
			group := int32(pid)
			syscall.RawSyscall(unix.SYS_IOCTL, 0, unix.TIOCSPGRP, uintptr(unsafe.Pointer(&group)))
		}
		for i := range all {
			all[i] = 0
		}
		syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&all)), 0, kernelSigsetSize, 0, 0)
		LoadAndExec(program)
	}
	digits := 1
	for n := child; n >= 10; n /= 10 {
		digits++
	}
	r.pid[digits] = 0
	for i := digits - 1; i >= 0; i-- {
		r.pid[i] = byte('0' + child%10)
		child /= 10
	}
	LoadAndExec(r.exec)
}
