package verify_test

import (
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// Differences that lie in one small part of the input, where a prover that takes
// a short cut too many would miss them.
func TestADifferenceInOnePartIsFound(t *testing.T) {
	const allow = uint32(seccomp.ActAllow)
	yes, no := policy.Rule{Return: seccomp.ActAllow.Return()}, policy.Rule{Return: seccomp.ReturnErrno(1)}
	one := policy.Cond{Arg: 0, Bits: 32, Op: seccomp.OpEqualTo, Value: 1}
	notOne := policy.Cond{Arg: 0, Bits: 32, Op: seccomp.OpNotEqual, Value: 1}
	two := policy.Cond{Arg: 1, Bits: 32, Op: seccomp.OpEqualTo, Value: 2}
	if1 := func(conds ...policy.Cond) policy.Rule { return policy.Rule{Conds: conds, Return: yes.Return} }
	both := []policy.Rule{yes}
	for _, test := range []struct {
		name string
		rows []policy.Row
		prog bpf.Program
	}{
		{"the first condition of a rule holds and the second does not", []policy.Row{
			{Last: 1<<32 - 1, Rules: []policy.Rule{if1(one, two), if1(notOne), no}},
		}, bpf.Program{bpf.Ret(yes.Return)}},
		{"the second of two rows with the same rules, where the word depends on the number", []policy.Row{
			{Last: 15, Rules: both}, {First: 16, Last: 1<<32 - 1, Rules: both},
		}, bpf.Program{
			bpf.LoadAbs(seccomp.OffsetArch), bpf.JumpIf(bpf.OpJeq, uint32(seccomp.ArchX86_64.Audit()), 1, 0), bpf.Ret(yes.Return),
			bpf.LoadAbs(seccomp.OffsetNr), {Op: bpf.OpRsh, K: 4}, {Op: bpf.OpAdd, K: allow}, {Op: bpf.OpRetA},
		}},
		{"the last number of all", []policy.Row{
			{Last: 1<<32 - 2, Rules: both}, {First: 1<<32 - 1, Last: 1<<32 - 1, Rules: []policy.Rule{no}},
		}, bpf.Program{bpf.Ret(yes.Return)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pol := &policy.Policy{Native: seccomp.ArchX86_64, Foreign: yes,
				ABIs: []policy.ABI{{Audit: seccomp.ArchX86_64.Audit(), Rows: test.rows}}}
			got := verify.Program(pol, test.prog, budget)
			if got.Verdict != verify.Different || !differ(pol, test.prog, &got.Witness) {
				t.Errorf("got %v %s, want a difference", got.Verdict, got.Reason)
			}
		})
	}

	// And the one part that no listed architecture is in.
	pol := &policy.Policy{Native: seccomp.ArchX86_64, Foreign: no,
		ABIs: []policy.ABI{{Audit: seccomp.ArchX86_64.Audit(), Rows: []policy.Row{{Last: 1<<32 - 1, Rules: both}}}}}
	if got := verify.Program(pol, bpf.Program{bpf.Ret(yes.Return)}, budget); got.Verdict != verify.Different {
		t.Errorf("foreign architectures: got %v %s, want a difference", got.Verdict, got.Reason)
	}
}
