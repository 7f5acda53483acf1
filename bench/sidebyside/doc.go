// Sidebyside measures weir and its peers in one run. Each has its turn in each
// round, by the rule of turns.go, which is the same for all; what it prints are
// medians and minima, and ratios to weir. In this order:
//
//   - from JSON to a program, warm in this process and first in a fresh one: weir
//     by its steps, runc's own code, libseccomp asked for what crun asks it for,
//     and the compilers of gVisor and Elastic;
//   - how long the programs are, how many instructions a call executes, and how
//     many calls the kernel's bitmap takes in; the program of runc is the one that
//     it attaches, read back out of the kernel;
//   - for which calls the answers of weir and runc differ, among all inputs there
//     are, by proof, and in which respect;
//   - programs of weir for each architecture that the default profile lists, and
//     for the corpus of profiles;
//   - resolving, compiling and proving against the number of rules, which -plot
//     also draws;
//   - how long attaching takes, and a call under each filter over one under none;
//   - from start to exit of true in a container: weir, runc, crun and Docker, each
//     with the default profile and without; the memory of each while a container
//     runs; and many containers at once;
//   - last, the table of the figures that weir is held against, beside those of
//     the peers, which -json also writes. The goals are for a quiet machine; what
//     holds on another is the ratio to the peers.
//
// All but the corpus and the growth use Docker's default profile and its fourteen
// capabilities, on x86_64 with x86 and x32. Containers need root and bin/weir,
// which make builds, and runc's program needs root; a peer that is not there is
// named and left out. It all runs in a mount namespace of its own.
package main
