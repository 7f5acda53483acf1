package probe

import (
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// unlock finds the capabilities that decide each row: those that let the call
// through when added to what the container is granted. Where that lets it
// through already, they are sought from no capability on.
func (f *Filter) unlock(rows []Row) {
	none := f.with(0)
	for _, c := range f.named().List() {
		granted, alone := f.with(f.Facts.Caps|seccomp.CapSet(c)), f.with(seccomp.CapSet(c))
		for i := range rows {
			r := &rows[i]
			before, after := f.Policy, granted
			if lets(before, r) {
				before, after = none, alone
			}
			if !lets(before, r) && lets(after, r) {
				r.Unlocks = append(r.Unlocks, c)
			}
		}
	}
}

// with resolves the profile for a set of capabilities; nil if it cannot be.
func (f *Filter) with(caps seccomp.Caps) *policy.Policy {
	facts := f.Facts
	facts.Caps = caps
	p, _, err := policy.Resolve(f.Profile, facts, policy.Options{Lenient: f.Options.Lenient})
	if err != nil {
		return nil
	}
	return p
}

// named returns the capabilities that the profile asks for.
func (f *Filter) named() seccomp.Caps {
	var caps seccomp.Caps
	for i := range f.Profile.Rules {
		r := &f.Profile.Rules[i]
		caps |= r.Includes.Caps | r.Excludes.Caps
	}
	return caps
}

// lets reports whether a policy lets the call of a row through to the kernel. One
// that does not exist lets nothing through.
func lets(p *policy.Policy, r *Row) bool {
	if p == nil || r.Arch == 0 {
		return false
	}
	_, rule := p.Eval(r.data())
	action := rule.Return.Action()
	return action == seccomp.ActAllow || action == seccomp.ActLog
}
