package calls

import (
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A Call is one call on one architecture, as far as somebody has written it.
type Call struct {
	Arch    seccomp.Arch
	Syscall syscalls.Call // zero for a number that has no name
	Nr      seccomp.Nr

	// Args are the registers. What was left out is open.
	Args [6]Value

	text string
}

// A Value is an argument: a number, or open.
type Value struct {
	Known bool
	N     uint64 // as the register holds it; 0 if it is open

	// Text is what was written, empty if nothing was: AF_ALG, "/etc/passwd", _.
	Text string
}

// String returns the text that the call was read from.
func (c Call) String() string { return c.text }

// Data returns what a filter sees. Open arguments are 0.
func (c Call) Data() seccomp.Data {
	d := seccomp.Data{Nr: c.Nr, Arch: c.Arch.Audit()}
	for i, v := range c.Args {
		d.Args[i] = v.N
	}
	return d
}

// On reads the same text for another architecture, where numbers and constants
// may have other values.
func (c Call) On(a seccomp.Arch) (Call, error) { return Parse(a, c.text) }
