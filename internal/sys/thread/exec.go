//go:build linux

package thread

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Filter is room in a script for a program that is not known when it is written.
type Filter struct {
	s       *Script
	program []byte
	fprog   *sockFprog
	where   uintptr // of fprog, for whoever runs the script
	calls   []*call
}

// sockFprog is struct sock_fprog with an address that need not be this process's.
type sockFprog struct {
	n       uint16
	program uintptr
}

// NewFilter makes room for the longest program.
func (s *Script) NewFilter() *Filter {
	f := &Filter{s: s}
	var program uintptr
	f.program, program = s.Room(unix.BPF_MAXINSNS * unix.SizeofSockFilter)
	b, where := s.Room(int(unsafe.Sizeof(sockFprog{})))
	f.fprog, f.where = (*sockFprog)(unsafe.Pointer(&b[0])), where
	f.fprog.program = program
	return f
}

// Attach adds the call that attaches the filter.
func (f *Filter) Attach() {
	c := f.s.Call("", unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, f.where).In(PhaseFilterRefused)
	f.calls = append(f.calls, c.c)
}

// Set gives the program: an array of struct sock_filter as it lies in memory, 8 bytes
// each. The flags are seccomp(2)'s; with TSYNC the other threads of Go's runtime would
// fall under the filter before execve ends them, so the caller leaves it out. It fails
// for what is no whole number of instructions, none, or more than the kernel takes.
func (f *Filter) Set(program []byte, flags uint32) error {
	if len(program) == 0 || len(program)%unix.SizeofSockFilter != 0 || len(program) > len(f.program) {
		return unix.EINVAL
	}
	copy(f.program, program)
	f.fprog.n = uint16(len(program) / unix.SizeofSockFilter)
	for _, c := range f.calls {
		c.args[1] = uintptr(flags)
	}
	return nil
}

// Execve adds the last call.
func (s *Script) Execve(path, argv, envp uintptr) {
	s.Call("", unix.SYS_EXECVE, path, argv, envp).In(PhaseExecFailed)
}

// A Reaper is a program for the process to become while another one runs in a child:
// the first of a PID namespace, which has to reap what others leave.
type Reaper struct {
	Path, Name string    // its file, and its first argument
	Args       []uintptr // after its second one, the number of the child: addresses of strings
	Env        uintptr
	Foreground bool // the child has a process group of its own, in the foreground of the terminal at descriptor 0
}

// Fork adds a fork: this process becomes the reaper under the filter, if there is one,
// and what is added next is for the child. That goes on when the reaper has begun: all
// signals are blocked for it, so it misses none. If the reaper cannot start, nor does
// the child, and the page says why.
//
// The caller has added the mark of [PhaseExec] before.
func (s *Script) Fork(r Reaper, f *Filter) {
	var all, none [kernelSigsetSize]byte
	for i := range all {
		all[i] = 0xff
	}
	block := func(set []byte) {
		s.Call("block the signals", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, s.Bytes(set), 0, kernelSigsetSize)
	}
	_, number := s.Room(len("2147483647") + 1)
	argv := append([]uintptr{s.String(r.Name), number}, r.Args...)
	path, args := s.String(r.Path), s.Words(append(argv, 0)...)
	_, begun := s.Room(8) // a pipe that the reaper's execve closes, or its end

	block(all[:])
	s.Call("make a pipe", unix.SYS_PIPE2, begun, unix.O_CLOEXEC).In(PhaseForkFailed)
	fork := s.Call("", unix.SYS_CLONE, uintptr(unix.SIGCHLD)).In(PhaseForkFailed).Branch()
	s.Digits(fork.Result(), number)
	if f != nil {
		f.Attach()
	}
	s.Execve(path, args, r.Env)

	s.Land(fork)
	s.Call("", unix.SYS_CLOSE).From(begun + 4).Ignore()
	_, nothing := s.Room(1)
	s.Call("", unix.SYS_READ, 0, nothing, 1).From(begun).Ignore()
	s.Unless(PhaseExec)
	if r.Foreground {
		s.Call("", unix.SYS_SETPGID, 0, 0).Ignore()
		group := s.Call("", unix.SYS_GETPID).Result()
		s.Call("", unix.SYS_IOCTL, 0, unix.TIOCSPGRP, group).Ignore()
	}
	block(none[:])
}
