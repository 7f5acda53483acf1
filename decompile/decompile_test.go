package decompile_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/decompile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

const budget = 1_000_000

// compiled takes a profile to its program.
func compiled(t testing.TB, p *profile.Profile, f seccomp.Facts) bpf.Program {
	t.Helper()
	pol, _, err := policy.Resolve(p, f, policy.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	prog, err := compile.Program(pol)
	if err != nil {
		t.Fatal(err)
	}
	return prog
}

func decompiled(t testing.TB, native seccomp.Arch, progs ...bpf.Program) *decompile.Result {
	t.Helper()
	r, err := decompile.Filters(native, progs, budget)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// again reads the text of a profile, and compiles it.
func again(t testing.TB, p *profile.Profile, native seccomp.Arch) bpf.Program {
	t.Helper()
	facts := seccomp.Facts{Arch: native}
	back, err := profile.Parse("again", p.MarshalOCI(facts), profile.Options{Dialect: profile.OCI})
	if err != nil {
		t.Fatalf("%v\n%s", err, text(p))
	}
	return compiled(t, back, facts)
}

// same fails unless two programs are proved to be equal.
func same(t testing.TB, native seccomp.Arch, a, b bpf.Program) {
	t.Helper()
	c := verify.Compare(native, verify.Subject{Filters: []bpf.Program{a}}, verify.Subject{Filters: []bpf.Program{b}}, 100*budget, 1)
	if c.Verdict != verify.Equal {
		t.Fatalf("%v: %+v %s", c.Verdict, c.Differences, c.Reason)
	}
}

func TestTheDefaultProfileComesBackOnEveryArchitecture(t *testing.T) {
	capabilities := []seccomp.Caps{seccomp.DefaultCaps, 0, seccomp.AllCaps}
	if testing.Short() {
		capabilities = capabilities[:1]
	}
	for _, a := range seccomp.Archs() {
		t.Run(a.Name(), func(t *testing.T) {
			for _, caps := range capabilities {
				facts := seccomp.Facts{Arch: a, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: caps}
				prog := compiled(t, profile.Default(), facts)
				r := decompiled(t, a, prog)
				if r.Undecided != "" || len(r.Losses) > 0 || len(r.Beyond) > 0 || r.Proof.Verdict != verify.Equal {
					t.Fatalf("%s %+v %+v", r.Undecided, r.Losses, r.Beyond)
				}
				rules, _ := profile.Default().Flatten(facts)
				if len(r.Profile.Rules) > len(rules) {
					t.Errorf("%d rules, the original has %d", len(r.Profile.Rules), len(rules))
				}
				second := again(t, r.Profile, a)
				same(t, a, prog, second)
				if more := decompiled(t, a, second); !bytes.Equal(more.Profile.Marshal(), r.Profile.Marshal()) {
					t.Errorf("its program does not come back the same:\n%s\n%s", text(r.Profile), text(more.Profile))
				}
			}
		})
	}
}

// What weir cannot say again are conditions of more than 32 bits on calls of two
// ABIs; what it cannot prove in time, many overlapping masks.
func TestRandomProfilesComeBack(t *testing.T) {
	n, most := 80, 5
	if testing.Short() {
		n = 10
	}
	failed := 0
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		native := natives[r.IntN(len(natives))]
		p := randomProfile(r, native)
		prog := compiled(t, p, seccomp.Facts{Arch: native})
		got := decompiled(t, native, prog)
		if got.Undecided != "" || len(got.Losses) > 0 {
			t.Logf("profile %d on %s: %s%+v", i, native.Name(), got.Undecided, got.Losses)
			failed++
			continue
		}
		same(t, native, prog, again(t, got.Profile, native))
	}
	if failed > most {
		t.Errorf("%d of %d did not", failed, n)
	}
}
