package verify

import (
	"slices"

	"github.com/weir-dev/weir/seccomp"
)

// A kind of difference is reported once for a number.
type kind struct {
	audit   seccomp.AuditArch // 0 if foreign
	foreign bool
	a, b    seccomp.Return
}

// compare compares the answers to the inputs of the current path.
func (p *prover) compare() {
	c := p.contest
	k := kind{a: Effect(c.answers[0]), b: Effect(c.answers[1])}
	if k.a == k.b || p.done {
		return
	}
	m := p.push()
	defer p.pop(m)
	for _, audit := range c.audits {
		t := test{value: word(wordArch), in: one(uint32(audit))}
		yes, no := p.split(t)
		if yes && !p.done {
			k.audit = audit
			m := p.push()
			p.assume(t, true)
			p.numbers(k)
			p.pop(m)
		}
		if !no || p.done {
			return
		}
		p.assume(t, false)
	}
	k.audit, k.foreign = 0, true
	p.numbers(k)
}

// numbers notes the difference for all numbers of the current path.
func (p *prover) numbers(k kind) {
	var input [inputWords]uint32
	for p.model(&input) {
		if !p.bound(wordNr) { // then whatever else differs, differs for each of them
			for _, s := range p.words[wordNr].set {
				p.note(k, s, &input)
			}
			return
		}
		nr := one(input[wordNr])
		p.note(k, nr, &input)
		t := test{value: word(wordNr), in: nr}
		if _, more := p.split(t); !more || p.done {
			return
		}
		p.assume(t, false)
	}
}

// note adds a difference for those numbers that have none of its kind yet. It
// asks both subjects, so that a mistake of the prover cannot pass for a
// difference.
func (p *prover) note(k kind, numbers span, input *[inputWords]uint32) {
	c := p.contest
	fresh := []span{numbers}
	for _, old := range c.covered[k] {
		fresh = subtract(fresh, find(fresh, old.lo, 0), old)
	}
	p.spend(1 + len(c.covered[k])/8)
	for _, s := range fresh {
		if p.done {
			return
		}
		if len(c.found) == c.most {
			p.giveUp("there are more than %d differences", c.most)
			return
		}
		d := Difference{First: seccomp.Nr(s.lo), Last: seccomp.Nr(s.hi), Witness: p.data(input), Foreign: k.foreign, A: k.a, B: k.b}
		for _, nr := range []seccomp.Nr{d.Last, d.First} {
			d.Witness.Nr = nr
			for side, want := range [...]seccomp.Return{k.a, k.b} {
				if got, err := c.subjects[side].Answer(&d.Witness, p.order); err != nil || got != want {
					p.giveUp("internal contradiction: no difference found by running %+v", d.Witness)
					return
				}
			}
		}
		c.found = append(c.found, d)
	}
	c.covered[k] = slices.Concat(c.covered[k], fresh)
}
