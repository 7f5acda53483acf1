package verify

import "math/bits"

// A solver decides whether some input satisfies sets and atoms together. It
// fixes one bit after another, always one that an open atom depends on, and
// gives up a branch when an atom is false, or when no number of a word's set has
// the bits chosen. A branch ends well when every atom is true whatever the bits
// that are left.
type solver struct {
	bits    [inputWords]struct{ val, known uint32 } // what is chosen so far
	found   [inputWords]uint32
	results []approx // of the nodes
	active  []int32  // the atoms between the words in question
}

// satisfiable decides whether the words given, which must be all that hang
// together, can satisfy the path. If so, it leaves an example in p.found. It
// returns false, with p.done set, if the budget runs out.
func (p *prover) satisfiable(words uint16) bool {
	s := &p.solver
	for i := range s.bits {
		s.bits[i].val, s.bits[i].known = 0, 0
	}
	top := 0
	s.active = s.active[:0]
	for i := range p.atoms {
		a := &p.atoms[i]
		// The operation may depend on no word at all.
		if a.words&words == 0 && a.words != 0 {
			continue
		}
		s.active = append(s.active, int32(i))
		top = max(top, a.value.operation()+1)

		// word & mask == number says what the bits are.
		n := &p.nodes[a.value.operation()]
		if n.op == and && n.l.isPlainWord() && n.r.isConst() && !a.not && a.in.lo == a.in.hi {
			b := &s.bits[n.l.word()]
			if a.in.lo&^n.r.k != 0 || (b.val^a.in.lo)&b.known&n.r.k != 0 {
				return false
			}
			b.val, b.known = b.val|a.in.lo, b.known|n.r.k
		}
	}
	if cap(s.results) < top {
		s.results = make([]approx, top, 2*top)
	}
	s.results = s.results[:top]
	return p.search(words)
}

// search is the recursion of satisfiable.
func (p *prover) search(words uint16) bool {
	s := &p.solver
	if !p.spend(1 + len(s.results) + len(s.active)) {
		return false
	}
	for ws := words; ws != 0; ws &= ws - 1 {
		w := bits.TrailingZeros16(ws)
		var ok bool
		if s.found[w], ok = first(p.words[w].set, s.bits[w].val, s.bits[w].known); !ok {
			return false
		}
	}
	for i := range s.results {
		n := &p.nodes[i]
		s.results[i] = n.op.approx(p.approx(n.l), p.approx(n.r))
	}
	var open *atom
	fewest := 0
	for _, i := range s.active {
		a := &p.atoms[i]
		r := s.results[a.value.operation()]
		inside, outside := r.meets(a.in)
		switch {
		case a.not && !outside, !a.not && !inside:
			return false
		case a.not && !inside, !a.not && !outside:
			continue
		}
		n := 0
		for ws := a.words; ws != 0; ws &= ws - 1 {
			w := bits.TrailingZeros16(ws)
			n += bits.OnesCount32(a.support[w] &^ s.bits[w].known)
		}
		if open == nil || n < fewest {
			open, fewest = a, n
		}
	}
	if open == nil {
		return true
	}
	w, bit := p.choose(open)
	if bit == 0 {
		p.giveUp("internal contradiction: a condition without an open bit is open")
		return false
	}
	before := s.bits[w]
	s.bits[w].known |= bit
	if p.search(words) {
		return true
	}
	if !p.done {
		s.bits[w].val |= bit
		if p.search(words) {
			return true
		}
	}
	s.bits[w] = before
	return false
}

// choose picks the highest bit that an atom depends on and that is not chosen
// yet.
func (p *prover) choose(a *atom) (word int, bit uint32) {
	for ws := a.words; ws != 0; ws &= ws - 1 {
		w := bits.TrailingZeros16(ws)
		if b := a.support[w] &^ p.bits[w].known; b != 0 {
			return w, 1 << (bits.Len32(b) - 1)
		}
	}
	return 0, 0
}

// approx says what a value can be under the bits chosen.
func (p *prover) approx(v value) approx {
	switch {
	case v.isConst():
		return exactly(v.k)
	case v.isOp():
		return p.results[v.operation()]
	}
	b := p.bits[v.word()]
	set := p.words[v.word()].set
	a := bitwise(b.val, ^b.known).between(set[0].lo, set[len(set)-1].hi)
	if v.k != 0 {
		return add.approx(a, exactly(v.k))
	}
	return a
}

// meets is meets of spans, for an approximation: it says yes when in doubt.
func (a approx) meets(s span) (inside, outside bool) {
	if a.open == 0 {
		in := s.lo <= a.val && a.val <= s.hi
		return in, !in
	}
	inside = a.lo <= s.hi && a.hi >= s.lo
	if s.lo == s.hi && (s.lo^a.val)&^a.open != 0 {
		inside = false
	}
	return inside, a.lo < s.lo || a.hi > s.hi
}

// first returns the smallest number of a set that has the bits of val where
// known has ones.
func first(set []span, val, known uint32) (uint32, bool) {
	if known == 0 {
		return set[0].lo, true
	}
	for i := 0; i < len(set); {
		x, ok := atLeast(set[i].lo, val, known)
		if !ok {
			return 0, false
		}
		if x <= set[i].hi {
			return x, true
		}
		i += 1 + find(set[i+1:], x, 0)
		if i < len(set) && set[i].lo <= x {
			return x, true
		}
	}
	return 0, false
}

// atLeast returns the smallest number not below x that has the bits of val where
// known has ones.
func atLeast(x, val, known uint32) (uint32, bool) {
	y := x&^known | val
	if y == x {
		return x, true
	}
	low := uint32(1)<<bits.Len32(x^y) - 1 // from the first bit that differs on
	if y > x {
		return y &^ (low &^ known), true
	}
	// The bits above must make up for it: set the lowest open one that is 0.
	raise := ^(x | known | low)
	raise &= -raise
	if raise == 0 {
		return 0, false
	}
	return y&^((raise-1)&^known) | raise, true
}

// model finds an input that follows the current path.
func (p *prover) model(words *[inputWords]uint32) bool {
	for i := range words {
		words[i] = p.words[i].set[0].lo
	}
	solved := uint16(0)
	for i := range p.atoms {
		if w := p.atoms[i].words; w != 0 && w&^solved == 0 {
			continue
		}
		if linked := p.linked(p.atoms[i].words); !p.satisfiable(linked) {
			p.giveUp("internal contradiction: a path without inputs")
			return false
		} else {
			solved |= linked
			for ws := linked; ws != 0; ws &= ws - 1 {
				w := bits.TrailingZeros16(ws)
				words[w] = p.found[w]
			}
		}
	}
	return true
}
