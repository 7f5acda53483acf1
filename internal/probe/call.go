package probe

import (
	"fmt"

	"github.com/weir-dev/weir/internal/sys/call"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A Call is a row of the table on one architecture: a call to make.
type Call struct {
	Name  string
	Shown string // the argument that a rule may look at, "" if none
	Why   string // the reason to guard it

	Arch    seccomp.Arch // whose number it is
	Foreign bool         // whether that is i386 on a machine of x86_64, and the door int 0x80
	Nr      seccomp.Nr
	Args    [6]uint64

	// Unmade is why the call is not made on this machine, "" if it is. One that no
	// architecture of the machine has, has no Arch either.
	Unmade string
}

// Table returns the calls for a machine of the native architecture, by name. A
// call that is not native is made as one of i386 where x86_64 has a door for
// that.
func Table(native seccomp.Arch) []Call {
	calls := make([]Call, 0, len(table))
	for _, e := range table {
		c := Call{Name: e.name, Shown: e.shown, Why: e.why}
		known, _ := syscalls.Lookup(e.name)
		c.Arch = native
		nr, ok := known.Nr(native)
		if !ok && native == seccomp.ArchX86_64 {
			c.Arch, c.Foreign = seccomp.ArchX86, true
			nr, ok = known.Nr(seccomp.ArchX86)
		}
		if ok {
			c.Nr, c.Args = nr, arguments(e, c.Arch)
		} else {
			c.Arch, c.Foreign = 0, false
			c.Unmade = fmt.Sprintf("%s has no such call, and no door to an architecture that has", native.Name())
		}
		calls = append(calls, c)
	}
	return calls
}

// arguments returns the arguments of an entry as a filter sees them.
func arguments(e entry, a seccomp.Arch) [6]uint64 {
	args := e.args
	if e.name == "clone" && (a == seccomp.ArchS390 || a == seccomp.ArchS390X) {
		args[0], args[1] = args[1], args[0] // CONFIG_CLONE_BACKWARDS2: the flags come second
	}
	if a.ArgBits() == 32 {
		for i := range args {
			args[i] &= 1<<32 - 1
		}
	}
	return args
}

// String returns the name, with the argument that a rule may look at and with an
// architecture that is not the machine's own: "unshare(CLONE_NEWUTS)", "stime [x86]".
func (c *Call) String() string {
	s := c.Name
	if c.Shown != "" {
		s += "(" + c.Shown + ")"
	}
	if c.Foreign {
		s += " [" + c.Arch.Name() + "]"
	}
	return s
}

// data is what the kernel shows a filter of the call.
func (c *Call) data() *seccomp.Data {
	return &seccomp.Data{Nr: c.Nr, Arch: c.Arch.Audit(), Args: c.Args}
}

// raw is the call as the prober makes it.
func (c *Call) raw() call.Call {
	return call.Call{I386: c.Foreign, Nr: uint32(c.Nr), Args: c.Args}
}
