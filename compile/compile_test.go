package compile_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
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
	for seed := range uint64(1000) {
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
