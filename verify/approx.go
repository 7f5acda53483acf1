package verify

import "math/bits"

// An approx is a set of numbers that contains every value that an operation can
// have: those between lo and hi whose bits outside of open are those of val.
// What is computed here must never leave a value out, and must be the value
// alone where the operands are single numbers. How tight it is in between only
// decides how fast a search ends.
type approx struct{ lo, hi, val, open uint32 }

func exactly(k uint32) approx { return approx{k, k, k, 0} }

// bitwise is the set of the numbers with some bits open.
func bitwise(val, open uint32) approx { return approx{val, val | open, val, open} }

// tighten lets the two halves of the description learn from each other.
func (a approx) tighten() approx {
	a.lo, a.hi = max(a.lo, a.val), min(a.hi, a.val|a.open)
	if a.lo <= a.hi { // empty only if the set is
		common := ^(uint32(1)<<bits.Len32(a.lo^a.hi) - 1) & a.open
		a.val |= a.lo & common
		a.open &^= common
	}
	return a
}

// between narrows to a range.
func (a approx) between(lo, hi uint32) approx {
	a.lo, a.hi = max(a.lo, lo), min(a.hi, hi)
	return a.tighten()
}

func (op operator) approx(l, r approx) approx {
	if l.open|r.open == 0 {
		return exactly(op.apply(l.val, r.val))
	}
	all := approx{0, most, 0, most}
	switch op {
	case add:
		a := sum(l, r)
		if lo, hi := uint64(l.lo)+uint64(r.lo), uint64(l.hi)+uint64(r.hi); lo>>32 == hi>>32 {
			return a.between(uint32(lo), uint32(hi))
		}
		return a
	case sub:
		a := difference(l, r)
		if l.lo >= r.hi || l.hi < r.lo { // never wraps, or always
			return a.between(l.lo-r.hi, l.hi-r.lo)
		}
		return a
	case mul:
		// The low bits of a product depend on the low bits of the factors.
		known := min(bits.TrailingZeros32(l.open), bits.TrailingZeros32(r.open))
		a := all
		a.open = most << known
		a.val = l.val * r.val &^ a.open
		if hi := uint64(l.hi) * uint64(r.hi); hi <= most {
			return a.between(l.lo*r.lo, uint32(hi))
		}
		return a
	case div:
		return all.between(l.lo/max(r.hi, 1), l.hi/max(r.lo, 1))
	case or:
		val := l.val | r.val
		return bitwise(val, (l.open|r.open)&^val).between(max(l.lo, r.lo), most)
	case and:
		val := l.val & r.val
		return bitwise(val, (l.val|l.open)&(r.val|r.open)&^val).between(0, min(l.hi, r.hi))
	case xor:
		open := l.open | r.open
		return bitwise((l.val^r.val)&^open, open)
	case lsh:
		if r.open == 0 {
			return bitwise(l.val<<r.val, l.open<<r.val)
		}
	case rsh:
		if r.open == 0 {
			return bitwise(l.val>>r.val, l.open>>r.val).between(l.lo>>r.val, l.hi>>r.val)
		}
		return all.between(0, l.hi)
	case equal:
		if l.lo > r.hi || r.lo > l.hi || (l.val^r.val)&^(l.open|r.open) != 0 {
			return exactly(0)
		}
		return bitwise(0, 1)
	case greater:
		switch {
		case l.lo > r.hi:
			return exactly(1)
		case l.hi <= r.lo:
			return exactly(0)
		}
		return bitwise(0, 1)
	}
	return all
}

// sum and difference follow the carries that open bits may cause: tnum_add and
// tnum_sub of the kernel's verifier do it so (kernel/bpf/tnum.c; Vishwanathan et
// al., "Sound, Precise, and Fast Abstract Interpretation with Tristate Numbers",
// 2022).
func sum(l, r approx) approx {
	val := l.val + r.val
	carries := (val + l.open + r.open) ^ val
	open := carries | l.open | r.open
	return bitwise(val&^open, open)
}

func difference(l, r approx) approx {
	val := l.val - r.val
	borrows := (val + l.open) ^ (val - r.open)
	open := borrows | l.open | r.open
	return bitwise(val&^open, open)
}
