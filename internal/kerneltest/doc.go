// Package kerneltest is for tests that ask the running kernel. [Require] says
// what such a test needs, and what becomes of it where that is missing. [Run]
// loads a program in a child and makes system calls there, one by one, and tells
// what the kernel did with each. [Build] makes the programs that tests start.
//
// A filter cannot be taken off again, so filters are loaded in children only. A
// child is always a program of its own, linked statically and without cgo: the
// test binary is neither under the race detector, and what its runtime does
// beside the test would run into the filter.
package kerneltest
