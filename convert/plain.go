package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// maxFlat is how many rules one call may become in a flat profile, and maxAllFlat
// all calls together: a program has at most 4096 instructions.
const maxFlat, maxAllFlat = 256, 4096

// A plainer writes a policy as a plain profile: for every call that it names,
// rules of which only those with the same answer overlap, because readers disagree
// about which of two answers wins; none that says what the default action does,
// because runc drops it; and none that compares by other than equality under a
// mask, which libseccomp compiles as written, and as wide as the kernel looks.
//
// Rules of a profile have no ABI. A call that is treated differently on two of them
// comes out wrong: who writes has to prove.
type plainer struct {
	profile   *profile.Profile // that the rules of the policy come from
	policy    *policy.Policy
	byDefault seccomp.Return
	explicit  bool // socketcall and ipc get rules of their own
}

// A decision is what becomes of one call, by its name.
type decision struct {
	name  string
	arch  seccomp.Arch
	rules []policy.Rule
	parts []part
}

// plain returns the profile.
func (p *plainer) plain(archs []seccomp.Arch) (*profile.Profile, error) {
	var groups [][]*decision // those with the same parts
	known := make(map[string]int)
	left := maxAllFlat
	for _, d := range p.decisions(archs) {
		if err := p.divide(d, left); err != nil {
			return nil, err
		}
		left -= len(d.parts)
		key := fmt.Sprint(d.parts, d.arch.ArgBits())
		if i, ok := known[key]; ok {
			groups[i] = append(groups[i], d)
		} else {
			known[key] = len(groups)
			groups = append(groups, []*decision{d})
		}
	}
	// libseccomp gives rules of a call behind socketcall to that, too; one without
	// conditions that comes before makes it forget them.
	slices.SortStableFunc(groups, func(a, b []*decision) int {
		x, y := a[0].parts[0], b[0].parts[0]
		if x.everything() != y.everything() {
			if x.everything() {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(x.origin, y.origin), strings.Compare(a[0].name, b[0].name))
	})
	q := p.profile.With(nil, archs)
	q.Default = p.byDefault
	for _, group := range groups {
		first := group[0]
		from := &p.profile.Rules[first.parts[0].origin]
		var names []profile.Name
		for _, d := range group {
			names = append(names, nameIn(from, d.name))
		}
		for i, rule := range written(first.parts, names[0], first.arch) {
			from := &p.profile.Rules[first.parts[i].origin]
			rule.Index, rule.Pos, rule.Names, rule.Comment = len(q.Rules), from.Pos, names, p.comment(from)
			q.Rules = append(q.Rules, rule)
		}
	}
	return q, nil
}

// decisions returns what the policy says about each call that it names, in the
// order of the names: on the architecture with the widest registers, and among those
// on the native one. What is not listed has one answer for all.
func (p *plainer) decisions(archs []seccomp.Arch) []*decision {
	var list []*decision
	index := make(map[string]*decision)
	for i := range p.policy.ABIs {
		for _, row := range p.policy.ABIs[i].Rows {
			if !row.Named || !slices.Contains(archs, row.Arch) || !p.explicit && generated(row.Rules) {
				continue
			}
			for nr := row.First; nr <= row.Last; nr++ {
				name := row.Call(nr).String()
				d := index[name]
				if d == nil {
					d = &decision{name: name}
					index[name] = d
					list = append(list, d)
				} else if row.Arch.ArgBits() < d.arch.ArgBits() || row.Arch.ArgBits() == d.arch.ArgBits() && row.Arch != p.policy.Native {
					continue
				}
				d.arch, d.rules = row.Arch, row.Rules
			}
		}
	}
	slices.SortFunc(list, func(a, b *decision) int { return strings.Compare(a.name, b.name) })
	return list
}

// generated reports that no rule names the call, but ones of calls behind it.
func generated(rules []policy.Rule) bool {
	why := func(w policy.Why) bool {
		return slices.ContainsFunc(rules, func(r policy.Rule) bool { return r.Why == w })
	}
	return why(policy.WhyMultiplexed) && !why(policy.WhyRule)
}

// divide finds the parts of a decision. One without gets a rule all the same: its
// name may be what says up to where calls are not newer than the profile.
func (p *plainer) divide(d *decision, left int) error {
	var ok bool
	if d.parts, ok = partition(d.rules, p.byDefault, min(maxFlat, left)); !ok {
		return fmt.Errorf("%s: too many rules would be needed, because a rule of a profile cannot make an exception from another", d.name)
	}
	if len(d.parts) == 0 {
		d.parts = []part{{ret: p.byDefault, origin: d.rules[0].Origin}}
	}
	return nil
}

// comment says where a rule is from, and what is said about it there.
func (p *plainer) comment(r *profile.Rule) string {
	at := p.profile.Position(r.Pos)
	comment := fmt.Sprintf("%s:%d", at.File, at.Line)
	if r.Comment != "" {
		comment += ": " + r.Comment
	}
	return comment
}

// nameIn returns a name with its place in a rule.
func nameIn(r *profile.Rule, name string) profile.Name {
	for _, n := range r.Names {
		if n.Text == name {
			return n
		}
	}
	return profile.Name{Text: name, Pos: r.Pos}
}
