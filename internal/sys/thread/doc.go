// Package thread is what a thread does to itself before it becomes another
// program: ids, capabilities, signals, and at the very end [LoadAndExec], which
// attaches the filter and executes the program with nothing between the two.
//
// Its functions change the calling thread alone, where those of package syscall
// change every thread of the process. That is what a locked thread about to
// execve needs: the others do not survive it.
//
// It is a package of its own, beside sys, because cmd/weir-init links it and
// starts with every container. It must lead neither to fmt nor to os, whose
// initialisation costs time and raises the limit of open files, which the
// container would then inherit. So a program is passed in its raw form here.
package thread
