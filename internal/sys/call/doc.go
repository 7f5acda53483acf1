// Package call makes system calls that are given as numbers: [InChild] in a
// child of its own, which tells how the call ended even if a filter kills for it,
// and [Int80] through the door of i386 that a process of x86_64 has.
//
// It is a package of its own, beside sys, because cmd/weir-prober links it: a
// filter is in force there from the first instruction on, so it must lead
// neither to fmt nor to os, whose initialisation makes calls.
package call
