package policy

import (
	"cmp"
	"fmt"
	"slices"
)

// layers reports that the profile is composed of several files.
func (r *resolver) layers() bool { return len(r.profile.Layers) > 1 }

func (r *resolver) layerOf(rule Rule) int { return r.profile.Rules[rule.Origin].Layer }

// layered orders the rules of one call for a layer and those that it extends: its
// own rules decide first. Where none of them holds, the layers that it extends
// decide together, of whose answers the strictest wins. A layer without a rule
// that holds has no answer: its default action does not count.
//
// A layer that is extended twice is ordered once: done has what has been.
func (r *resolver) layered(layer int, rules []Rule, done map[int][]Rule) []Rule {
	if list, ok := done[layer]; ok {
		return list
	}
	var own []Rule
	for _, rule := range rules {
		if r.layerOf(rule) == layer {
			own = append(own, rule)
		}
	}
	own = strictestFirst(own)
	if n := len(own); n > 0 && len(own[n-1].Conds) == 0 {
		return own
	}
	var below []Rule
	for _, b := range r.profile.Layers[layer].Below {
		below = r.strictest(below, r.layered(b, rules, done))
	}
	done[layer] = slices.Concat(own, below)
	return done[layer]
}

// maxCombined bounds the rules of one call that files of equal rank make
// together. People write a few.
const maxCombined = 1024

// strictest makes one list of two, each in the order in which its rules are tried,
// that answers with the stricter of both answers, a's among equals.
func (r *resolver) strictest(a, b []Rule) []Rule {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	if sorted(a) && sorted(b) {
		return merge(a, b)
	}
	if (len(a)+1)*(len(b)+1) > maxCombined {
		rule := &r.profile.Rules[b[0].Origin]
		r.problems = append(r.problems, r.profile.Problem(rule.Pos, fmt.Sprintf("syscalls[%d]", rule.Index),
			fmt.Sprintf("more than %d rules for one call where extended files meet", maxCombined), "decide about the call in the file that extends them"))
		return nil
	}
	return product(a, b, stricter)
}

// byAction compares rules by what they do, the more restrictive one first.
func byAction(a, b Rule) int {
	return cmp.Compare(int32(a.Return.Action()), int32(b.Return.Action()))
}

func sorted(rules []Rule) bool { return slices.IsSortedFunc(rules, byAction) }

// merge is strictest for two lists that are in the order of byAction: so is the
// result, and the first rule that holds is the strictest that does.
func merge(a, b []Rule) []Rule {
	all := slices.Clone(a)
	for _, rule := range b {
		known := func(have Rule) bool { return have.Origin == rule.Origin && slices.Equal(have.Conds, rule.Conds) }
		if !slices.ContainsFunc(a, known) { // else it is of a file that both extend
			all = append(all, rule)
		}
	}
	slices.SortStableFunc(all, byAction)
	if i := slices.IndexFunc(all, func(r Rule) bool { return len(r.Conds) == 0 }); i >= 0 {
		return all[:i+1]
	}
	return all
}

// stricter chooses between two answers, the first among equals.
func stricter(a, b Rule) Rule {
	if b.Return.Stricter(a.Return) {
		return b
	}
	return a
}

// product makes one list of two, in each of which the first rule that holds
// answers: where both have an answer it is what choose makes of the two, else that
// of the one that has. Nothing is tried after a rule without conditions.
func product(a, b []Rule, choose func(a, b Rule) Rule) []Rule {
	var out []Rule
	for _, x := range a {
		answered := false // whatever b sees
		for _, y := range b {
			if disjoint(x.Conds, y.Conds) {
				continue
			}
			rule := choose(x, y)
			rule.Conds = both(x.Conds, y.Conds)
			out = append(out, rule)
			if answered = len(y.Conds) == 0; answered {
				break
			}
		}
		if !answered {
			out = append(out, x)
		}
		if len(x.Conds) == 0 {
			return out
		}
	}
	return append(out, b...)
}

// both joins the conditions of two rules.
func both(a, b []Cond) []Cond {
	all := slices.Clone(a)
	for _, c := range b {
		if !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}
