package convert

import (
	"slices"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// through returns rules for socketcall and ipc, where the profile names only calls
// behind them: what libseccomp adds for those compares all of the first argument,
// of which the kernel looks at less, and keeps their conditions on other arguments.
func (e *engineRules) through() (rules []profile.Rule) {
	for _, name := range []string{"ipc", "socketcall"} {
		via, _ := syscalls.Lookup(name)
		if e.uses[via] != nil {
			continue
		}
		arch := e.widest(via)
		nr, ok := via.Nr(arch)
		if !ok {
			continue
		}
		row := e.policy.ABI(arch.Audit()).Row(nr)
		if row.Call(nr) != via || e.raises(via) || int(via.Bits(arch, 0)) == arch.ArgBits() && name != "ipc" && !e.compareMore(via, arch) {
			continue
		}
		if parts, ok := partition(row.Rules, e.profile.Default, e.left); ok {
			e.left -= len(parts)
			rules = append(rules, written(parts, profile.Name{Text: name}, arch)...)
		}
	}
	return rules
}

// raises reports whether naming a call may make numbers older than the profile that
// are newer, on some architecture. Calls that are also behind another have no number
// there to libseccomp.
func (e *engineRules) raises(via syscalls.Call) bool {
	return slices.ContainsFunc(e.archs, func(a seccomp.Arch) bool { return e.raisesOn(a, via, e.uses) })
}

// raisesOn is raises for one architecture and the calls that the profile names.
func (c *conversion) raisesOn(a seccomp.Arch, via syscalls.Call, uses map[syscalls.Call][]*profile.Rule) bool {
	nr, ok := via.Nr(a)
	if !ok || c.noNewer() {
		return false
	}
	for call := range uses {
		n, ok := call.Nr(a)
		_, _, behind := call.Multiplexed(a)
		if call != via && ok && !behind && n >= nr {
			return false
		}
	}
	return true
}

// noNewer reports a default action that answers calls that are newer, too.
func (c *conversion) noNewer() bool {
	switch c.profile.Default.Action() {
	case seccomp.ActAllow, seccomp.ActLog, seccomp.ActTrace, seccomp.ActNotify:
		return true
	}
	return false
}

// compareMore reports whether calls behind another have conditions on other
// arguments than the first.
func (e *engineRules) compareMore(via syscalls.Call, arch seccomp.Arch) bool {
	for _, i := range e.rules {
		r := &e.profile.Rules[i]
		if !slices.ContainsFunc(r.Args, func(a profile.Arg) bool { return a.Index != 0 }) {
			continue
		}
		for _, n := range r.Names {
			call, _ := syscalls.Lookup(n.Text)
			if v, _, ok := call.Multiplexed(arch); ok && v == via {
				return true
			}
		}
	}
	return false
}
