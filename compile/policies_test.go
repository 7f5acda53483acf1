package compile_test

import (
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// one returns a policy of x86_64 in which number i has lists[i], and all others
// fail.
func one(lists ...[]policy.Rule) *policy.Policy {
	fail := []policy.Rule{{Return: seccomp.ReturnErrno(1), Why: policy.WhyDefault}}
	abi := policy.ABI{Audit: seccomp.ArchX86_64.Audit()}
	for i, list := range lists {
		nr := seccomp.Nr(i)
		abi.Rows = append(abi.Rows, policy.Row{
			First: nr, Last: nr, Arch: seccomp.ArchX86_64, Named: true, Rules: append(slices.Clip(list), fail...),
		})
	}
	abi.Rows = append(abi.Rows, policy.Row{First: seccomp.Nr(len(lists)), Last: 1<<32 - 1, Arch: seccomp.ArchX86_64, Rules: fail})
	return &policy.Policy{
		Native: seccomp.ArchX86_64, ABIs: []policy.ABI{abi},
		Foreign: policy.Rule{Return: seccomp.ActKillThread.Return(), Why: policy.WhyForeign},
	}
}

// allowIf is a rule that allows a call.
func allowIf(conds ...policy.Cond) policy.Rule {
	return policy.Rule{Return: seccomp.ActAllow.Return(), Conds: conds}
}

// cond is a condition on all 64 bits of an argument.
func cond(arg uint8, op seccomp.Op, value, two uint64) policy.Cond {
	return policy.Cond{Arg: arg, Bits: 64, Op: op, Value: value, ValueTwo: two}
}

// many returns n rules, with the numbers from 0 on as where they come from.
func many(n int, rule func(i int) policy.Rule) []policy.Rule {
	rules := make([]policy.Rule, n)
	for i := range rules {
		rules[i] = rule(i)
		rules[i].Origin = int32(i)
	}
	return rules
}
