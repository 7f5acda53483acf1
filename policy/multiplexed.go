package policy

import (
	"cmp"
	"slices"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A generated is a call that others are reached through and that no rule names,
// and the rules that those others generate.
type generated struct {
	call  syscalls.Call
	rules []Rule
}

// multiplexed returns the generated rules of an architecture: the call's first
// argument is the one that selects the other, and the author's conditions are gone,
// because a filter cannot follow the pointer behind which their arguments are.
func (r *resolver) multiplexed(a seccomp.Arch) []generated {
	var all []generated
	for _, name := range [...]string{"socketcall", "ipc"} {
		via, _ := syscalls.Lookup(name)
		if _, ok := via.Nr(a); !ok || r.last[via] >= 0 {
			continue
		}
		bits := via.Bits(a, 0)
		if name == "ipc" {
			bits = 16 // above it is a version, which does not change the call (ipc/syscall.c)
		}
		type selection struct {
			use  int32
			arg0 uint64
		}
		var selections []selection
		for arg0, call := range via.Selected() {
			for i := r.last[call]; i >= 0; i = r.uses[i].previous {
				selections = append(selections, selection{i, arg0})
			}
		}
		slices.SortFunc(selections, func(a, b selection) int { return cmp.Compare(a.use, b.use) })
		g := generated{call: via}
		for _, s := range selections {
			u := &r.uses[s.use]
			rule := Rule{
				Conds:  []Cond{{Arg: 0, Bits: bits, Op: seccomp.OpEqualTo, Value: s.arg0}},
				Return: r.profile.Rules[u.rule].Return,
				Why:    WhyMultiplexed,
				Origin: u.rule,
			}
			same := func(have Rule) bool {
				return have.Return == rule.Return && have.Conds[0] == rule.Conds[0] && r.layerOf(have) == r.layerOf(rule)
			}
			if !slices.ContainsFunc(g.rules, same) {
				g.rules = append(g.rules, rule)
			}
		}
		if g.rules != nil {
			all = append(all, g)
		}
	}
	return all
}
