package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// A Merging says which of several answers a call gets.
type Merging uint8

const (
	Intersection Merging = iota // the strictest, as of several filters of one process
	Union                       // the least strict
)

func (m Merging) String() string { return [...]string{"intersection", "union"}[m] }

// Merge writes one plain profile, as [Flatten] does, that answers every call with
// the strictest or the least strict of the answers of several profiles under the
// facts. Where answers differ in the errno alone, [policy.Intersect] says which it is,
// and [policy.Policy.TakeUnnamed] for numbers that no profile names.
//
// The result is proved to be exactly that, or there is an error. The profiles are
// used up.
func Merge(m Merging, profiles []*profile.Profile, f seccomp.Facts, o policy.Options) (*Result, error) {
	var names []string
	for _, p := range profiles {
		names = append(names, p.File)
	}
	r, err := merge(m, profiles, f, o)
	if err != nil {
		return nil, fmt.Errorf("the %v of %s: %w", m, strings.Join(names, " and "), err)
	}
	return r, nil
}

func merge(m Merging, profiles []*profile.Profile, f seccomp.Facts, o policy.Options) (*Result, error) {
	var whole *policy.Policy
	var archs []seccomp.Arch
	var notes []profile.Problem
	rules, alike := 0, true
	for i, p := range profiles {
		pol, more, err := policy.Resolve(p, f, o)
		if err != nil {
			return nil, err
		}
		notes = append(notes, p.Notes...)
		notes = append(notes, more...)
		listed := newConversion(p, pol, f).archs
		alike = alike && (i == 0 || sameArchs(archs, listed))
		switch {
		case i == 0:
			whole, archs = pol, listed
		case m == Union:
			whole, err = policy.Union(whole, pol, rules)
			archs = append(archs, slices.DeleteFunc(listed, func(a seccomp.Arch) bool { return slices.Contains(archs, a) })...)
		default:
			whole, err = policy.Intersect(whole, pol, rules)
			archs = slices.DeleteFunc(slices.Clone(archs), func(a seccomp.Arch) bool { return !slices.Contains(listed, a) })
		}
		if err != nil {
			return nil, err
		}
		rules += len(p.Rules)
	}
	c := &conversion{facts: f, policy: whole, archs: archs}
	c.settings(profiles)
	c.profile = profile.Join(profiles)
	for i := range c.profile.Rules {
		c.rules = append(c.rules, i)
	}
	q, err := c.mergedPlain()
	if err != nil && !alike {
		return nil, fmt.Errorf("%w (the profiles list different architectures, and a rule holds on all)", err)
	}
	if err != nil {
		return nil, err
	}
	r, err := c.plainResult(q)
	if err != nil {
		return nil, err
	}
	r.Notes = notes
	return r, nil
}

// mergedPlain is plainest for what profiles are together.
func (c *conversion) mergedPlain() (*profile.Profile, error) {
	c.profile.Default = c.policy.Default
	w := plainer{profile: c.profile, policy: c.policy, byDefault: c.policy.Default}
	q, err := w.plain(c.archs)
	if err != nil {
		return nil, err
	}
	pol, _, err := policy.Resolve(q, c.facts, policy.Options{})
	if err != nil {
		return nil, err
	}
	c.policy.TakeUnnamed(pol)
	return c.plainest()
}

// settings lists where the profiles differ in what is no answer to a call. The
// first's counts.
func (c *conversion) settings(profiles []*profile.Profile) {
	first := profiles[0]
	c.profile = first
	for _, p := range profiles[1:] {
		if p.FlagsSet != first.FlagsSet || p.Flags != first.Flags {
			c.lose(0, "flags", fmt.Sprintf("those of %s count, and %s has others", first.File, p.File), "")
		}
		if p.ListenerPath != first.ListenerPath || p.ListenerMetadata != first.ListenerMetadata {
			c.lose(0, "listenerPath", fmt.Sprintf("that of %s counts, and %s has another", first.File, p.File), "")
		}
	}
}

func sameArchs(a, b []seccomp.Arch) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x seccomp.Arch) bool { return !slices.Contains(b, x) })
}
