// Package syscalls knows the system calls of Linux: their names, their numbers
// on each architecture, and what the kernel looks at of their arguments.
//
// It is where the names of a profile become the numbers of a policy. [Lookup]
// finds a name, [Call.Nr] its number on an architecture, [At] goes back.
// [Call.Bits] says how wide an argument is to the kernel.
//
// The tables are generated from the Linux source (see internal/cmd/gensyscalls)
// and are the same on every machine: what a program is compiled to does not
// depend on the kernel, the headers or the libraries of the host. They hold the
// calls of [Release] on every architecture of package seccomp, and those that
// have left the kernel but not the profiles. The names are the kernel's tables',
// which libseccomp and the OCI runtimes use too.
//
// There are no errors: what is not known is reported by a second value. Nothing
// is computed at start, and a lookup neither allocates nor locks.
package syscalls
