// Sidebyside measures weir and its peers in one run: rounds in which each has its
// turn, medians, and ratios to weir. It prints, in this order:
//
//   - from JSON to a program, warm in this process and first in a fresh one: weir
//     by its steps, and libseccomp driven as runc (a binary tree) and crun (a
//     list) drive it;
//   - how long the programs are, how many instructions a call executes, and how
//     many calls the kernel's bitmap takes in;
//   - the same of weir for each architecture that the default profile lists, and
//     for the corpus of profiles;
//   - resolving, compiling and proving against the number of rules, which -plot
//     also draws;
//   - how long attaching takes, and a call under each filter over one under none;
//   - from start to exit of true in a container: weir, runc and crun, each with
//     the default profile and without; the memory of each while a container runs;
//     and many containers at once.
//
// All but the corpus and the growth use Docker's default profile and its fourteen
// capabilities, on x86_64 with x86 and x32. Containers need root and bin/weir,
// which make builds; a peer that is not there is named and left out.
package main
