package verify

import (
	"math/bits"

	"github.com/weir-dev/weir/seccomp"
)

// The input is sixteen words of 32 bits, as the loads of a program see them.
const (
	inputWords = seccomp.DataSize / 4
	wordNr     = seccomp.OffsetNr / 4
	wordArch   = seccomp.OffsetArch / 4
)

// A value is what a register holds, as a function of the input: a constant, a
// word of the input plus a constant, or an operation on two values.
type value struct {
	of int32  // 0: a constant; from firstWord: a word; from firstNode: an operation
	k  uint32 // the constant, or what is added to the word; 0 for an operation
}

const (
	firstWord = 1
	firstNode = firstWord + inputWords
)

func number(k uint32) value { return value{0, k} }
func word(i uint32) value   { return value{firstWord + int32(i), 0} }

func (v value) isConst() bool     { return v.of == 0 }
func (v value) isWord() bool      { return v.of >= firstWord && v.of < firstNode }
func (v value) isPlainWord() bool { return v.isWord() && v.k == 0 }
func (v value) isOp() bool        { return v.of >= firstNode }

func (v value) word() int      { return int(v.of) - firstWord }
func (v value) operation() int { return int(v.of) - firstNode }

// A node is an operation. Its operands come before it in the list of nodes.
type node struct {
	op   operator
	l, r value
}

// An operator is an operation on two words of 32 bits.
type operator uint8

const (
	add operator = iota
	sub
	mul
	div // never by 0
	or
	and
	xor
	lsh     // by 31 at most
	rsh     // by 31 at most
	equal   // 1 if l == r, else 0
	greater // 1 if l > r, else 0
)

// apply computes.
func (op operator) apply(l, r uint32) uint32 {
	switch op {
	case add:
		return l + r
	case sub:
		return l - r
	case mul:
		return l * r
	case div:
		return l / max(r, 1)
	case or:
		return l | r
	case and:
		return l & r
	case xor:
		return l ^ r
	case lsh:
		return l << (r & 31)
	case rsh:
		return l >> (r & 31)
	case equal:
		if l == r {
			return 1
		}
	case greater:
		if l > r {
			return 1
		}
	}
	return 0
}

// operation makes a value of two. It stays with constants and words plus a
// constant where the path allows that: sets of words are the cheap case.
func (s *state) operation(op operator, l, r value) value {
	l, r = s.fold(l), s.fold(r)
	switch op {
	case add, mul, or, and, xor, equal:
		if l.isConst() {
			l, r = r, l
		}
	}
	switch {
	case l.isConst() && r.isConst():
		return number(op.apply(l.k, r.k))
	case op == add && r.isConst() && l.isWord():
		return value{l.of, l.k + r.k}
	case op == sub && r.isConst() && l.isWord():
		return value{l.of, l.k - r.k}
	case r.isConst() && l.isPlainWord():
		if v, ok := s.withFixedBits(op, l, r.k); ok {
			return v
		}
	}
	s.nodes = append(s.nodes, node{op, l, r})
	return value{int32(firstNode + len(s.nodes) - 1), 0}
}

// fold makes a constant of a word that has one value on this path.
func (s *state) fold(v value) value {
	if v.isWord() {
		if w, ok := single(s.words[v.word()].set); ok {
			return number(w + v.k)
		}
	}
	return v
}

// withFixedBits is a bitwise operation on a word of which the bits that the
// operation touches are the same on the whole path: it is an addition. Clearing
// bit 30 of the numbers of x32 is the case that matters.
func (s *state) withFixedBits(op operator, w value, k uint32) (value, bool) {
	touched := k
	switch op {
	case and:
		if b, ok := fixed(s.words[w.word()].set, k); ok {
			return number(b), true
		}
		touched = ^k
	case or, xor:
	default:
		return value{}, false
	}
	b, ok := fixed(s.words[w.word()].set, touched)
	return value{w.of, op.apply(b, k)&touched - b}, ok
}

// fixed returns the bits of mask of the numbers of a set, if they all have the
// same. It may miss that they have, but never claims it wrongly.
func fixed(set []span, mask uint32) (uint32, bool) {
	b := set[0].lo & mask
	for _, s := range set {
		varying := uint32(1)<<bits.Len32(s.lo^s.hi) - 1
		if mask&varying != 0 || s.lo&mask != b {
			return 0, false
		}
	}
	return b, true
}
