package verify

import (
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A comparison is a condition of the policy in terms of the two words of its
// argument. It holds if the first test does; if not, it fails unless the second
// does; and then the third decides. That is the order of numbers, upper word
// first: less, or tied and less below. Equality has no first test. If not is
// set, it holds where this says that it fails.
type comparison struct {
	tests [3]test
	not   bool
}

// Tests with one answer.
var (
	never  = test{value: number(0), in: span{1, 1}}
	surely = test{value: number(0), in: span{0, 0}}
)

// comparison translates a condition. All operators come down to two: x & mask ==
// datum, and x < bound.
func (p *prover) comparison(c *policy.Cond) comparison {
	if int(c.Arg) >= len(seccomp.Data{}.Args) {
		p.giveUp("the policy has a condition on argument %d", c.Arg)
		return comparison{tests: [3]test{never, never, never}}
	}
	width := ^uint64(0) // the bits of the argument
	if c.Bits < 64 {
		width = 1<<c.Bits - 1
	}
	switch c.Op {
	case seccomp.OpEqualTo, seccomp.OpNotEqual:
		return p.masked(c.Arg, width, c.Value, c.Value&^width != 0, c.Op == seccomp.OpNotEqual)
	case seccomp.OpMaskedEqual:
		datum := c.ValueTwo & c.Value
		return p.masked(c.Arg, width&c.Value, datum, datum&^width != 0, false)
	case seccomp.OpLessThan, seccomp.OpGreaterEqual:
		return p.below(c.Arg, width, c.Value, c.Op == seccomp.OpGreaterEqual)
	case seccomp.OpLessEqual, seccomp.OpGreaterThan:
		not := c.Op == seccomp.OpGreaterThan
		if c.Value >= width {
			return comparison{[3]test{surely, never, never}, not}
		}
		return p.below(c.Arg, width, c.Value+1, not)
	}
	return comparison{tests: [3]test{never, never, never}}
}

// masked is x & mask == datum. It fails if impossible is set.
func (p *prover) masked(arg uint8, mask, datum uint64, impossible, not bool) comparison {
	if impossible {
		return comparison{[3]test{never, never, never}, not}
	}
	return comparison{[3]test{
		never,
		p.normal(test{value: p.argument(arg, true, mask), in: one(datum >> 32)}),
		p.normal(test{value: p.argument(arg, false, mask), in: one(datum)}),
	}, not}
}

// below is x < bound.
func (p *prover) below(arg uint8, width, bound uint64, not bool) comparison {
	if bound > width {
		return comparison{[3]test{surely, never, never}, not}
	}
	hi, lo := p.argument(arg, true, width), p.argument(arg, false, width)
	c := comparison{[3]test{never, p.normal(test{value: hi, in: one(bound >> 32)}), never}, not}
	if h := uint32(bound >> 32); h > 0 {
		c.tests[0] = p.normal(test{value: hi, in: span{0, h - 1}})
	}
	if l := uint32(bound); l > 0 {
		c.tests[2] = p.normal(test{value: lo, in: span{0, l - 1}})
	}
	return c
}

// argument is one word of an argument, cut to a mask.
func (p *prover) argument(arg uint8, high bool, mask uint64) value {
	if high {
		return p.operation(and, word(seccomp.OffsetHigh(int(arg), p.order)/4), number(uint32(mask>>32)))
	}
	return p.operation(and, word(seccomp.OffsetLow(int(arg), p.order)/4), number(uint32(mask)))
}

func one(k uint64) span { return span{uint32(k), uint32(k)} }
