// Package kernel is where a program becomes a filter, and the only one of the
// pipeline's packages that asks the machine it runs on:
//
//	profile -> policy -> program -> filter
//
// [Load] attaches a program to the calling thread, [Listen] does so and returns
// the listener that answers its notifications. [ReadBack] reads the programs of
// a running thread out of the kernel again, which is how one shows that the
// kernel runs the bytes that were compiled. [Probe] says which parts of seccomp
// this kernel has.
//
// A filter belongs to a thread and cannot be taken off, so Load wants a thread
// that is locked (runtime.LockOSThread) and about to end or to execve. A thread
// that was filtered inherits its filters to everything it starts.
//
// Load promises that a nil error means that the kernel runs exactly this
// program with exactly these flags: nothing is retried with less. ReadBack
// promises that the thread goes on as if nothing had been, whatever happens to
// the reader. Probe promises to guess nothing: what it could not find out is
// [Unknown].
//
// A failure is an [*Error]. It names the cause, which is one of the Err
// variables, a [*FlagError] or a [*ThreadError] (errors.Is and errors.As find
// it, and the kernel's errno), and its Hint says what to do about it.
//
// The package works on Linux only, on every architecture that Go knows there.
package kernel
