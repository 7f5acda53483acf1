// Package calls reads and writes one system call as people do: in strace's own
// spelling, with the names of constants.
//
//	socket(AF_ALG, SOCK_SEQPACKET, 0)
//	clone(CLONE_NEWUSER|SIGCHLD)
//	openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
//	openat
//	257
//
// It is how a person asks a policy: [Parse] makes the registers that a filter
// would see, as far as they were written, and [Call.Data] hands them to
// policy.Eval. [Format] goes back, for what a proof or an event has found. What
// is left out is open: a missing argument, an underscore, and everything that is
// behind a pointer, because neither a filter nor this package can know it.
//
// Beside the names it holds what a person asks next: what a call that profiles
// deny can do ([Guarded]), and through which other calls the same act goes
// ([Doors]).
//
// The constants are those of the arguments that profiles test, on each
// architecture as its headers have them: MAP_ANONYMOUS is 0x20 on most and 0x800
// on MIPS. internal/cmd/genconstants says where they are from. [Format] is exact:
// parsed again, its text gives the same call.
//
// An error is an [*Error]: it has the column, the cause and mostly a hint.
package calls
