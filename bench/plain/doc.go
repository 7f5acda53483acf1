// Package plain is the meaning of a profile a second time: naive, slow, and
// written from the rules in the documentation of package policy rather than
// from its code. weir must agree with it on every input.
//
// Where libseccomp, driven as runc does, means something else by a profile, a
// [View] evaluates the same rules its way, one difference at a time. So a
// difference between weir and libseccomp is not guessed to come from, say, the
// width of an argument: it is shown to go away with it.
//
// Of weir's own code it uses the words of package seccomp and the tables of
// package syscalls: names, numbers, widths, calls behind other calls.
package plain
