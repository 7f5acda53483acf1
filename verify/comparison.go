package verify

import (
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A comparison is a condition of the policy in terms of the two words of its
// argument. It holds if the first test does; if not, it fails unless the second
// does; and then the third decides. That is the order of numbers, upper word
// first: less, or tied and less below. If not is set, it holds where this says
// that it fails.
type comparison struct {
	tests [3]test
	first int // the tests before this one are left out: the upper words are tied
	not   bool
}

// always is a comparison with one answer.
func always(answer bool) comparison {
	return comparison{first: 2, tests: [3]test{2: {value: number(0)}}, not: !answer}
}

// comparison translates a condition. All operators come down to two: x & mask ==
// datum, and x < bound.
func (p *prover) comparison(c *policy.Cond) comparison {
	if int(c.Arg) >= len(seccomp.Data{}.Args) {
		p.giveUp("the policy has a condition on argument %d", c.Arg)
		return always(false)
	}
	width := ^uint64(0) // the bits of the argument
	if c.Bits < 64 {
		width = 1<<c.Bits - 1
	}
	switch c.Op {
	case seccomp.OpEqualTo:
		return p.masked(c.Arg, width, c.Value, width)
	case seccomp.OpNotEqual:
		r := p.masked(c.Arg, width, c.Value, width)
		r.not = !r.not
		return r
	case seccomp.OpMaskedEqual:
		return p.masked(c.Arg, width&c.Value, c.Value&c.ValueTwo, width)
	case seccomp.OpLessThan:
		return p.below(c.Arg, c.Value, width)
	case seccomp.OpGreaterEqual:
		r := p.below(c.Arg, c.Value, width)
		r.not = !r.not
		return r
	case seccomp.OpLessEqual, seccomp.OpGreaterThan:
		r := always(true)
		if c.Value < width {
			r = p.below(c.Arg, c.Value+1, width)
		}
		r.not = r.not != (c.Op == seccomp.OpGreaterThan)
		return r
	}
	return always(false)
}

// masked is x & mask == datum.
func (p *prover) masked(arg uint8, mask, datum, width uint64) comparison {
	if datum&^width != 0 {
		return always(false)
	}
	c := comparison{first: 2}
	c.tests[2] = p.normal(test{value: p.argument(arg, false, mask), in: one(uint32(datum))})
	if width>>32 != 0 {
		c.first = 1
		c.tests[1] = p.normal(test{value: p.argument(arg, true, mask), in: one(uint32(datum >> 32))})
	}
	return c
}

// below is x < bound.
func (p *prover) below(arg uint8, bound, width uint64) comparison {
	if bound > width {
		return always(true)
	}
	c := comparison{first: 2}
	if l := uint32(bound); l > 0 {
		c.tests[2] = p.normal(test{value: p.argument(arg, false, width), in: span{0, l - 1}})
	} else {
		c.tests[2] = test{value: number(0), in: one(1)} // nothing is below 0
	}
	if width>>32 != 0 {
		c.first = 1
		hi, h := p.argument(arg, true, width), uint32(bound>>32)
		c.tests[1] = p.normal(test{value: hi, in: one(h)})
		if h > 0 {
			c.first = 0
			c.tests[0] = p.normal(test{value: hi, in: span{0, h - 1}})
		}
	}
	return c
}

// argument is one word of an argument, cut to a mask.
func (p *prover) argument(arg uint8, high bool, mask uint64) value {
	offset := seccomp.OffsetLow(int(arg), p.order)
	if high {
		offset = seccomp.OffsetHigh(int(arg), p.order)
		mask >>= 32
	}
	w := word(offset / 4)
	if uint32(mask) == most {
		return w
	}
	return p.operation(and, w, number(uint32(mask)))
}

func one(k uint32) span { return span{k, k} }
