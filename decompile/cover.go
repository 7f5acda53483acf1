package decompile

import (
	"math/bits"
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// enough is how many rules one call may take, and how many ranges a set of values;
// maxCubes how many masks.
const (
	enough   = 1000
	maxCubes = 200
)

// few is how many values a person rather reads one by one.
const few = 8

// A domain is where the values of an argument lie: low is the level of its bit 0.
type domain struct {
	low   int32
	width int
}

func argDomain(arg int, width uint8) domain { return domain{argLevel + int32(arg)*64 + 63, int(width)} }

func (d domain) all() uint64 { return ^uint64(0) >> (64 - d.width) }

// A span is a range of values, both ends included.
type span struct{ lo, hi uint64 }

// spans lists the ranges that a set of values consists of, in order. It fails if
// there are more than enough.
func (g *graph) spans(set node, d domain) (list []span, ok bool) {
	var walk func(n node, bit int, value uint64) bool
	walk = func(n node, bit int, value uint64) bool {
		switch {
		case n == no:
			return true
		case n == yes:
			s := span{value, value | (uint64(1)<<(bit+1) - 1)}
			if k := len(list); k > 0 && list[k-1].hi+1 == s.lo {
				list[k-1].hi = s.hi
			} else {
				list = append(list, s)
			}
			return len(list) <= enough
		}
		level := d.low - int32(bit)
		return walk(g.at(n, level, false), bit-1, value) && walk(g.at(n, level, true), bit-1, value|1<<bit)
	}
	return list, walk(set, d.width-1, 0)
}

// A cube is the values that have the bits of datum where mask has ones.
type cube struct{ mask, datum uint64 }

// cubes lists cubes that a set of values is the union of, each as large as can
// be. It fails if there are more than most.
func (g *graph) cubes(set node, d domain, most int) (list []cube, ok bool) {
	var walk func(n node, c cube) bool
	walk = func(n node, c cube) bool {
		switch n {
		case no:
			return true
		case yes:
			list = append(list, c)
			return len(list) <= most
		}
		e := g.entries[n]
		bit := uint64(1) << (d.low - e.level)
		return walk(e.lo, cube{c.mask | bit, c.datum}) && walk(e.hi, cube{c.mask | bit, c.datum | bit})
	}
	if !walk(set, cube{}) {
		return nil, false
	}
	seen := map[cube]bool{}
	for i, c := range list {
		list[i] = g.widen(c, set, d)
	}
	return slices.DeleteFunc(list, func(c cube) bool { known := seen[c]; seen[c] = true; return known }), true
}

// widen leaves bits of a cube's mask out, as long as it stays within the set.
func (g *graph) widen(c cube, set node, d domain) cube {
	for rest := c.mask; rest != 0; rest &= rest - 1 {
		bit := rest & -rest
		if wider := (cube{c.mask &^ bit, c.datum &^ bit}); g.contains(set, wider, d) {
			c = wider
		}
	}
	return c
}

// contains reports whether a cube lies within a set.
func (g *graph) contains(set node, c cube, d domain) bool {
	g.spend()
	seen := map[node]bool{}
	var walk func(n node) bool
	walk = func(n node) bool {
		if n <= yes || seen[n] {
			return n != no
		}
		e := g.entries[n]
		if bit := uint64(1) << (d.low - e.level); c.mask&bit != 0 {
			return walk(g.at(n, e.level, c.datum&bit != 0))
		}
		seen[n] = true
		return walk(e.lo) && walk(e.hi)
	}
	return walk(set)
}

// cube makes a set of a cube.
func (g *graph) cube(c cube, d domain) node {
	n := yes
	for bit := range d.width {
		if c.mask>>bit&1 != 0 {
			e := entry{d.low - int32(bit), n, no}
			if c.datum>>bit&1 != 0 {
				e.lo, e.hi = no, n
			}
			n = g.add(e)
		}
	}
	return n
}

// upTo is the set of the values that are at most a number.
func (g *graph) upTo(k uint64, d domain) node {
	n := yes
	for bit := range d.width {
		if k>>bit&1 != 0 {
			n = g.add(entry{d.low - int32(bit), yes, n})
		} else {
			n = g.add(entry{d.low - int32(bit), n, no})
		}
	}
	return n
}

// cover writes a set of values of an argument as alternatives, of which each is
// a list of conditions that all must hold. A rule of a profile can have one
// condition on an argument, a rule of a policy two, which makes a range.
func (g *graph) cover(set node, arg int, width uint8, pairs bool) (alternatives [][]policy.Cond, ok bool) {
	if set == yes {
		return [][]policy.Cond{nil}, true
	}
	d := argDomain(arg, width)
	cond := func(op seccomp.Op, v, two uint64) policy.Cond {
		return policy.Cond{Arg: uint8(arg), Bits: width, Op: op, Value: v, ValueTwo: two}
	}
	one := func(op seccomp.Op, v, two uint64) []policy.Cond { return []policy.Cond{cond(op, v, two)} }
	if holes, ok := g.spans(g.not(set), d); ok && len(holes) == 1 && holes[0].lo == holes[0].hi && width > 1 {
		return [][]policy.Cond{one(seccomp.OpNotEqual, holes[0].lo, 0)}, true
	}
	masked := func(c cube) []policy.Cond {
		if c.mask == d.all() {
			return one(seccomp.OpEqualTo, c.datum, 0)
		}
		return one(seccomp.OpMaskedEqual, c.mask, c.datum)
	}
	spans, isSpans := g.spans(set, d)
	if isSpans {
		small := countable(spans) && (len(spans) > 1 || spans[0].lo > 0)
		for _, s := range spans {
			switch {
			case small, s.lo > 0 && s.hi-s.lo < few:
				for i := range s.hi - s.lo + 1 {
					alternatives = append(alternatives, one(seccomp.OpEqualTo, s.lo+i, 0))
				}
			case s.lo == 0:
				alternatives = append(alternatives, one(seccomp.OpLessEqual, s.hi, 0))
			case s.hi == d.all():
				alternatives = append(alternatives, one(seccomp.OpGreaterEqual, s.lo, 0))
			case pairs:
				alternatives = append(alternatives, []policy.Cond{cond(seccomp.OpGreaterEqual, s.lo, 0), cond(seccomp.OpLessEqual, s.hi, 0)})
			default:
				for _, c := range blocks(s, d) {
					alternatives = append(alternatives, masked(c))
				}
			}
		}
	}
	most := maxCubes
	if isSpans { // people read ranges more easily
		most = min(most, len(alternatives)/few)
	}
	if cubes, ok := g.cubes(set, d, most); ok {
		alternatives, isSpans = nil, true
		for _, c := range cubes {
			alternatives = append(alternatives, masked(c))
		}
	}
	return alternatives, isSpans && len(alternatives) <= enough
}

// countable reports whether ranges have few values in all.
func countable(spans []span) bool {
	left := uint64(few)
	for _, s := range spans {
		if s.hi-s.lo >= left {
			return false
		}
		left -= s.hi - s.lo + 1
	}
	return true
}

// blocks divides a range into cubes, each as large as can be.
func blocks(s span, d domain) []cube {
	var list []cube
	for lo := s.lo; ; {
		size := bits.TrailingZeros64(lo)
		for size > 0 && lo+(uint64(1)<<size-1) > s.hi {
			size--
		}
		list = append(list, cube{d.all() &^ (uint64(1)<<size - 1), lo})
		last := lo + (uint64(1)<<size - 1)
		if last == s.hi {
			return list
		}
		lo = last + 1
	}
}

// holds makes a set of a condition.
func (g *graph) holds(c policy.Cond) node {
	d := argDomain(int(c.Arg), c.Bits)
	switch c.Op {
	case seccomp.OpEqualTo:
		return g.cube(cube{d.all(), c.Value}, d)
	case seccomp.OpNotEqual:
		return g.not(g.cube(cube{d.all(), c.Value}, d))
	case seccomp.OpLessEqual:
		return g.upTo(c.Value, d)
	case seccomp.OpGreaterEqual:
		return g.not(g.upTo(c.Value-1, d))
	}
	return g.cube(cube{c.Value, c.ValueTwo}, d)
}
