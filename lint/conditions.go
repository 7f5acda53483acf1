package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// checkConditions holds each condition against what the kernel sees of the
// argument on the native architecture.
func (c *checker) checkConditions() {
	abi := c.policy.ABI(c.policy.Native.Audit())
	type place struct {
		rule int32
		pos  profile.Pos
	}
	seen := make(map[place]bool)
	for i := range abi.Rows {
		row := &abi.Rows[i]
		if row.Arch != c.policy.Native {
			continue
		}
		for j := range row.Rules {
			rule := &row.Rules[j]
			if rule.Why != policy.WhyRule {
				continue
			}
			written := &c.profile.Rules[rule.Origin]
			for _, cond := range rule.Conds {
				k := argOf(written, cond, row.Arch)
				if k < 0 {
					continue // of another file, with which this rule was combined
				}
				if at := (place{rule.Origin, written.Args[k].Pos}); !seen[at] {
					seen[at] = c.checkCondition(row.Call(row.First), written, k, cond)
				}
			}
		}
	}
}

// argOf finds the condition as it is written, or returns -1.
func argOf(r *profile.Rule, cond policy.Cond, on seccomp.Arch) int {
	keep := ^uint64(0) >> (64 - cond.Bits)
	return slices.IndexFunc(r.Args, func(a profile.Arg) bool {
		value, valueTwo, _ := a.Operands(on)
		return a.Index == cond.Arg && a.Op == cond.Op && value&keep == cond.Value&keep && (a.Op != seccomp.OpMaskedEqual || valueTwo&keep == cond.ValueTwo&keep)
	})
}

// checkCondition reports at most one thing about a condition, and whether it did.
func (c *checker) checkCondition(call syscalls.Call, r *profile.Rule, k int, cond policy.Cond) bool {
	at := path(r, fmt.Sprintf(".args[%d]", k))
	pos := r.Args[k].Pos
	name := call.String()
	args := call.Args(c.policy.Native)
	if args != nil && int(cond.Arg) >= len(args) {
		c.add(noArgument, Warning, pos, at, fmt.Sprintf("argument %d: %s takes %d on %s, so the condition is about what happens to be in a register", cond.Arg, name, len(args), c.policy.Native.Name()),
			"arguments are counted from 0")
		return true
	}
	what := fmt.Sprintf("argument %d of %s", cond.Arg, name)
	if args != nil {
		what += fmt.Sprintf(", %s %s,", args[cond.Arg].Type, args[cond.Arg].Name)
	}
	if verdict := alwaysOrNever(cond); verdict != "" {
		c.add(constant, Warning, pos, at, fmt.Sprintf("%s has %d bits, so the condition %s holds", what, cond.Bits, verdict), "compare with a value that the argument can have")
		return true
	}
	if args != nil && strings.Contains(args[cond.Arg].Type, "*") && cond.Value != 0 {
		c.add(pointer, Warning, pos, at, fmt.Sprintf("%s is a pointer: a filter sees the address, not what is there", what), "the address is the program's own choice; only a comparison with 0 says something")
		return true
	}
	return false
}

// alwaysOrNever tells the conditions that no argument or every one satisfies. A
// mask of 0 is another rule's.
func alwaysOrNever(c policy.Cond) string {
	most := ^uint64(0) >> (64 - c.Bits)
	never, always := false, false
	switch c.Op {
	case seccomp.OpEqualTo:
		never = c.Value > most
	case seccomp.OpNotEqual:
		always = c.Value > most
	case seccomp.OpLessThan:
		never, always = c.Value == 0, c.Value > most
	case seccomp.OpLessEqual:
		always = c.Value >= most
	case seccomp.OpGreaterThan:
		never = c.Value >= most
	case seccomp.OpGreaterEqual:
		never, always = c.Value > most, c.Value == 0
	case seccomp.OpMaskedEqual:
		want := c.Value & c.ValueTwo
		never = want > most
		always = c.Value != 0 && c.Value&most == 0 && want == 0
	}
	switch {
	case never:
		return "never"
	case always:
		return "always"
	}
	return ""
}

// checkMultiplexed finds conditions that socketcall and ipc go round: a filter
// cannot follow the pointer behind which the arguments are.
func (c *checker) checkMultiplexed() {
	type door struct {
		call, via syscalls.Call
		arch      seccomp.Arch
	}
	seen := make(map[door]bool)
	for _, i := range c.rules {
		r := &c.profile.Rules[i]
		if len(r.Args) == 0 {
			continue
		}
		for j, n := range r.Names {
			call, ok := syscalls.Lookup(n.Text)
			if !ok {
				continue
			}
			for _, a := range c.archs {
				via, arg0, ok := call.Multiplexed(a)
				if !ok || seen[door{call, via, a}] {
					continue
				}
				seen[door{call, via, a}] = true
				nr, _ := via.Nr(a)
				_, rule := c.policy.Eval(&seccomp.Data{Nr: nr, Arch: a.Audit(), Args: [6]uint64{arg0}})
				level, hint := Note, ""
				if rule.Why == policy.WhyMultiplexed && !denies(rule.Return) {
					level, hint = Warning, fmt.Sprintf("name %s in a rule of its own, and decide whether 32-bit programs need it", via)
				}
				c.add(multiplexed, level, n.Pos, path(r, fmt.Sprintf(".names[%d]", r.Written(j))),
					fmt.Sprintf("%s: %s also makes it through %s, where no condition can be checked: there it is %v", n.Text, a.Name(), via, rule.Return), hint)
			}
		}
	}
}
