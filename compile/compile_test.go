package compile_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// agree fails the test if the compiled program and the policy differ on an input.
func agree(t *testing.T, r *rand.Rand, p *policy.Policy) {
	t.Helper()
	prog, err := compile.Program(p)
	if long := (*compile.TooLong)(nil); errors.As(err, &long) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := compile.Program(p); !slices.Equal(prog, again) {
		t.Fatal("the same policy yields two programs")
	}
	if err := prog.Check(); err != nil {
		t.Fatalf("the kernel would refuse the program: %v", err)
	}
	order := p.Native.ByteOrder()
	for _, d := range inputs(r, p) {
		_, rule := p.Eval(&d)
		got, _, err := prog.Run(&d, order)
		if err != nil || got != rule.Return {
			t.Fatalf("%+v: the program returns %v (%v), the policy says %v\n%s", d, got, err, rule.Return, prog.Disassemble(order, nil))
		}
		if row := p.ABI(d.Arch); row != nil {
			rules := row.Row(d.Nr).Rules
			if c, ok := prog.Constant(d.Nr, d.Arch); len(rules) == 1 && (!ok || c != rule.Return) {
				t.Fatalf("%+v: the kernel's emulator yields %v, %v; the number always returns %v", d, c, ok, rule.Return)
			}
		}
	}
}

func TestRandomPoliciesAndTheirProgramsAgree(t *testing.T) {
	for seed := range uint64(400) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			agree(t, r, randomPolicy(r))
		})
	}
}

func FuzzProgram(f *testing.F) {
	f.Add(uint64(0), uint64(1))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		r := rand.New(rand.NewPCG(a, b))
		agree(t, r, randomPolicy(r))
	})
}

// Where x86 and x32 mean exactly what x86_64 does, one tree serves all three.
func TestArchitecturesThatMeanTheSameShareOneTree(t *testing.T) {
	p := one(
		many(3, func(i int) policy.Rule { return allowIf(cond(0, seccomp.OpEqualTo, uint64(i*i), 0)) }),
		nil,
		many(1, func(int) policy.Rule { return allowIf() }),
	)
	alone, err := compile.Program(p)
	if err != nil {
		t.Fatal(err)
	}
	x86 := p.ABIs[0].Rows
	both := slices.Clone(x86)
	both[len(both)-1].Last = 1<<30 - 1
	for _, row := range x86 {
		row.First += 1 << 30
		row.Last = max(row.Last, row.Last+1<<30)
		both = append(both, row)
	}
	p.ABIs = []policy.ABI{{Audit: seccomp.ArchX86.Audit(), Rows: x86}, {Audit: seccomp.ArchX86_64.Audit(), Rows: both}}
	agree(t, rand.New(rand.NewPCG(0, 0)), p)
	all, err := compile.Program(p)
	if err != nil {
		t.Fatal(err)
	}
	if more := len(all) - len(alone); more > 8 {
		t.Errorf("%d instructions more for x86 and x32, want at most 8:\n%s", more, all.Disassemble(seccomp.LittleEndian, nil))
	}
}

func TestAPolicyThatIsNotWellFormedIsAnError(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(p *policy.Policy)
		want   string
	}{
		{"rows with a gap", func(p *policy.Policy) { p.ABIs[0].Rows[1].First++ }, "row 1 starts at number 2, not at 1"},
		{"rows that end early", func(p *policy.Policy) { p.ABIs[0].Rows[1].Last-- }, "end before number 4294967295"},
		{"no rows", func(p *policy.Policy) { p.ABIs[0].Rows = nil }, "end before number 0"},
		{"a row without rules", func(p *policy.Policy) { p.ABIs[0].Rows[0].Rules = nil }, "number 0: no rule applies to every call"},
		{"a last rule with conditions", func(p *policy.Policy) { p.ABIs[0].Rows[0].Rules = p.ABIs[0].Rows[0].Rules[:1] }, "number 0: no rule applies to every call"},
		{"an argument that no call has", func(p *policy.Policy) { p.ABIs[0].Rows[0].Rules[0].Conds[0].Arg = 6 }, "condition on 64 bits of argument 6"},
		{"a width that no argument has", func(p *policy.Policy) { p.ABIs[0].Rows[0].Rules[0].Conds[0].Bits = 8 }, "condition on 8 bits of argument 0"},
		{"an unknown operator", func(p *policy.Policy) { p.ABIs[0].Rows[0].Rules[0].Conds[0].Op = 99 }, "unknown operator"},
		{"without the native architecture", func(p *policy.Policy) { p.Native = seccomp.ArchAARCH64 }, "SCMP_ARCH_AARCH64, is not in it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := one(many(1, func(int) policy.Rule { return allowIf(cond(0, seccomp.OpEqualTo, 1, 0)) }))
			test.change(p)
			prog, err := compile.Program(p)
			if err == nil || prog != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that says %q", err, test.want)
			}
		})
	}
}
