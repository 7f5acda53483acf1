package calls

import (
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A Guard says why people deny a call to containers.
type Guard struct {
	// Only is the constant without which the rest does not hold, such as AF_ALG
	// for socket; empty for the whole call.
	Only string

	What string // what the call can do, as a sentence without a subject

	// Gates are the capabilities that the kernel itself asks for, any of which is
	// enough; none if it asks for none. For says for what part of the call, empty
	// for all of it. Namespaced says that it is enough to hold one in a user
	// namespace of one's own, which any process can where it may create one.
	Gates      []seccomp.Cap
	For        string
	Namespaced bool

	// CVEs are defects that were reached through the call, not the only ones.
	CVEs []string
}

// Guarded returns why a call is guarded, nothing if there is no particular
// reason. A reason that belongs to a constant is left out if the argument is
// known and does not have it.
func Guarded(c Call) []Guard {
	var found []Guard
	for _, e := range guards {
		if !e.names(c.Syscall) {
			continue
		}
		if e.only != "" && !e.applies(c) {
			continue
		}
		found = append(found, Guard{Only: e.only, What: e.what, Gates: e.gates, For: e.part, Namespaced: e.namespaced, CVEs: e.cves})
	}
	return found
}

// names reports whether the entry is about the call.
func (e *guard) names(call syscalls.Call) bool {
	for _, name := range e.calls {
		if name == call.String() {
			return true
		}
	}
	return false
}

// applies reports whether the argument that takes the constant has it, or is
// open. A flag may stand among others.
func (e *guard) applies(c Call) bool {
	constant := lookup(e.only)
	want, ok := constant.on(c.Arch)
	if !ok {
		return false
	}
	for i, v := range c.Args {
		bits := c.Syscall.Bits(c.Arch, i)
		want := cut(want, bits)
		for _, s := range setsOf(c.Arch, c.Syscall, i) {
			if !s.has(constant) {
				continue
			}
			n := cut(v.N, bits)
			if !v.Known || n == want || s.flags && want != 0 && n&want == want {
				return true
			}
		}
	}
	return false
}

func (s *set) has(c *constant) bool {
	for _, i := range s.constants {
		if &constants[i] == c {
			return true
		}
	}
	return false
}
