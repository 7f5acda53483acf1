package compile_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// hostile are policies made to take long, and whether they fit into a program.
var hostile = []struct {
	name string
	fits bool
	make func(r *rand.Rand) *policy.Policy
}{
	{"64,000 values of one argument that make one range", true, func(*rand.Rand) *policy.Policy {
		return one(many(64000, func(i int) policy.Rule { return allowIf(cond(0, seccomp.OpEqualTo, uint64(i), 0)) }))
	}},
	{"64,000 values of one argument with gaps", false, func(*rand.Rand) *policy.Policy {
		return one(many(64000, func(i int) policy.Rule { return allowIf(cond(0, seccomp.OpEqualTo, uint64(3*i), 0)) }))
	}},
	{"64,000 nested ranges of different actions", false, func(*rand.Rand) *policy.Policy {
		return one(many(64000, func(i int) policy.Rule {
			return policy.Rule{
				Return: seccomp.ReturnErrno(seccomp.Errno(i % 4000)),
				Conds:  []policy.Cond{cond(0, seccomp.OpGreaterEqual, uint64(64000-i), 0), cond(0, seccomp.OpLessEqual, uint64(64000+i), 0)},
			}
		}))
	}},
	{"64,000 equal rules", true, func(*rand.Rand) *policy.Policy {
		return one(many(64000, func(int) policy.Rule { return allowIf(cond(3, seccomp.OpMaskedEqual, 0xff0f, 1)) }))
	}},
	{"64,000 rules of overlapping masks on six arguments", false, func(r *rand.Rand) *policy.Policy {
		return one(many(64000, func(int) policy.Rule { return randomMasks(r) }))
	}},
	{"300 rules of overlapping masks on six arguments", false, func(r *rand.Rand) *policy.Policy {
		return one(many(300, func(int) policy.Rule { return randomMasks(r) }))
	}},
	{"100 rules of overlapping masks on six arguments", true, func(r *rand.Rand) *policy.Policy {
		return one(many(100, func(int) policy.Rule { return randomMasks(r) }))
	}},
	{"500 calls with 128 rules of overlapping masks each", false, func(r *rand.Rand) *policy.Policy {
		lists := make([][]policy.Rule, 500)
		for i := range lists {
			lists[i] = many(128, func(int) policy.Rule { return randomMasks(r) })
		}
		return one(lists...)
	}},
	{"80 rules of overlapping ranges on six arguments", true, func(r *rand.Rand) *policy.Policy {
		return one(many(80, func(int) policy.Rule { return randomRanges(r) }))
	}},
	{"500 calls with 128 rules of overlapping ranges each", false, func(r *rand.Rand) *policy.Policy {
		lists := make([][]policy.Rule, 500)
		for i := range lists {
			lists[i] = many(128, func(int) policy.Rule { return randomRanges(r) })
		}
		return one(lists...)
	}},
	{"60,000 numbers with answers of their own", false, func(*rand.Rand) *policy.Policy {
		lists := make([][]policy.Rule, 60000)
		for i := range lists {
			lists[i] = []policy.Rule{{Return: seccomp.ReturnErrno(seccomp.Errno(i % 4000))}}
		}
		return one(lists...)
	}},
}

func randomMasks(r *rand.Rand) policy.Rule {
	var rule policy.Rule
	for arg := range uint8(6) {
		rule.Conds = append(rule.Conds, cond(arg, seccomp.OpMaskedEqual, r.Uint64(), r.Uint64()))
	}
	rule.Return = returns[r.IntN(len(returns))]
	return rule
}

func randomRanges(r *rand.Rand) policy.Rule {
	var rule policy.Rule
	for arg := range uint8(6) {
		rule.Conds = append(rule.Conds, cond(arg, seccomp.Ops[r.IntN(6)], uint64(r.IntN(50)), 0))
	}
	rule.Return = returns[r.IntN(len(returns))]
	return rule
}

func TestHostilePoliciesAreCompiledOrRefusedWithinBounds(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			p := h.make(r)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			prog, err := compile.Program(p)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%v, %d MB allocated, %d instructions, %v", took, allocated, len(prog), err)

			if allocated > 256 {
				t.Errorf("it allocated %d MB", allocated)
			}
			var long *compile.TooLong
			switch {
			case h.fits && err != nil:
				t.Errorf("error %v, want none", err)
			case !h.fits && !errors.As(err, &long):
				t.Errorf("%d instructions and error %v, want a *TooLong", len(prog), err)
			case h.fits:
				if err := prog.Check(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestTheErrorNamesTheCallsAndRulesThatCostMost(t *testing.T) {
	long := many(3000, func(i int) policy.Rule { return allowIf(cond(0, seccomp.OpEqualTo, uint64(3*i), 0)) })
	longer := many(5000, func(i int) policy.Rule { return allowIf(cond(1, seccomp.OpEqualTo, uint64(5*i), 0)) })
	short := many(1, func(int) policy.Rule { return allowIf(cond(0, seccomp.OpEqualTo, 0, 0)) })
	_, err := compile.Program(one(long, short, longer))
	var e *compile.TooLong
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want a *TooLong", err)
	}
	if len(e.Calls) != 3 || e.Calls[0].Name != "open" || e.Calls[1].Name != "read" || e.Calls[2].Name != "write" {
		t.Errorf("calls %+v, want open, read, write", e.Calls)
	}
	if n := len(e.Calls[0].Rules); n != 5000 {
		t.Errorf("open has %d rules, want 5000", n)
	}
	for _, part := range []string{fmt.Sprint(bpf.MaxLen), "most are for open on x86_64: ", " (5000 rules, 0 to 4999)", "write on x86_64: 4 (rule 0)"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
}
