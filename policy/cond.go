package policy

import (
	"fmt"
	"slices"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// cond resolves condition i of a rule for an argument of the given width. A
// constant that the architecture does not have is a problem.
func (r *resolver) cond(rule *profile.Rule, i int, on seccomp.Arch, bits uint8) Cond {
	a := &rule.Args[i]
	value, valueTwo, ok := a.Operands(on)
	if !ok {
		c := &a.Named.Value
		key := "value"
		if _, has := c.On[on]; has || c.Text == "" {
			c, key = &a.Named.ValueTwo, "valueTwo"
		}
		problem := r.profile.Problem(c.Pos, fmt.Sprintf("syscalls[%d].args[%d].%s", rule.Index, i, key),
			fmt.Sprintf("%s does not have %s", on.Name(), c.Text), "write the number, or leave the architecture out")
		if !slices.Contains(r.problems, problem) {
			r.problems = append(r.problems, problem)
		}
	}
	return newCond(a, value, valueTwo, bits)
}

// newCond makes a condition on an argument of the given width.
//
// A value that is the 64-bit sign extension of a negative number of the
// argument's type means that number: people write -1 as 0xffffffffffffffff. Any
// other value that is too wide stays as it is, and compares as the number it
// is: never equal, always greater.
func newCond(a *profile.Arg, value, valueTwo uint64, bits uint8) Cond {
	c := Cond{Arg: a.Index, Bits: bits, Op: a.Op, Value: narrow(value, bits)}
	if a.Op == seccomp.OpMaskedEqual {
		c.ValueTwo = narrow(valueTwo, bits)
	}
	return c
}

// narrow undoes a sign extension to 64 bits.
func narrow(v uint64, bits uint8) uint64 {
	if bits == 64 {
		return v
	}
	if shifted := int64(v) >> (bits - 1); shifted == -1 {
		return v & (1<<bits - 1)
	}
	return v
}

// disjoint reports that no call satisfies both lists of conditions, when that
// is plain: it looks at one pair of conditions at a time and says false where it
// cannot tell. It serves notes, not decisions.
func disjoint(a, b []Cond) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Arg == y.Arg && excludes(x, y) {
				return true
			}
		}
	}
	return false
}

// excludes reports that two conditions on one argument cannot both hold.
func excludes(x, y Cond) bool {
	switch {
	case x.Op == seccomp.OpEqualTo:
		return !y.Op.Holds(x.Value, y.Value, y.ValueTwo)
	case y.Op == seccomp.OpEqualTo:
		return excludes(y, x)
	case x.Op == seccomp.OpMaskedEqual && y.Op == seccomp.OpMaskedEqual:
		common := x.Value & y.Value
		return x.ValueTwo&common != y.ValueTwo&common
	}
	xl, xh, ok := bounds(x)
	yl, yh, ok2 := bounds(y)
	return ok && ok2 && (xh < yl || yh < xl)
}

// bounds returns the least and the greatest value that satisfy an order; ok is
// false for conditions that are none, or that nothing satisfies.
func bounds(c Cond) (low, high uint64, ok bool) {
	const most = ^uint64(0)
	switch c.Op {
	case seccomp.OpLessThan:
		return 0, c.Value - 1, c.Value > 0
	case seccomp.OpLessEqual:
		return 0, c.Value, true
	case seccomp.OpGreaterThan:
		return c.Value + 1, most, c.Value < most
	case seccomp.OpGreaterEqual:
		return c.Value, most, true
	}
	return 0, 0, false
}
