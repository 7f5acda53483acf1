package plain

import (
	"slices"

	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A table knows the numbers of calls.
type table interface {
	number(name string, a seccomp.Arch) (seccomp.Nr, bool)

	// boundary is the number that counts for what is newer than the profile.
	boundary(name string, a seccomp.Arch) (seccomp.Nr, bool)
}

// weirTable is package syscalls.
type weirTable struct{}

func (weirTable) number(name string, a seccomp.Arch) (seccomp.Nr, bool) {
	c, ok := syscalls.Lookup(name)
	if !ok {
		return 0, false
	}
	return c.Nr(a)
}

func (t weirTable) boundary(name string, a seccomp.Arch) (seccomp.Nr, bool) {
	return t.number(name, a)
}

// A Host is the table of the libseccomp that is linked.
type Host struct {
	numbers    map[call]seccomp.Nr
	boundaries map[call]seccomp.Nr
	taken      map[string]string // what a rule of a name becomes one of
}

type call struct {
	name string
	arch seccomp.Arch
}

// NewHost asks libseccomp for all that it knows.
func NewHost() *Host {
	h := &Host{make(map[call]seccomp.Nr), make(map[call]seccomp.Nr), make(map[string]string)}
	for c := range syscalls.Calls() {
		if name, ok := libseccomp.Taken(c.String()); ok {
			h.taken[c.String()] = name
		}
	}
	for _, a := range seccomp.Archs() {
		base := firstNr(a)
		for nr := base; nr < base+1024; nr++ {
			if name, ok := libseccomp.At(a, nr); ok {
				h.numbers[call{name, a}] = nr
				if nr, ok := libseccomp.Resolve(name, a); ok && nr >= 0 {
					h.boundaries[call{name, a}] = seccomp.Nr(nr)
				}
			}
		}
		// Private calls of ARM are far above the others.
		for _, c := range syscalls.On(a) {
			if nr, ok := libseccomp.Resolve(c.String(), a); ok && nr >= 0 {
				h.numbers[call{c.String(), a}] = seccomp.Nr(nr)
				h.boundaries[call{c.String(), a}] = seccomp.Nr(nr)
			}
		}
	}
	return h
}

// firstNr is where the numbers of an architecture begin.
func firstNr(a seccomp.Arch) seccomp.Nr {
	switch a {
	case seccomp.ArchX32:
		return 1 << 30
	case seccomp.ArchMIPS, seccomp.ArchMIPSEL:
		return 4000
	case seccomp.ArchMIPS64, seccomp.ArchMIPSEL64:
		return 5000
	case seccomp.ArchMIPS64N32, seccomp.ArchMIPSEL64N32:
		return 6000
	}
	return 0
}

// Number returns the number that libseccomp knows a call by.
func (h *Host) Number(name string, a seccomp.Arch) (seccomp.Nr, bool) {
	nr, ok := h.numbers[call{name, a}]
	return nr, ok
}

// number is that of the call which a rule is about: a few names share a stand-in
// on architectures that have neither, and are taken for one another.
func (h *Host) number(name string, a seccomp.Arch) (seccomp.Nr, bool) {
	return h.Number(h.taken[name], a)
}

// boundary differs from number where libseccomp resolves a call, such as socket
// on i386, to a stand-in for socketcall or ipc: runc does not count those.
func (h *Host) boundary(name string, a seccomp.Arch) (seccomp.Nr, bool) {
	nr, ok := h.boundaries[call{name, a}]
	return nr, ok
}

// An index is the rules by number, so that asking about one is not a search
// through all.
type index struct {
	own  map[place][]int // the rules that name a call with this number
	via  map[place][]generated
	last map[seccomp.Arch]seccomp.Nr // the largest number that any rule names
}

type place struct {
	arch seccomp.Arch
	nr   seccomp.Nr
}

// generated is a rule of a call that can be reached through another.
type generated struct {
	rule int
	via  syscalls.Call
	arg0 uint64
}

func newIndex(r *Rules, t table) *index {
	x := &index{make(map[place][]int), make(map[place][]generated), make(map[seccomp.Arch]seccomp.Nr)}
	for _, a := range r.Archs {
		for i := range r.Rules {
			name := r.Rules[i].Name
			if nr, ok := t.number(name, a); ok {
				x.own[place{a, nr}] = append(x.own[place{a, nr}], i)
			}
			if nr, ok := t.boundary(name, a); ok {
				x.last[a] = max(x.last[a], nr)
			}
			c, known := syscalls.Lookup(name)
			if !known {
				continue
			}
			if via, arg0, ok := c.Multiplexed(a); ok {
				if nr, ok := t.number(via.String(), a); ok {
					x.via[place{a, nr}] = append(x.via[place{a, nr}], generated{i, via, arg0})
				}
			}
		}
	}
	return x
}

// Numbers returns the numbers on an architecture that a rule is about, in either
// table, ascending.
func (r *Rules) Numbers(a seccomp.Arch) []seccomp.Nr {
	var list []seccomp.Nr
	for _, x := range []*index{r.index(0), r.index(Names)} {
		for at := range x.own {
			if at.arch == a {
				list = append(list, at.nr)
			}
		}
		for at := range x.via {
			if at.arch == a {
				list = append(list, at.nr)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
