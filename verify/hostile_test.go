package verify_test

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// clauses encodes a formula in conjunctive form as a program: it returns allow
// if the bits of the first two arguments satisfy every clause. A literal is the
// number of a bit from 1 on, negative if the bit must be 0.
func clauses(formula [][3]int) bpf.Program {
	var prog bpf.Program
	for _, clause := range formula {
		prog = append(prog, bpf.Instruction{Op: bpf.OpLdImm}, bpf.Instruction{Op: bpf.OpSt})
		for _, literal := range clause {
			bit, want := literal-1, bpf.OpJset
			if literal < 0 {
				bit = -literal - 1
			}
			prog = append(prog, bpf.LoadAbs(seccomp.OffsetArgs+4*uint32(bit/32)))
			jt, jf := uint8(0), uint8(2)
			if literal < 0 {
				jt, jf = jf, jt
			}
			prog = append(prog, bpf.JumpIf(want, 1<<(bit%32), jt, jf),
				bpf.Instruction{Op: bpf.OpLdImm, K: 1}, bpf.Instruction{Op: bpf.OpSt})
		}
		prog = append(prog, bpf.Instruction{Op: bpf.OpLdMem}, bpf.JumpIf(bpf.OpJeq, 1, 1, 0), bpf.Ret(seccomp.ReturnErrno(1)))
	}
	return append(prog, bpf.Ret(seccomp.ActAllow.Return()))
}

func denyAll() *policy.Policy {
	return &policy.Policy{Native: seccomp.ArchX86_64, Foreign: policy.Rule{Return: seccomp.ReturnErrno(1)}}
}

// hostile are inputs that take more than their size suggests.
func hostile() map[string]struct {
	pol  *policy.Policy
	prog bpf.Program
} {
	r := rand.New(rand.NewPCG(7, 8))
	type input = struct {
		pol  *policy.Policy
		prog bpf.Program
	}
	inputs := map[string]input{}

	// Random formulas are hardest at 4.27 clauses a variable.
	var formula [][3]int
	for range 427 {
		var c [3]int
		for i := range c {
			c[i] = 1 + r.IntN(100)
			if r.IntN(2) == 0 {
				c[i] = -c[i]
			}
		}
		formula = append(formula, c)
	}
	inputs["a formula in the program"] = input{denyAll(), clauses(formula[:bpf.MaxLen/18])}

	pol := denyAll()
	var rules []policy.Rule
	for _, clause := range formula {
		rule := policy.Rule{Return: seccomp.ReturnErrno(1)}
		for _, literal := range clause {
			bit, want := literal-1, uint64(0)
			if literal < 0 {
				bit, want = -literal-1, ^want
			}
			rule.Conds = append(rule.Conds, policy.Cond{Arg: uint8(bit / 64), Bits: 64, Op: seccomp.OpMaskedEqual, Value: 1 << (bit % 64), ValueTwo: want})
		}
		rules = append(rules, rule)
	}
	rules = append(rules, policy.Rule{Return: seccomp.ActAllow.Return()})
	pol.ABIs = []policy.ABI{{Audit: 1, Rows: []policy.Row{{Last: 1<<32 - 1, Arch: seccomp.ArchX86_64, Rules: rules}}}}
	inputs["a formula in the policy"] = input{pol, bpf.Program{bpf.Ret(seccomp.ReturnErrno(1))}}

	// A product is a prime: the search must factor.
	inputs["a product of two arguments"] = input{denyAll(), bpf.Program{
		bpf.LoadAbs(16), {Op: bpf.OpOr, K: 2}, {Op: bpf.OpAnd, K: 0xffff}, {Op: bpf.OpTax},
		bpf.LoadAbs(24), {Op: bpf.OpOr, K: 2}, {Op: bpf.OpAnd, K: 0xffff}, {Op: bpf.OpMulX},
		bpf.JumpIf(bpf.OpJeq, 3000000019, 0, 1), bpf.Ret(0), bpf.Ret(seccomp.ReturnErrno(1)),
	}}

	// The value doubles as a tree and grows by one node as a graph.
	var doubling bpf.Program
	doubling = append(doubling, bpf.LoadAbs(16), bpf.And(0xffff0001))
	for range (bpf.MaxLen - 8) / 2 {
		doubling = append(doubling, bpf.Instruction{Op: bpf.OpTax}, bpf.Instruction{Op: bpf.OpMulX})
	}
	inputs["a value used twice, two thousand times"] = input{denyAll(), append(doubling, bpf.JumpIf(bpf.OpJeq, 12345, 0, 1), bpf.Ret(0), bpf.Ret(seccomp.ReturnErrno(1)))}

	// Every jump has two ways, and all meet again.
	var diamonds bpf.Program
	for i := range uint32(bpf.MaxLen/2 - 1) {
		diamonds = append(diamonds, bpf.LoadAbs(16+4*(i%12)), bpf.JumpIf(bpf.OpJset, 1<<(i/12%32), 0, 0))
		diamonds[len(diamonds)-1].Jf = 1
	}
	diamonds = append(diamonds, bpf.Ret(seccomp.ReturnErrno(1)), bpf.Ret(seccomp.ReturnErrno(1)))
	inputs["diamonds"] = input{denyAll(), diamonds}

	// Sets of thousands of spans, copied at every jump.
	var holes bpf.Program
	for i := range uint32(bpf.MaxLen/2 - 2) {
		holes = append(holes, bpf.LoadAbs(16+4*(i%12)), bpf.JumpIf(bpf.OpJeq, 2*i, 0, 0))
		holes[len(holes)-1].Jt = 1
	}
	holes = append(holes, bpf.Ret(seccomp.ReturnErrno(1)), bpf.Ret(seccomp.ReturnErrno(1)))
	inputs["holes"] = input{denyAll(), holes}

	// More rules than anyone writes, each of which cuts two pieces off.
	pol = denyAll()
	rules = nil
	for i := range uint64(300_000) {
		rules = append(rules, policy.Rule{Return: seccomp.ReturnErrno(1), Conds: []policy.Cond{{Bits: 64, Op: seccomp.OpEqualTo, Value: i<<32 | i}}})
	}
	impossible := policy.Cond{Bits: 16, Op: seccomp.OpEqualTo, Value: 1 << 16}
	rules = append(rules, policy.Rule{Conds: []policy.Cond{impossible}}, policy.Rule{Return: seccomp.ReturnErrno(1)})
	pol.ABIs = []policy.ABI{{Audit: 1, Rows: []policy.Row{{Last: 1<<32 - 1, Rules: rules}}}}
	inputs["many rules"] = input{pol, bpf.Program{bpf.Ret(seccomp.ReturnErrno(1))}}
	return inputs
}

