package main

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/bench/runc"
	"github.com/weir-dev/weir/seccomp"
)

// A prover explains differences of one case.
type prover struct {
	*judge
	rules *plain.Rules
	alone map[int]libseccomp.Pseudo // each rule by itself
}

// views lists all combinations of respects, the smallest first.
var views = func() []plain.View {
	var list []plain.View
	for v := plain.View(1); v <= plain.Libseccomp; v++ {
		list = append(list, v)
	}
	slices.SortStableFunc(list, func(a, b plain.View) int {
		return bits.OnesCount8(uint8(a)) - bits.OnesCount8(uint8(b))
	})
	return list
}()

// explain finds the fewest respects in which the profile must be read as
// libseccomp reads it to give libseccomp's answer.
func (p *prover) explain(d *seccomp.Data, theirs seccomp.Return) (Class, error) {
	for _, v := range views {
		if slices.Contains(p.rules.Answers(d, v), theirs) {
			return className(v), nil
		}
	}
	separate, err := p.separately(d)
	if err != nil {
		return "", err
	}
	for _, answer := range p.rules.Answers(d, plain.Libseccomp) {
		if !slices.Contains(separate, answer) {
			return Unexplained, nil // the plain evaluator does not know libseccomp's model
		}
	}
	if slices.Contains(separate, theirs) {
		return Unexplained, nil
	}
	return Contradiction, nil
}

// className spells a set of respects.
func className(v plain.View) Class {
	var names []string
	for i, name := range []string{"conflict", "width", "multiplexed", "names"} {
		if v&plain.Views[i] != 0 {
			names = append(names, name)
		}
	}
	return Class(strings.Join(names, " + "))
}

// separately asks libseccomp what each rule that may decide about a call means by
// itself, and returns the actions of those that match; the default's if none
// does. By its own model, its answer to all of them together is among these.
func (p *prover) separately(d *seccomp.Data) ([]seccomp.Return, error) {
	var answers []seccomp.Return
	for _, c := range p.rules.Candidates(d) {
		rule := &p.rules.Rules[c.Rule]
		if rule.Return == p.rules.Default {
			continue
		}
		pseudo, ok := p.alone[c.Rule]
		if !ok {
			var err error
			f := &libseccomp.Filter{
				Default: p.rules.Default, Native: p.rules.Native, Archs: p.rules.Archs,
				Rules: []libseccomp.Rule{runc.Rule(rule)},
			}
			if pseudo, err = p.worker.Pseudo(f); err != nil {
				return nil, fmt.Errorf("compiling one rule of %s alone: %w", rule.Name, err)
			}
			p.alone[c.Rule] = pseudo
		}
		matches, err := pseudo.Matches(d, c.Arch)
		if err != nil {
			return nil, fmt.Errorf("one rule of %s alone: %w", rule.Name, err)
		}
		if matches {
			answers = append(answers, rule.Return)
		}
	}
	if answers == nil {
		answers = append(answers, p.rules.Default)
	}
	return answers, nil
}
