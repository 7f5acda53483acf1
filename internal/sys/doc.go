// Package sys is, with thread and call below it, the only place in weir that uses
// unsafe and makes raw system calls: one file a kernel interface, one function a
// system call. Everything above it speaks Go.
//
// Its functions do what the kernel does and return the kernel's errno, with no
// policy and no message of their own: the caller knows what it was doing.
package sys
