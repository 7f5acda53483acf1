package verify

// topBits finds a test that divides the path between numbers that differ in the
// topmost two bits of a word, where an instruction touches those and no others.
// Bit 30 is x32's: once the path is divided, clearing it is an addition, and
// testing it has one answer.
func (p *prover) topBits(v value, touched uint32) (test, bool) {
	const bits = 0xc0000000
	if !v.isPlainWord() || touched == 0 || touched&^bits != 0 {
		return test{}, false
	}
	set := p.words[v.word()].set
	if _, ok := fixed(set, touched); ok {
		return test{}, false
	}
	for _, lower := range [...]uint32{1<<31 - 1, 1<<30 - 1, 3<<30 - 1} {
		t := test{value: v, in: span{0, lower}}
		if yes, no := p.split(t); yes && no {
			return t, true
		}
	}
	return test{}, false
}

// split says which answers to a test some input of the path gives. The test is
// normal.
func (p *prover) split(t test) (yes, no bool) {
	if t.value.isConst() {
		yes = t.in.lo <= t.value.k && t.value.k <= t.in.hi
		return yes != t.not, yes == t.not
	}
	yes, no = true, true
	if t.value.isWord() {
		yes, no = p.words[t.value.word()].meets(t.in)
		if t.not {
			yes, no = no, yes
		}
		if !yes || !no || !p.bound(t.value.word()) {
			return yes, no
		}
	} else if answer, known := p.answer(t); known {
		return answer, !answer
	}
	// The path is not empty: if one answer is impossible, the other is not.
	if yes = p.possible(t, true); !yes {
		return false, !p.done
	}
	no = p.possible(t, false)
	return !p.done, no
}

// answer looks for an atom that answers the same test of an operation.
func (s *state) answer(t test) (answer, known bool) {
	for i := range s.atoms {
		if a := &s.atoms[i]; a.in == t.in && s.nodes[a.value.operation()] == s.nodes[t.value.operation()] {
			return a.not == t.not, true
		}
	}
	return false, false
}

// assume narrows the path to the inputs that give an answer to a test. The test
// is normal, and some inputs do.
func (p *prover) assume(t test, answer bool) {
	if t.value.isWord() {
		p.spend(len(p.words[t.value.word()].set) / 8)
	} else if t.value.isOp() {
		p.spend(t.value.operation() / 8)
	}
	p.narrow(t, answer)
}

// possible asks the solver whether an input of the path gives an answer.
func (p *prover) possible(t test, answer bool) bool {
	p.spend(1 + len(p.atoms)/8)
	m := p.push()
	p.assume(t, answer)
	words := uint16(0)
	if t.value.isWord() {
		words = 1 << t.value.word()
	} else {
		words = p.atoms[len(p.atoms)-1].words
	}
	ok := p.satisfiable(p.linked(words))
	p.pop(m)
	return ok
}

// lesser returns the answer to a test of a word that leaves the shorter list of
// spans.
func (p *prover) lesser(t test) bool {
	if !t.value.isWord() || t.in.lo == t.in.hi {
		return !t.not
	}
	w := &p.words[t.value.word()]
	inside := find(w.set, t.in.hi, 0) - find(w.set, t.in.lo, int(w.near))
	return (2*inside <= len(w.set)) != t.not
}
