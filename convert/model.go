package convert

import (
	"fmt"
	"maps"
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"github.com/weir-dev/weir/verify"
)

// asEngines returns what runc with libseccomp enforces for a profile that
// forEngines wrote: as [policy.Resolve], but that it compares whole registers, and
// that rules of calls behind socketcall and ipc apply there beside that call's own,
// with the conditions that they have on other arguments than the first. doubt is
// called for calls about which it may not keep to that.
func asEngines(q *profile.Profile, f seccomp.Facts, archs []seccomp.Arch, doubt func(call, why string)) (*policy.Policy, error) {
	pol, _, err := policy.Resolve(q, f, policy.Options{Lenient: true})
	if err != nil {
		return nil, err
	}
	byNumber := make(map[seccomp.Arch]map[seccomp.Nr][]policy.Rule)
	for _, a := range archs {
		byNumber[a] = engineRows(q, a)
		for _, nr := range slices.Sorted(maps.Keys(byNumber[a])) {
			// Also of numbers that are newer than the profile: libseccomp gets the rules.
			rules := byNumber[a][nr]
			call, _ := syscalls.At(a, nr)
			switch {
			case overlap(rules):
				doubt(call.String(), " on "+a.Name()+": runtimes with libseccomp do not start, or choose by an order of their own: rules with different actions meet there")
			case stale(decided(rules, q.Default)):
				doubt(call.String(), ": runtimes with libseccomp may enforce something else: of several rules of a call, one of which compares several arguments, it has been seen to compile some wrongly")
			}
		}
	}
	for i := range pol.ABIs {
		abi := &pol.ABIs[i]
		var rows []policy.Row
		for _, row := range abi.Rows {
			if !row.Named {
				rows = append(rows, row)
				continue
			}
			for nr := row.First; nr <= row.Last; nr++ {
				taken := decided(byNumber[row.Arch][nr], q.Default)
				rows = append(rows, policy.Row{First: nr, Last: nr, Arch: row.Arch, Named: true, Rules: taken})
			}
		}
		abi.Rows = rows
	}
	return pol, nil
}

// engineRows returns the rules that libseccomp has for each number, in the order in
// which it gets them.
func engineRows(q *profile.Profile, a seccomp.Arch) map[seccomp.Nr][]policy.Rule {
	rows := make(map[seccomp.Nr][]policy.Rule)
	for i := range q.Rules {
		r := &q.Rules[i]
		if r.Return == q.Default {
			continue
		}
		for _, conds := range alternatives(r, a) {
			for _, n := range r.Names {
				call, ok := syscalls.Lookup(n.Text)
				if !ok {
					continue
				}
				if nr, ok := call.Nr(a); ok {
					rows[nr] = append(rows[nr], policy.Rule{Conds: conds, Return: r.Return, Origin: int32(i)})
				}
				via, arg0, ok := call.Multiplexed(a)
				if !ok {
					continue
				}
				through := []policy.Cond{{Arg: 0, Bits: uint8(a.ArgBits()), Op: seccomp.OpEqualTo, Value: arg0}}
				for _, c := range conds {
					if c.Arg != 0 {
						through = append(through, c)
					}
				}
				nr, _ := via.Nr(a)
				rows[nr] = append(rows[nr], policy.Rule{Conds: through, Return: r.Return, Why: policy.WhyMultiplexed, Origin: int32(i)})
			}
		}
	}
	return rows
}

// alternatives returns the lists of conditions that runc makes of a rule, as
// libseccomp compares them.
func alternatives(r *profile.Rule, a seccomp.Arch) [][]policy.Cond {
	most := ^uint64(0) >> (64 - a.ArgBits())
	var all []policy.Cond
	var seen [6]bool
	repeats, always := false, false
	for _, arg := range r.Args {
		repeats = repeats || seen[arg.Index]
		seen[arg.Index] = true
		c := policy.Cond{Arg: arg.Index, Bits: uint8(a.ArgBits()), Op: arg.Op, Value: arg.Value & most}
		if arg.Op == seccomp.OpMaskedEqual {
			c.ValueTwo = arg.ValueTwo & c.Value
			if c.Value == 0 {
				always = true // libseccomp drops it
				continue
			}
		}
		all = append(all, c)
	}
	if !repeats {
		return [][]policy.Cond{all}
	}
	if always {
		return [][]policy.Cond{nil}
	}
	var each [][]policy.Cond
	for i := range all {
		each = append(each, all[i:i+1:i+1])
	}
	return each
}

// decided is libseccomp's choice: the first rule without conditions forgets all
// others.
func decided(rules []policy.Rule, byDefault seccomp.Return) []policy.Rule {
	if i := slices.IndexFunc(rules, func(r policy.Rule) bool { return len(r.Conds) == 0 }); i >= 0 {
		return rules[i : i+1]
	}
	rules = slices.Clone(rules)
	slices.SortStableFunc(rules, func(a, b policy.Rule) int {
		switch {
		case a.Return.Stricter(b.Return):
			return -1
		case b.Return.Stricter(a.Return):
			return 1
		}
		return 0
	})
	return append(rules, policy.Rule{Return: byDefault, Why: policy.WhyDefault})
}

