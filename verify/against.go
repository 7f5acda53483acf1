package verify

import (
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// returns takes a value that the program returns at the end of the current path.
func (p *prover) returns(v value) {
	if p.contest != nil {
		p.returned(v)
		return
	}
	p.against(v)
}

// against compares a value with what the policy says on the current path.
func (p *prover) against(v value) {
	if audit, ok := single(p.words[wordArch].set); ok {
		if abi := p.pol.ABI(seccomp.AuditArch(audit)); abi != nil {
			p.abi(abi, v)
		} else {
			p.decided(p.pol.Foreign.Return, v)
		}
		return
	}
	m := p.push()
	for i := range p.pol.ABIs {
		abi := &p.pol.ABIs[i]
		t := test{value: word(wordArch), in: one(uint32(abi.Audit))}
		if yes, _ := p.split(t); yes {
			m := p.push()
			p.assume(t, true)
			p.abi(abi, v)
			p.pop(m)
		}
		if _, no := p.split(t); !no || p.done {
			p.pop(m)
			return
		}
		p.assume(t, false)
	}
	p.decided(p.pol.Foreign.Return, v)
	p.pop(m)
}

// abi compares with the rows that the path's numbers meet.
func (p *prover) abi(abi *policy.ABI, v value) {
	rows := abi.Rows
	var passed []policy.Rule
	for _, s := range p.words[wordNr].set {
		r := p.rowOf(rows, s.lo)
		for next := uint64(s.lo); next <= uint64(s.hi); r++ {
			if r == len(rows) || uint64(rows[r].First) > next || uint64(rows[r].Last) < next || !total(rows[r].Rules) {
				p.giveUp("the policy has no answer for some calls with number %d of architecture %#x", next, uint32(abi.Audit))
			}
			if !p.spend(1) {
				return
			}
			row := &rows[r]
			in := span{uint32(next), min(s.hi, uint32(row.Last))}
			next = uint64(row.Last) + 1
			if len(row.Rules) == 1 && v.isConst() && row.Rules[0].Return == seccomp.Return(v.k) ||
				len(row.Rules) == len(passed) && &row.Rules[0] == &passed[0] {
				continue
			}
			p.row(row.Rules, in, v)
			// The same rules need no second look, where nothing else depends
			// on the number; but Compare wants every number that differs.
			if v.isConst() && !p.bound(wordNr) && p.contest == nil {
				passed = row.Rules
			}
		}
	}
}

// total reports whether some rule of a row always holds, which must be the last.
func total(rules []policy.Rule) bool {
	return len(rules) > 0 && len(rules[len(rules)-1].Conds) == 0
}

// rowOf returns the index of the row that has a number, or how many rows there
// are if none has. It looks near the last one first: many programs test numbers
// in order.
func (p *prover) rowOf(rows []policy.Row, nr uint32) int {
	for i := p.near; i < min(p.near+3, len(rows)); i++ {
		if uint32(rows[i].First) <= nr && nr <= uint32(rows[i].Last) {
			p.near = i
			return i
		}
	}
	i, j := 0, len(rows)
	for i < j {
		if m := int(uint(i+j) / 2); uint32(rows[m].Last) < nr {
			i = m + 1
		} else {
			j = m
		}
	}
	p.near = i
	return i
}

// row compares with the rules of some numbers.
func (p *prover) row(rules []policy.Rule, numbers span, v value) {
	// What falls through to rules at the end that all say what the program says
	// needs no distinction between them.
	n := len(rules)
	for v.isConst() && n > 0 && rules[n-1].Return == seccomp.Return(v.k) {
		n--
	}
	p.spend((len(rules) - n) / 8)
	if n == 0 {
		return
	}
	t := test{value: word(wordNr), in: numbers}
	yes, no := p.split(t)
	if !yes {
		return
	}
	m := p.push()
	if no {
		p.assume(t, true)
	}
	p.rules(rules[:n], 0, v)
	p.pop(m)
}

// deepest limits the recursion over rules, and with it the stack.
const deepest = 1 << 14

// rules compares with a list of rules, the first of which is known to hold but
// for its conditions from the one at index at on. What none of them takes is
// right already.
func (p *prover) rules(rules []policy.Rule, at int, v value) {
	for {
		if at == 0 {
			n := p.excluded(rules)
			rules = rules[n:]
			p.spend(n / 8)
		}
		if !p.spend(1) || len(rules) == 0 {
			return
		}
		if at == len(rules[0].Conds) {
			p.decided(rules[0].Return, v)
			return
		}
		c := p.comparison(&rules[0].Conds[at])
		// Where all conditions hold and the word is right, there is nothing to
		// look at.
		right := at+1 == len(rules[0].Conds) && v.isConst() && rules[0].Return == seccomp.Return(v.k)
		holds := false
		for i := c.first; i < len(c.tests); i++ {
			// The way that leaves the comparison here: it holds by the first
			// test or the last, or it fails by the one between.
			t, exit := c.tests[i], i != 1
			yes, no := p.split(t)
			if p.done {
				return
			}
			leave, stay := yes, no
			if !exit {
				leave, stay = no, yes
			}
			if leave && stay {
				if exit == c.not || !right {
					if p.depth >= deepest {
						p.giveUp("the rules divide the input more than %d times on one path", deepest)
						return
					}
					m := p.push()
					p.assume(t, exit)
					if exit != c.not {
						p.rules(rules, at+1, v)
					} else {
						p.rules(rules[1:], 0, v)
					}
					p.pop(m)
					if p.done {
						return
					}
				}
				p.assume(t, !exit)
			} else if leave {
				holds = exit
				break
			}
		}
		if holds != c.not {
			at++
		} else {
			rules, at = rules[1:], 0
		}
	}
}

// excluded returns how many rules at the beginning have a first condition that is
// an equality and plainly fails on the whole path. It spares the general case most
// of the work: a path that finds one value of an argument among many excludes all
// the others.
func (p *prover) excluded(rules []policy.Rule) int {
	for i := range rules {
		if len(rules[i].Conds) == 0 {
			return i
		}
		c := &rules[i].Conds[0]
		if c.Op != seccomp.OpEqualTo || c.Bits < 32 || int(c.Arg) >= len(seccomp.Data{}.Args) ||
			contains(p.words[seccomp.OffsetLow(int(c.Arg), p.order)/4].set, uint32(c.Value)) {
			return i
		}
	}
	return len(rules)
}

// decided compares with one return word.
func (p *prover) decided(want seccomp.Return, v value) {
	if p.contest != nil {
		p.answered(want)
		return
	}
	if v.isConst() {
		if v.k != uint32(want) {
			p.differ()
		}
		return
	}
	t := p.normal(test{value: v, in: span{uint32(want), uint32(want)}})
	if _, no := p.split(t); no {
		m := p.push()
		p.assume(t, false)
		p.differ()
		p.pop(m)
	}
}
