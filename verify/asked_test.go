package verify_test

import (
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// Calls that share their rules lead to one block of a program, which is proved once.
// What looks like that and is not must not pass.
func TestABlockForSeveralCalls(t *testing.T) {
	onlyIf := func(value uint64) []policy.Rule {
		return []policy.Rule{
			{Conds: []policy.Cond{{Arg: 0, Bits: 32, Op: seccomp.OpEqualTo, Value: value}}, Return: seccomp.ActAllow.Return()},
			{Return: seccomp.ReturnErrno(1)},
		}
	}
	// Of x86_64's numbers, 1 and 2 are allowed if their first argument is 2, and 3
	// is if it is 3. All else fails.
	two, three, deny := onlyIf(2), onlyIf(3), []policy.Rule{{Return: seccomp.ReturnErrno(1)}}
	pol := &policy.Policy{Native: seccomp.ArchX86_64, Foreign: deny[0], ABIs: []policy.ABI{{
		Audit: seccomp.ArchX86_64.Audit(),
		Rows: []policy.Row{
			{First: 0, Last: 0, Rules: deny}, {First: 1, Last: 1, Rules: two}, {First: 2, Last: 2, Rules: two},
			{First: 3, Last: 3, Rules: three}, {First: 4, Last: 1<<32 - 1, Rules: deny},
		},
	}}}
	const (
		begin = `
			ld [arch]
			jeq #0xc000003e, next, L0
			ld [nr]
`
		end = `
			LB: ld [args[0].lo]
			jeq #2, L1, L0
			LC: ld [args[0].lo]
			jeq #3, L1, L0
			L1: ret allow
			L0: ret errno EPERM
`
	)
	for _, test := range []struct {
		name, text string
		want       verify.Verdict
	}{
		{"one block for the same rules", begin + `
			jeq #1, LB, next
			jeq #2, LB, next
			jeq #3, LC, L0` + end, verify.Equal},
		{"the block is wrong", begin + `
			jeq #1, LC, next
			jeq #2, LC, next
			jeq #3, LC, L0` + end, verify.Different},
		{"the same block for other rules", begin + `
			jeq #1, LB, next
			jeq #2, LB, next
			jeq #3, LB, L0` + end, verify.Different},
		{"another block for the same rules", begin + `
			jeq #1, LB, next
			jeq #2, LC, next
			jeq #3, LC, L0` + end, verify.Different},
		{"the block is right after a look at the argument", begin + `
			jeq #1, LA, next
			jeq #2, LD, next
			jeq #3, LC, L0
			LA: ld [args[0].lo]
			jeq #2, L1, LD
			LD: ld [args[0].lo]
			jeq #9, L0, L0` + end, verify.Different},
		{"the block is right after a look at some bits of the argument", begin + `
			jeq #1, LA, next
			jeq #2, LD, next
			jeq #3, LC, L0
			LA: ld [args[0].lo]
			and #6
			jeq #2, LB, LD
			LD: ld [args[0].lo]
			jeq #9, L0, L0` + end, verify.Different},
		{"the block looks at the number", begin + `
			jeq #1, LN, next
			jeq #2, LN, next
			jeq #3, LC, L0
			LN: ld [args[0].lo]
			jeq #2, next, L0
			ld [nr]
			jeq #1, L1, L0` + end, verify.Different},
		{"the block looks at the number in the index register", begin + `
			tax
			jeq #1, LN, next
			jeq #2, LN, next
			jeq #3, LC, L0
			LN: ld [args[0].lo]
			jeq #2, next, L0
			txa
			jeq #1, L1, L0` + end, verify.Different},
		{"the block looks at the number in memory", begin + `
			st M[5]
			jeq #1, LN, next
			jeq #2, LN, next
			jeq #3, LC, L0
			LN: ld [args[0].lo]
			jeq #2, next, L0
			ld M[5]
			jeq #1, L1, L0` + end, verify.Different},
		{"two numbers in one go", begin + `
			jeq #3, LC, next
			jge #3, L0, next
			jeq #0, L0, LB` + end, verify.Equal},
	} {
		t.Run(test.name, func(t *testing.T) {
			prog, err := bpf.Assemble(withLabels(test.text), seccomp.LittleEndian)
			if err != nil {
				t.Fatal(err)
			}
			got := verify.Program(pol, prog, budget)
			if got.Verdict != test.want {
				t.Errorf("%v %s: witness %+v: want %v, got %v", got.Verdict, got.Reason, got.Witness, got.Want, got.Got)
			}
		})
	}
}
