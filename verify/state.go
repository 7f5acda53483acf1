package verify

import (
	"math/bits"

	"github.com/weir-dev/weir/bpf"
)

// A state is the set of inputs that follow the current path: those of which
// each word lies in its set, and that satisfy the atoms. It grows and shrinks
// like a stack, by push, narrow and pop.
type state struct {
	words [inputWords]inputWord
	atoms []atom
	nodes []node

	// memory is the program's, written before it is read: the kernel refuses
	// others.
	memory [bpf.MemWords]value

	undo  []undo
	lost  []lost
	depth int32
	arena arena
}

// An inputWord is what the path says of one word of the input by itself.
type inputWord struct {
	set   []span // where it lies; never empty
	depth int32  // whose list it is: one of this depth may be changed in place
	near  int32  // the index of the last question
}

// An undo restores a word.
type undo struct {
	index int
	word  inputWord
}

// A lost is what was in a word of memory.
type lost struct {
	index uint32
	value value
}

// A test is a question about an input: does the value lie in the span? If not
// is set, the answer is turned round.
type test struct {
	value value
	in    span
	not   bool
}

// An atom is the answer to a test of an operation, which sets of single words
// cannot express.
type atom struct {
	value value // an operation
	in    span
	not   bool

	// support holds, for each word, the bits that the answer depends on; words
	// has a bit for each word that has some.
	support [inputWords]uint32
	words   uint16
}

// A mark is a height of the stack.
type mark struct {
	atoms, nodes, undo, lost int
	arena                    position
}

func (s *state) reset() {
	s.atoms, s.nodes, s.undo, s.lost = s.atoms[:0], s.nodes[:0], s.undo[:0], s.lost[:0]
	s.depth, s.arena.at = 0, position{}
	for i := range s.words {
		s.words[i] = inputWord{set: append(s.arena.room(1), span{0, most})}
	}
}

// push begins a part of the path that pop takes back.
func (s *state) push() mark {
	s.depth++
	return mark{len(s.atoms), len(s.nodes), len(s.undo), len(s.lost), s.arena.at}
}

func (s *state) pop(m mark) {
	for i := len(s.undo) - 1; i >= m.undo; i-- {
		s.words[s.undo[i].index] = s.undo[i].word
	}
	for i := len(s.lost) - 1; i >= m.lost; i-- {
		s.memory[s.lost[i].index] = s.lost[i].value
	}
	s.atoms, s.nodes, s.undo, s.lost = s.atoms[:m.atoms], s.nodes[:m.nodes], s.undo[:m.undo], s.lost[:m.lost]
	s.arena.at = m.arena
	s.depth--
}

// store writes to a word of memory.
func (s *state) store(index uint32, v value) {
	s.lost = append(s.lost, lost{index, s.memory[index]})
	s.memory[index] = v
}

// normal rewrites a test to one of a constant, of a plain word, or of an
// operation.
func (s *state) normal(t test) test {
	if t.value.isWord() && t.value.k != 0 {
		// w + k in [lo, hi] is w in [lo-k, hi-k], which may wrap around. Then
		// what lies outside does not.
		lo, hi := t.in.lo-t.value.k, t.in.hi-t.value.k
		t.value.k = 0
		switch {
		case lo <= hi:
			t.in = span{lo, hi}
		case hi+1 == lo:
			t.in = span{0, most}
		default:
			t.in, t.not = span{hi + 1, lo - 1}, !t.not
		}
	}
	if t.value.isOp() {
		// The upper bits of a word, compared: a comparison of the word.
		n := s.nodes[t.value.operation()]
		if n.op == and && n.l.isPlainWord() && n.r.isConst() && bits.LeadingZeros32(^n.r.k)+bits.TrailingZeros32(n.r.k) == 32 {
			low := ^n.r.k
			t.value = n.l
			if t.in.lo|low == most && t.in.lo&low != 0 || (t.in.lo+low)&^low > t.in.hi {
				t.in, t.not = span{0, most}, !t.not // no such number lies in the span
			} else {
				t.in = span{(t.in.lo + low) &^ low, t.in.hi | low}
			}
		}
	}
	return t
}

// narrow leaves the inputs that give a test an answer. The test is normal, and
// some inputs do.
func (s *state) narrow(t test, answer bool) {
	answer = answer != t.not
	switch {
	case t.value.isWord():
		w := &s.words[t.value.word()]
		old := w.set
		i := find(old, t.in.lo, int(w.near))
		w.near = int32(i)
		switch {
		case w.depth != s.depth:
			s.undo = append(s.undo, undo{t.value.word(), *w})
			w.depth = s.depth
			if answer {
				n := i
				for n < len(old) && old[n].lo <= t.in.hi {
					n++
				}
				old, i = old[i:n], 0
			}
			w.set = append(s.arena.room(len(old)+1), old...)
		case !answer && len(old) == cap(old):
			w.set = append(s.arena.room(2*len(old)+2), old...)
		}
		if answer {
			w.set = intersect(w.set, i, t.in)
		} else {
			w.set = subtract(w.set, i, t.in)
		}
	case t.value.isOp():
		s.atoms = append(s.atoms, atom{value: t.value, in: t.in, not: !answer})
		s.support(&s.atoms[len(s.atoms)-1])
	}
}

// support finds out which bits of the input an operation depends on, from the
// result down to the words.
func (s *state) support(a *atom) {
	var few [16]uint32
	n := a.value.operation() + 1
	demand := few[:]
	if n > len(few) {
		demand = make([]uint32, n)
	}
	demand[n-1] = most
	want := func(v value, bits uint32) {
		switch {
		case v.isOp():
			demand[v.operation()] |= bits
		case v.isWord():
			if v.k != 0 {
				bits = andBelow(bits)
			}
			a.support[v.word()] |= bits
			if bits != 0 {
				a.words |= 1 << v.word()
			}
		}
	}
	for i := n - 1; i >= 0; i-- {
		d, n := demand[i], &s.nodes[i]
		if d == 0 {
			continue
		}
		l, r := d, d
		switch n.op {
		case and:
			if n.r.isConst() {
				l &= n.r.k
			}
		case or:
			if n.r.isConst() {
				l &^= n.r.k
			}
		case xor:
		case add, sub, mul:
			l, r = andBelow(d), andBelow(d)
		case lsh, rsh:
			l, r = most, most
			if n.r.isConst() && n.op == lsh {
				l = d >> n.r.k
			} else if n.r.isConst() {
				l = d << n.r.k
			}
		default:
			l, r = most, most
		}
		want(n.l, l)
		want(n.r, r)
	}
}

// andBelow adds all lower bits to the highest.
func andBelow(b uint32) uint32 { return uint32(1)<<bits.Len32(b) - 1 }

// meets reports whether the word lies in a span for some inputs, and outside for
// some.
func (w *inputWord) meets(s span) (inside, outside bool) {
	set := w.set
	if s.lo <= set[0].lo && set[len(set)-1].hi <= s.hi {
		return true, false
	}
	i := find(set, s.lo, int(w.near))
	w.near = int32(i)
	return i < len(set) && set[i].lo <= s.hi, true
}

// linked returns the words that hang together with those given, through atoms.
func (s *state) linked(words uint16) uint16 {
	for {
		more := words
		for i := range s.atoms {
			if s.atoms[i].words&words != 0 {
				more |= s.atoms[i].words
			}
		}
		if more == words {
			return words
		}
		words = more
	}
}

// bound reports whether a word is subject to atoms.
func (s *state) bound(word int) bool {
	for i := range s.atoms {
		if s.atoms[i].words>>word&1 != 0 {
			return true
		}
	}
	return false
}
