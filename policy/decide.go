package policy

import (
	"slices"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A variant is the rules of a call for certain widths of the arguments that they
// look at.
type variant struct {
	bits  [6]uint8
	rules []Rule
	next  int32 // 1 more than the index of another variant of the call
}

// rulesOf returns the rules for a number, given the calls that have it on an
// architecture; none if no rule names one of them.
func (r *resolver) rulesOf(calls []syscalls.Call, a seccomp.Arch) []Rule {
	var ids []int32
	for _, call := range calls {
		switch alone := r.alone[call]; {
		case alone == nobody:
		case len(calls) > 1:
			ids = append(ids, r.usesOf(call)...)
		case alone == several:
			return r.variant(call, a)
		default:
			return r.plain[alone : alone+1 : alone+1]
		}
	}
	if ids == nil {
		return nil
	}
	slices.Sort(ids)
	if u := &r.uses[ids[0]]; len(ids) == 1 && r.alone[u.call] >= 0 {
		return r.plain[u.rule : u.rule+1 : u.rule+1]
	}
	return r.decide(ids, a)
}

// variant returns the rules of a call of which there are several, or one that has
// conditions.
func (r *resolver) variant(call syscalls.Call, a seccomp.Arch) []Rule {
	var v variant
	for i := r.last[call]; i >= 0; i = r.uses[i].previous {
		for j := range r.profile.Rules[r.uses[i].rule].Args {
			arg := &r.profile.Rules[r.uses[i].rule].Args[j]
			if arg.Named != nil { // its value may be another on each architecture
				return r.decide(r.usesOf(call), a)
			}
			v.bits[arg.Index] = call.Bits(a, int(arg.Index))
		}
	}
	last := &r.uses[r.last[call]]
	for i := last.variants; i > 0; i = r.variants[i-1].next {
		if known := &r.variants[i-1]; known.bits == v.bits {
			return known.rules
		}
	}
	v.rules, v.next = r.decide(r.usesOf(call), a), last.variants
	r.variants = append(r.variants, v)
	last.variants = int32(len(r.variants))
	return v.rules
}

// decide orders all rules of one call.
func (r *resolver) decide(ids []int32, a seccomp.Arch) []Rule {
	count := 0
	for _, id := range ids {
		count += len(r.profile.Rules[r.uses[id].rule].Args)
	}
	rules, conds := make([]Rule, 0, len(ids)+1), make([]Cond, 0, count)
	for _, id := range ids {
		rules, conds = r.expand(rules, conds, &r.uses[id], a)
	}
	return r.order(rules)
}

// expand appends the rules that one use stands for: one, whose conditions all
// must hold; or, if an argument appears twice, one for each condition. The
// conditions are appended to conds.
func (r *resolver) expand(rules []Rule, conds []Cond, u *use, a seccomp.Arch) ([]Rule, []Cond) {
	rule := &r.profile.Rules[u.rule]
	first := len(conds)
	for i := range rule.Args {
		conds = append(conds, r.cond(rule, i, a, u.call.Bits(a, int(rule.Args[i].Index))))
	}
	all := conds[first:len(conds):len(conds)]
	if !repeats(rule.Args) {
		return append(rules, Rule{Conds: all, Return: rule.Return, Origin: u.rule}), conds
	}
	for i := range all {
		rules = append(rules, Rule{Conds: all[i : i+1 : i+1], Return: rule.Return, Origin: u.rule})
	}
	return rules, conds
}

func repeats(args []profile.Arg) bool {
	var seen [6]bool
	for i := range args {
		if seen[args[i].Index] {
			return true
		}
		seen[args[i].Index] = true
	}
	return false
}

// order puts the rules of one call, given in the order of the profile, into the
// order in which they are tried. Without an unconditional one, the default action
// is the last.
func (r *resolver) order(rules []Rule) []Rule {
	if r.layers() {
		rules = r.layered(0, rules, map[int][]Rule{})
	} else {
		rules = strictestFirst(rules)
	}
	if n := len(rules); n > 0 && len(rules[n-1].Conds) == 0 {
		return rules
	}
	return append(rules, Rule{Return: r.profile.Default, Why: WhyDefault})
}

// strictestFirst orders the rules of one file: of the unconditional ones only the
// first counts; the more restrictive action goes first; equals stay in the order
// of the file. What comes after the unconditional one is never reached and
// dropped. It writes to the list.
func strictestFirst(rules []Rule) []Rule {
	kept := rules[:0]
	unconditional := false
	for _, rule := range rules {
		if len(rule.Conds) > 0 {
			kept = append(kept, rule)
		} else if !unconditional {
			unconditional = true
			kept = append(kept, rule)
		}
	}
	slices.SortStableFunc(kept, byAction)
	for i := range kept {
		if len(kept[i].Conds) == 0 {
			return kept[:i+1]
		}
	}
	return kept
}
