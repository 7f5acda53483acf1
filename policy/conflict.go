package policy

import (
	"fmt"
	"strings"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/syscalls"
)

// maxPairs bounds the pairs of rules that are compared for one call: notes are
// for people, who write a few rules for a call and not thousands.
const maxPairs = 1000

// A conflict is a pair of rules that disagree about the same calls.
type conflict struct {
	kind   conflictKind
	winner int32 // index into Profile.Rules
	loser  int32
}

type conflictKind uint8

const (
	twoUnconditional  conflictKind = iota // the first in the file wins
	overUnconditional                     // a condition wins against a rule without
	overlapping                           // two conditions, of which both may hold
)

// noteConflicts notes the rules that weir and libseccomp would decide
// differently about, and those that never apply.
func (r *resolver) noteConflicts() {
	var order []conflict
	names := make(map[conflict][]profile.Name)
	for call := range r.last {
		last := r.last[call]
		if last < 0 || r.uses[last].previous < 0 {
			continue
		}
		for _, c := range r.conflictsOf(syscalls.Call(call)) {
			if names[c] == nil {
				order = append(order, c)
			}
			names[c] = append(names[c], r.nameIn(c.loser, syscalls.Call(call)))
		}
	}
	for _, c := range order {
		r.notes = append(r.notes, r.describe(c, names[c]))
	}
}

// conflictsOf compares the rules of one call pair by pair.
func (r *resolver) conflictsOf(call syscalls.Call) []conflict {
	differ := false
	last := &r.uses[r.last[call]]
	for i := last.previous; i >= 0; i = r.uses[i].previous {
		differ = differ || r.profile.Rules[r.uses[i].rule].Return != r.profile.Rules[last.rule].Return
	}
	if !differ {
		return nil
	}
	ids := r.usesOf(call)
	var found []conflict
	seen := make(map[conflict]bool)
	pairs := 0
	for j, second := range ids {
		for _, id := range ids[:j] {
			if pairs++; pairs > maxPairs {
				return found
			}
			if c, ok := r.compare(call, r.uses[id].rule, r.uses[second].rule); ok && !seen[c] {
				seen[c] = true
				found = append(found, c)
			}
		}
	}
	return found
}

// compare looks at two rules of one call, a before b in the file.
func (r *resolver) compare(call syscalls.Call, a, b int32) (conflict, bool) {
	first, second := &r.profile.Rules[a], &r.profile.Rules[b]
	if first.Return == second.Return || first.Layer != second.Layer {
		return conflict{}, false
	}
	winner, loser := a, b
	if second.Return.Stricter(first.Return) {
		winner, loser = b, a
	}
	switch {
	case len(first.Args) == 0 && len(second.Args) == 0:
		return conflict{twoUnconditional, a, b}, true
	case len(r.profile.Rules[winner].Args) == 0:
		// Every engine lets the rule without conditions decide, unless runc drops
		// it for being equal to the default.
		return conflict{overUnconditional, winner, loser}, r.profile.Rules[winner].Return == r.profile.Default
	case len(r.profile.Rules[loser].Args) == 0:
		return conflict{overUnconditional, winner, loser}, r.profile.Rules[loser].Return != r.profile.Default
	}
	for _, x := range r.conditions(call, first) {
		for _, y := range r.conditions(call, second) {
			if !disjoint(x, y) {
				return conflict{overlapping, winner, loser}, true
			}
		}
	}
	return conflict{}, false
}

// conditions returns the alternatives that a rule stands for.
func (r *resolver) conditions(call syscalls.Call, rule *profile.Rule) [][]Cond {
	var all []Cond
	for i := range rule.Args {
		all = append(all, r.cond(rule, i, r.facts.Arch, call.Bits(r.facts.Arch, int(rule.Args[i].Index))))
	}
	if !repeats(rule.Args) {
		return [][]Cond{all}
	}
	var each [][]Cond
	for i := range all {
		each = append(each, all[i:i+1])
	}
	return each
}

func (r *resolver) nameIn(rule int32, call syscalls.Call) profile.Name {
	for _, n := range r.profile.Rules[rule].Names {
		if n.Text == call.String() {
			return n
		}
	}
	return profile.Name{Text: call.String(), Pos: r.profile.Rules[rule].Pos}
}

func (r *resolver) describe(c conflict, names []profile.Name) profile.Problem {
	winner, loser := &r.profile.Rules[c.winner], &r.profile.Rules[c.loser]
	at := r.profile.Position(winner.Pos)
	place := fmt.Sprintf("syscalls[%d] (line %d)", winner.Index, at.Line)
	var msg string
	switch c.kind {
	case twoUnconditional:
		msg = fmt.Sprintf("%s: %v has no effect: the first rule wins, %v of %s", quoted(names), loser.Return, winner.Return, place)
		if winner.Return == r.profile.Default {
			msg += fmt.Sprintf("; runc and crun drop a rule that equals the default action and answer %v", loser.Return)
		}
	case overUnconditional:
		msg = fmt.Sprintf("%s: %v gives way to the stricter %v of %s where both apply", quoted(names), loser.Return, winner.Return, place)
		if len(winner.Args) == 0 || winner.Return == r.profile.Default {
			msg += fmt.Sprintf("; runc and crun drop a rule that equals the default action and answer %v", loser.Return)
		} else {
			msg += fmt.Sprintf("; libseccomp forgets the conditions and answers %v", loser.Return)
		}
	case overlapping:
		msg = fmt.Sprintf("%s: %v gives way to the stricter %v of %s where both apply; libseccomp decides by an order of its own, or refuses", quoted(names), loser.Return, winner.Return, place)
	}
	return r.profile.Problem(names[0].Pos, fmt.Sprintf("syscalls[%d]", loser.Index), msg, "keep one of the two")
}

// quoted lists a few names and counts the rest.
func quoted(names []profile.Name) string {
	var b strings.Builder
	for i, n := range names {
		if i == 3 && len(names) > 4 {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(n.Text)
	}
	return b.String()
}