// overlap reports whether rules with different answers hold for the same arguments,
// among those that libseccomp gets before one without conditions. Ordered comparisons
// stand in rows of one answer alone, unless that was said to be a loss.
func overlap(rules []policy.Rule) bool {
	conditional := rules
	if i := slices.IndexFunc(rules, func(r policy.Rule) bool { return len(r.Conds) == 0 }); i >= 0 {
		conditional = rules[:i]
	}
	var parts []part
	for i := range conditional {
		list, ok := boxes(conditional[i].Conds, maxAllBoxes)
		if !ok {
			continue
		}
		for _, b := range list {
			parts = append(parts, part{b, conditional[i].Return, conditional[i].Origin})
		}
	}
	for i := range parts {
		for j := range parts[:i] {
			if parts[i].ret != parts[j].ret && parts[i].box.meets(&parts[j].box) {
				return true
			}
		}
	}
	return false
}

// stale tells rules of which libseccomp 2.5.4 was seen to compile one set in some
// thousand wrongly: where a rule fails at its second argument, the program goes on to
// the next rule with that argument in the accumulator, and not the one that it compares.
func stale(rules []policy.Rule) bool {
	conditional := rules[:len(rules)-1]
	return len(conditional) > 1 && slices.ContainsFunc(conditional, func(r policy.Rule) bool {
		return slices.ContainsFunc(r.Conds, func(c policy.Cond) bool { return c.Arg != r.Conds[0].Arg })
	})
}

// asSystemd returns what systemd enforces for a unit: what it means as a profile, but
// that no number is newer than the list. The numbers of x32 are another architecture's.
func asSystemd(unit []byte, f seccomp.Facts) (*policy.Policy, error) {
	back, err := readUnit("the result", string(unit), profile.Options{Lenient: true})
	if err != nil {
		return nil, err
	}
	pol, _, err := policy.Resolve(back.Profile, f, policy.Options{Lenient: true})
	if err != nil {
		return nil, err
	}
	_, archs := back.Profile.Flatten(f)
	for i := range pol.ABIs {
		for j := range pol.ABIs[i].Rows {
			row := &pol.ABIs[i].Rows[j]
			if row.Rules[0].Why != policy.WhyNewer {
				continue
			}
			row.Rules = []policy.Rule{{Return: back.Profile.Default, Why: policy.WhyDefault}}
			if row.First >= 1<<30 && pol.ABIs[i].Audit == seccomp.ArchX86_64.Audit() && !slices.Contains(archs, seccomp.ArchX32) {
				row.Rules = []policy.Rule{pol.Foreign}
			}
		}
	}
	return pol, nil
}

// engines lists each call about which runtimes with libseccomp enforce something
// else than the policy, for a profile that forEngines wrote.
func (c *conversion) engines(q *profile.Profile) error {
	pol, err := asEngines(q, c.facts, c.archs, func(call, why string) {
		pos, path := c.place(call)
		f := finding{pos, path, call + why, ""}
		if !slices.Contains(c.losses, f) { // it is so on several architectures
			c.doubt(pos, path, f.msg, "")
		}
	})
	if err != nil {
		return fmt.Errorf("reading it as libseccomp does: %w", err)
	}
	if proof, err := c.compare(pol); err != nil || proof.Verdict == verify.Equal {
		return err
	}
	compared := verify.Compare(c.facts.Arch, verify.Subject{Policy: c.policy}, verify.Subject{Policy: pol}, proofSteps, maxDifferences)
	if compared.Reason != "" {
		return fmt.Errorf("comparing it with what libseccomp makes of it: %s", compared.Reason)
	}
	for _, d := range compared.Differences {
		c.changed = true
		r := verify.Result{Witness: d.Witness, Want: d.A, Got: d.B}
		name := ""
		for _, a := range seccomp.Archs() {
			if call, ok := syscalls.At(a, d.Witness.Nr); ok && a.Audit() == d.Witness.Arch {
				name = call.String()
				break
			}
		}
		pos, path := c.place(name)
		c.lose(pos, path, "runtimes with libseccomp cannot be told these rules on all architectures: "+Difference(&r), "")
	}
	return nil
}

// place returns where the profile first names a call, or one behind it.
func (c *conversion) place(name string) (pos profile.Pos, path string) {
	for _, i := range c.rules {
		r := &c.profile.Rules[i]
		for j, n := range r.Names {
			at := fmt.Sprintf("syscalls[%d].names[%d]", r.Index, r.Written(j))
			if n.Text == name {
				return n.Pos, at
			}
			call, _ := syscalls.Lookup(n.Text)
			for _, a := range c.archs {
				if via, _, ok := call.Multiplexed(a); ok && via.String() == name && pos == 0 {
					pos, path = n.Pos, at
				}
			}
		}
	}
	return pos, path
}
