package calls

import (
	"math"
	"sort"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

//go:generate go run ../internal/cmd/genconstants -C ..

// A constant is a name of the kernel's headers for user space.
type constant struct {
	name    string
	value   int64  // where variant is 0
	variant uint16 // 1 + index of variants, for the constants that differ
}

// absent is the value of a constant on an ABI that does not have it.
const absent = math.MinInt64

// on returns the value on an architecture, as a register holds it.
func (c *constant) on(a seccomp.Arch) (uint64, bool) {
	v := c.value
	if c.variant > 0 {
		v = variants[c.variant-1][abiOf[a]]
	}
	return uint64(v), v != absent
}

// Constant returns the value of a constant on an architecture, such as AF_ALG or
// MAP_ANONYMOUS, sign-extended to 64 bits. It reports false for names that it
// does not know or that the architecture does not have.
func Constant(a seccomp.Arch, name string) (uint64, bool) {
	c := lookup(name)
	if c == nil || !a.Valid() {
		return 0, false
	}
	return c.on(a)
}

// Constants returns the names of all constants, in their order.
func Constants() []string {
	names := make([]string, len(constants))
	for i := range constants {
		names[i] = constants[i].name
	}
	return names
}

func lookup(name string) *constant {
	i := sort.Search(len(constants), func(i int) bool { return constants[i].name >= name })
	if i < len(constants) && constants[i].name == name {
		return &constants[i]
	}
	return nil
}

// A set is the constants that one argument takes, in the order in which they are
// preferred for printing.
type set struct {
	flags     bool   // joined by |; else one of them
	mask      uint64 // the part of flags that is one of the constants instead
	under     uint8  // index of the set of that part; 0 for this set itself
	octal     bool
	constants []uint16 // indexes
}

// A take says that an argument takes a set.
type take struct {
	call string
	arg  uint8
	set  uint8
	abis uint16 // a bit for each
}

// setsOf returns the sets that an argument of a call takes, as indexes.
func setsOf(a seccomp.Arch, call syscalls.Call, arg int) []*set {
	name := call.String()
	if name == "" || arg >= len(call.Args(a)) {
		return nil // i386 has its arguments of mmap behind a pointer
	}
	first := sort.Search(len(takes), func(i int) bool {
		return takes[i].call > name || takes[i].call == name && int(takes[i].arg) >= arg
	})
	var found []*set
	for _, t := range takes[first:] {
		if t.call != name || int(t.arg) != arg {
			break
		}
		if t.abis>>abiOf[a]&1 == 1 {
			found = append(found, &sets[t.set])
		}
	}
	return found
}
