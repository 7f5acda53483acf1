package convert

import (
	"math/bits"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// Pattern is a set of values of one argument: those whose bits in mask are value's.
type pattern struct{ mask, value uint64 }

// A box is a set of arguments: each one's pattern holds. The zero box is all.
type box [6]pattern

// patterns returns what satisfies a condition, as patterns that have no value in
// common: one for an equality, at most one for each bit for an order.
func patterns(c policy.Cond) []pattern {
	most := ^uint64(0) >> (64 - c.Bits)
	switch c.Op {
	case seccomp.OpEqualTo:
		return exactly(pattern{most, c.Value}, most)
	case seccomp.OpMaskedEqual:
		return exactly(pattern{c.Value & most, c.Value & c.ValueTwo}, most)
	case seccomp.OpNotEqual:
		return append(below(c.Value, most), above(c.Value, most)...)
	case seccomp.OpLessThan:
		return below(c.Value, most)
	case seccomp.OpLessEqual:
		return append(below(c.Value, most), exactly(pattern{most, c.Value}, most)...)
	case seccomp.OpGreaterThan:
		return above(c.Value, most)
	}
	return append(above(c.Value, most), exactly(pattern{most, c.Value}, most)...)
}

// exactly returns a pattern, if the argument can have its value.
func exactly(p pattern, most uint64) []pattern {
	if p.value > most {
		return nil
	}
	return []pattern{p}
}

// below returns the values that are less than v: those that first differ from it,
// from the top, where it has a bit.
func below(v, most uint64) (list []pattern) {
	if v > most {
		return []pattern{{}}
	}
	for rest := v; rest != 0; rest &= rest - 1 {
		bit := rest & -rest
		list = append(list, pattern{most &^ (bit - 1), v &^ (bit | (bit - 1))})
	}
	return list
}

// above returns the values that are greater than v.
func above(v, most uint64) (list []pattern) {
	if v > most {
		return nil
	}
	for rest := ^v & most; rest != 0; rest &= rest - 1 {
		bit := rest & -rest
		list = append(list, pattern{most &^ (bit - 1), v&^(bit-1) | bit})
	}
	return list
}

// boxes returns what satisfies all of some conditions, as boxes that have nothing
// in common. It reports false if they are more than most.
func boxes(conds []policy.Cond, most int) ([]box, bool) {
	list := []box{{}}
	for _, c := range conds {
		var next []box
		for _, p := range patterns(c) {
			for _, b := range list {
				both := b[c.Arg].meet(p)
				if both == nil {
					continue
				}
				b[c.Arg] = *both
				if next = append(next, b); len(next) > most {
					return nil, false
				}
			}
		}
		list = next
	}
	return list, true
}

// meet returns what two patterns have in common, nil for nothing.
func (p pattern) meet(q pattern) *pattern {
	if (p.value^q.value)&p.mask&q.mask != 0 {
		return nil
	}
	return &pattern{p.mask | q.mask, p.value | q.value}
}

// meets reports whether two boxes have something in common.
func (b *box) meets(o *box) bool {
	for i := range b {
		if b[i].meet(o[i]) == nil {
			return false
		}
	}
	return true
}

// within reports whether all of a box lies in another.
func (b *box) within(o *box) bool {
	for i := range b {
		if o[i].mask&^b[i].mask != 0 || (b[i].value^o[i].value)&o[i].mask != 0 {
			return false
		}
	}
	return true
}

// without returns what is left of a box if another is taken out, as boxes that
// have nothing in common: one for each bit that the other asks for and it does not.
func (b box) without(o *box) []box {
	if !b.meets(o) {
		return []box{b}
	}
	var list []box
	for i := range b {
		for rest := o[i].mask &^ b[i].mask; rest != 0; {
			bit := uint64(1) << (bits.Len64(rest) - 1)
			rest &^= bit
			out := b
			out[i].mask |= bit
			out[i].value |= ^o[i].value & bit
			list = append(list, out)
			b[i].mask |= bit
			b[i].value |= o[i].value & bit
		}
	}
	return list
}
