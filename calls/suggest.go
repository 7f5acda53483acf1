package calls

import (
	"strings"

	"github.com/weir-dev/weir/internal/spell"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// suggest returns the constant that the author of an unknown name may have
// meant: in another case, or a few slips away, of those that the argument takes
// and then of all. It is empty where nothing is close.
func suggest(a seccomp.Arch, call syscalls.Call, arg int, name string) string {
	upper := strings.ToUpper(name)
	best, limit := "", min(3, len(name)/3+1)
	try := func(c *constant) {
		if _, there := c.on(a); !there {
			return
		}
		if d := spell.Distance(upper, strings.ToUpper(c.name), limit); d < limit {
			best, limit = c.name, d
		}
	}
	for _, s := range setsOf(a, call, arg) {
		for _, i := range s.constants {
			try(&constants[i])
		}
	}
	if best != "" {
		return best
	}
	for i := range constants {
		try(&constants[i])
	}
	return best
}

// example returns a constant that the argument takes, empty if there is none.
func example(a seccomp.Arch, call syscalls.Call, arg int) string {
	for _, s := range setsOf(a, call, arg) {
		for _, i := range s.constants {
			if v, ok := constants[i].on(a); ok && v != 0 {
				return constants[i].name
			}
		}
	}
	return ""
}
