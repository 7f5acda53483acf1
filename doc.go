// Package weir takes a seccomp profile the whole way in one call.
//
//	profile  ->  policy  ->  program  ->  filter
//	(JSON)       (rules      (classic     (a program attached
//	             by number)  BPF)         in the kernel)
//
// Read a profile with package compose (or profile, if it extends nothing), and
// hand it to [Compile] with the facts that it is resolved against: the
// architecture, the kernel's version and the capabilities. What comes back is
// a program that is proved to answer every possible call as the policy does.
// Package kernel loads it.
//
// Everything here is a pure function: the same input gives the same bytes, on
// every machine. Nothing is weakened in silence: what would loosen a profile is
// an error, and what only surprises is a note.
package weir
