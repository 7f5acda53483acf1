// Package thread is how a process becomes another program: a [Script] of system calls,
// laid out in memory beforehand, that changes ids, capabilities and signals and at the very
// end attaches the filter and executes the program, with nothing between the two. What
// comes of it is left in a [Page] that another process shares.
//
// The calls are made by the calling thread alone, where those of package syscall change
// every thread of the process. That is what a thread about to execve needs, since the
// others do not survive it, and one that is to have other rights than the rest of its
// process. Or another process makes them, by package first.
//
// It is a package of its own, beside sys, because cmd/weir-init links it and starts with
// a plain user's container. It must lead neither to fmt nor to os, whose initialisation
// costs time and raises the limit of open files, which the container would then inherit.
// So a program is passed in its raw form here.
package thread
