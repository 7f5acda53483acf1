// Package policy is what a profile means: for every call on every architecture,
// what the kernel shall do with it and which line of the profile said so.
//
// It is the second of four nouns: a profile is resolved against facts into a
// policy, the policy is compiled into a program, and a program in the kernel is
// a filter. Start with [Resolve]; ask with [Policy.Eval]. A policy is a plain
// value and total: it answers every one of the 2^448 inputs that a filter can
// see. The compiler is held against it, and the proof, and the kernel.
//
// # What a profile means
//
// The meaning is what runc with libseccomp enforces, wherever libseccomp keeps
// to its own model of rules:
//
//   - An entry of "syscalls" is the AND of its conditions, and entries that name
//     one call are alternatives. An entry that names one argument twice is, as
//     to runc and crun, one alternative for each of its conditions.
//   - Of two unconditional rules of one call the first in the file wins. In
//     every other overlap the action wins that the kernel ranks as more
//     restrictive, and among equals the first in the file. A rule that equals
//     the default action is a rule like any other. Where libseccomp would decide
//     differently, a note says so.
//   - An argument is compared in as many bits as the kernel looks at: 16, 32 or
//     64, the rest cut off. A value that is the 64-bit sign extension of a
//     negative number of that width means that number; any other value that is
//     too wide compares as the number it is.
//   - An architecture that is not listed kills the thread, as do the numbers of
//     x32 without x32. The native architecture is always listed.
//   - Numbers above the largest that the profile names, on each architecture,
//     are newer than the profile: they return ENOSYS, so that programs fall
//     back, unless the default action is ALLOW, LOG, TRACE or NOTIFY.
//   - On i386, s390 and others, socketcall and ipc stand for many calls. A rule
//     that names them decides about them alone. Without one, a rule of a call
//     behind them applies there too, without its conditions: a filter cannot
//     see the arguments behind a pointer.
//   - In a profile that extends others, all of this holds within each file. Its own
//     rules decide first; then the files that it extends do together, by the
//     strictest of their answers; then its default action. Package compose has
//     the whole of it.
//
// Names that no architecture has are errors in a rule that restricts, and notes
// in one that permits. Both the order of the rules and the rows keep where they
// come from, so every answer can name its line.
package policy
