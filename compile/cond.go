package compile

import (
	"fmt"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A value is an argument as it is compared: cut to a number of bits.
type value struct {
	arg, bits uint8
}

// most returns the largest number that the value can have.
func (v value) most() uint64 { return 1<<(v.bits-1)<<1 - 1 }

// A shape is what a condition says about a value.
type shape uint8

const (
	inside  shape = iota // a <= value <= b
	outside              // not inside
	masked               // value & a == b
)

// A cond is a condition in normal form. It is neither always true nor always
// false.
type cond struct {
	a, b uint64
	value
	shape shape
}

// holds evaluates the condition.
func (c *cond) holds(v uint64) bool {
	switch c.shape {
	case inside:
		return c.a <= v && v <= c.b
	case outside:
		return v < c.a || c.b < v
	}
	return v&c.a == c.b
}

// normal returns the normal form of a condition. If it holds always or never,
// it has none: constant is true, and holds says which.
func normal(in *policy.Cond) (c cond, constant, holds bool, err error) {
	if in.Arg > 5 || in.Bits != 16 && in.Bits != 32 && in.Bits != 64 {
		return c, false, false, fmt.Errorf("condition on %d bits of argument %d", in.Bits, in.Arg)
	}
	c.value = value{in.Arg, in.Bits}
	c.shape = inside
	most, v := c.most(), in.Value
	switch in.Op {
	case seccomp.OpEqualTo:
		c.a, c.b = v, v
	case seccomp.OpNotEqual:
		c.a, c.b, c.shape = v, v, outside
	case seccomp.OpLessEqual:
		c.b = v
	case seccomp.OpLessThan:
		c.a, c.shape, c.b = v, outside, most
	case seccomp.OpGreaterEqual:
		c.a, c.b = v, most
	case seccomp.OpGreaterThan:
		c.b, c.shape = v, outside
	case seccomp.OpMaskedEqual:
		c.a, c.b, c.shape = v&most, in.ValueTwo&v, masked
		switch free := most &^ v; {
		case c.b > most:
			return c, true, false, nil
		case free&(free+1) == 0: // the mask is the upper bits: one range
			c.a, c.b, c.shape = c.b, c.b|free, inside
		}
	default:
		return c, false, false, fmt.Errorf("unknown operator %v", in.Op)
	}
	if c.shape == masked {
		return c, false, false, nil
	}

	// A range is cut to what the value can be; one that is empty or holds
	// everything decides by itself.
	empty := c.a > c.b || c.a > most
	c.b = min(c.b, most)
	switch {
	case empty:
		return c, true, c.shape == outside, nil
	case c.a == 0 && c.b == most:
		return c, true, c.shape == inside, nil
	case c.shape == outside && c.a == 0:
		c.shape, c.a, c.b = inside, c.b+1, most
	case c.shape == outside && c.b == most:
		c.shape, c.a, c.b = inside, 0, c.a-1
	}
	return c, false, false, nil
}
