// Package seccomp holds the words of the field, each with a type of its own:
// what the kernel does with a call ([Action], [Return]), how an argument is
// compared ([Op]), whose system calls a number belongs to ([Arch], [Nr]), what
// the kernel shows a filter ([Data]), and what a profile is resolved against
// ([Facts]).
//
// Everything else in weir is written in these words. A profile (JSON) is
// resolved against facts into a policy, a policy is compiled into a program
// (classic BPF), and a program that the kernel runs is a filter.
//
// Each type has one table. The text of a value is always the OCI runtime
// specification's (SCMP_ACT_ERRNO, SCMP_CMP_EQ, SCMP_ARCH_X86_64), its number
// always the kernel's, so that there is nothing to translate at the border.
//
// The package is pure data: it does not look at the machine that it runs on.
package seccomp