func TestHostileInputsEndAtTheBudget(t *testing.T) {
	for name, in := range hostile() {
		t.Run(name, func(t *testing.T) {
			if err := in.prog.Check(); err != nil {
				t.Fatal(err)
			}
			const budget = 500_000
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			got := verify.Program(in.pol, in.prog, budget)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%v %s: %d steps, %v, %d MB allocated, %d MB of stack", got.Verdict, got.Reason, got.Steps, took, allocated, after.StackInuse>>20)
			if name == "a formula in the policy" && !strings.HasSuffix(got.Reason, ", at number 0 of x86_64, which has 428 rules") {
				t.Errorf("the reason does not name the call: %s", got.Reason)
			}
			if got.Verdict != verify.Undecided || !strings.Contains(got.Reason, "budget") && !strings.Contains(got.Reason, "divide") {
				t.Errorf("got %v %q, want undecided for want of budget", got.Verdict, got.Reason)
			}
			if got.Steps > budget+budget/10 || allocated > 64 || after.StackInuse > before.StackInuse+64<<20 {
				t.Error("that is more than the budget should buy")
			}
		})
	}
}

func TestWhatIsRefusedAtOnce(t *testing.T) {
	allow := policy.Rule{Return: seccomp.ActAllow.Return()}
	good := denyAll()
	ret := bpf.Program{bpf.Ret(seccomp.ReturnErrno(1))}
	withRows := func(rows ...policy.Row) *policy.Policy {
		pol := denyAll()
		pol.ABIs = []policy.ABI{{Audit: 1, Rows: rows}}
		return pol
	}
	twice := withRows(policy.Row{Last: 1<<32 - 1, Rules: []policy.Rule{allow}})
	twice.ABIs = append(twice.ABIs, twice.ABIs[0])
	never := policy.Cond{Arg: 6, Bits: 64, Op: seccomp.OpEqualTo}
	for _, test := range []struct {
		name   string
		pol    *policy.Policy
		prog   bpf.Program
		reason string
	}{
		{"no program", good, nil, "0 instructions"},
		{"a program that the kernel refuses", good, bpf.Program{{Op: bpf.OpLdAbs, K: 3}, ret[0]}, "multiple of 4"},
		{"an ABI twice", twice, ret, "ascending"},
		{"numbers without a row", withRows(policy.Row{First: 1, Last: 1<<32 - 1, Rules: []policy.Rule{allow}}), ret, "no answer for some calls with number 0"},
		{"a gap between rows", withRows(policy.Row{Last: 4, Rules: []policy.Rule{good.Foreign}}, policy.Row{First: 6, Last: 1<<32 - 1, Rules: []policy.Rule{allow}}), ret, "no answer for some calls with number 5"},
		{"a row without rules", withRows(policy.Row{Last: 1<<32 - 1}), ret, "no answer for some calls with number 0"},
		{"a last rule with conditions", withRows(policy.Row{Last: 1<<32 - 1, Rules: []policy.Rule{{Return: allow.Return,
			Conds: []policy.Cond{{Bits: 64, Op: seccomp.OpEqualTo, Value: 1}}}}}), ret, "number 0"},
		{"a condition on a seventh argument", withRows(policy.Row{Last: 1<<32 - 1, Rules: []policy.Rule{{Return: allow.Return,
			Conds: []policy.Cond{never}}, allow}}), ret, "argument 6"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := verify.Program(test.pol, test.prog, budget)
			if got.Verdict != verify.Undecided || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("got %v %q, want undecided because of %q", got.Verdict, got.Reason, test.reason)
			}
		})
	}
}
