// Sidebyside measures weir and its peers in one run: rounds in which each has its
// turn, medians, and ratios to weir. It prints three tables:
//
//   - from JSON to a program, warm in this process and first in a fresh one: weir
//     by its steps, and libseccomp driven as runc (a binary tree) and crun (a
//     list) drive it;
//   - how long the programs are and how many instructions a call executes;
//   - from start to exit of true in a container: weir, runc and crun, each with
//     the default profile and without.
//
// All use Docker's default profile and its fourteen capabilities, on x86_64 with
// x86 and x32. The third table needs root and bin/weir, which make builds; a peer
// that is not there is named and left out.
package main
