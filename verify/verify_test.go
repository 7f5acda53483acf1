package verify_test

import (
	"math/rand/v2"
	"testing"

	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/verify"
)

const budget = 1_000_000

// The shapes of random policies, from those that look like profiles to those
// that no one writes.
var shapes = map[string]shape{
	"numbers alone":              {abis: 4, rows: 8, rules: 1, conds: 1, args: 1},
	"one argument":               {abis: 3, rows: 6, rules: 6, conds: 1, args: 1},
	"several arguments":          {abis: 2, rows: 4, rules: 4, conds: 3, args: 6},
	"masks and narrow arguments": {abis: 2, rows: 4, rules: 4, conds: 3, args: 3, masks: true},
	"many rules":                 {abis: 1, rows: 2, rules: 12, conds: 2, args: 2, masks: true},
}

func TestARandomPolicyEqualsItsReferenceProgram(t *testing.T) {
	for name, s := range shapes {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			steps := 0
			for i := range 400 {
				pol := randomPolicy(r, s)
				prog := compileNaively(pol)
				got := verify.Program(pol, prog, budget)
				if got.Verdict != verify.Equal {
					t.Fatalf("policy %d: %v %s, witness %+v: want %v, got %v after %d steps\n%+v", i, got.Verdict, got.Reason, got.Witness, got.Want, got.Got, got.Steps, pol)
				}
				steps = max(steps, got.Steps)
			}
			t.Logf("at most %d steps", steps)
		})
	}
}

// What the compiler makes of them shares tests and tails, and is proved too.
func TestARandomPolicyEqualsItsCompiledProgram(t *testing.T) {
	for name, s := range shapes {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(11, 12))
			steps := 0
			for i := range 200 {
				pol := randomPolicy(r, s)
				prog, err := compile.Program(pol)
				if err != nil {
					continue // too long
				}
				got := verify.Program(pol, prog, budget)
				if got.Verdict != verify.Equal {
					t.Fatalf("policy %d: %v %s, witness %+v: want %v, got %v after %d steps\n%+v", i, got.Verdict, got.Reason, got.Witness, got.Want, got.Got, got.Steps, pol)
				}
				steps = max(steps, got.Steps)
			}
			t.Logf("at most %d steps", steps)
		})
	}
}
