package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A TooLong says that a policy needs more instructions than the kernel takes in
// one filter, and which calls need most of them.
type TooLong struct {
	Calls []CallCost // the most expensive first, at most 5
}

// A CallCost is what the rules of one call cost.
type CallCost struct {
	Arch         seccomp.Arch
	Nr           seccomp.Nr
	Name         string  // empty for numbers that no rule names
	Rules        []int32 // where its rules come from, as Origin of [policy.Rule]; ascending
	Instructions int     // about
}

func (e *TooLong) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "compile policy: the program would be longer than the %d instructions that the kernel takes", bpf.MaxLen)
	for i, c := range e.Calls {
		if i == 0 {
			b.WriteString("; most are for ")
		} else {
			b.WriteString(", ")
		}
		name := c.Name
		if name == "" {
			name = fmt.Sprintf("number %d", c.Nr)
		}
		fmt.Fprintf(&b, "%s on %s: %d", name, c.Arch.Name(), c.Instructions)
		switch n := len(c.Rules); {
		case n == 1:
			fmt.Fprintf(&b, " (rule %d)", c.Rules[0])
		case n > 1:
			fmt.Fprintf(&b, " (%d rules, %d to %d)", n, c.Rules[0], c.Rules[n-1])
		}
	}
	return b.String()
}

// tooLong returns the error.
func (c *compiler) tooLong() *TooLong {
	vs := slices.Clone(c.verdicts.order)
	slices.SortStableFunc(vs, func(a, b *verdict) int { return b.size - a.size })
	e := &TooLong{}
	for _, v := range vs[:min(len(vs), 5)] {
		e.Calls = append(e.Calls, CallCost{
			Arch: v.row.Arch, Nr: v.row.First, Name: v.row.Call(v.row.First).String(), Rules: origins(v.row.Rules), Instructions: v.size,
		})
	}
	return e
}

func origins(rules []policy.Rule) []int32 {
	var from []int32
	for i := range rules {
		if w := rules[i].Why; w == policy.WhyRule || w == policy.WhyMultiplexed {
			from = append(from, rules[i].Origin)
		}
	}
	slices.Sort(from)
	return slices.Compact(from)
}
