package corpus

import (
	"bytes"
	"testing"

	"github.com/weir-dev/weir"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/decompile"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

var facts = seccomp.Facts{
	Arch:   seccomp.ArchX86_64,
	Kernel: seccomp.KernelVersion{Major: 6, Minor: 18},
	Caps:   seccomp.DefaultCaps,
}

func TestEveryProfileOfTheCorpusCompilesAndIsProved(t *testing.T) {
	all := Profiles()
	if len(all) < 40 {
		t.Errorf("there are only %d", len(all))
	}
	for _, c := range all {
		p, err := profile.Parse(c.Name, c.JSON, profile.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if _, err := weir.Compile(p, facts, weir.Options{}); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

func TestEveryProfileOfTheCorpusComesBackFromItsProgram(t *testing.T) {
	for _, c := range Profiles() {
		p, err := profile.Parse(c.Name, c.JSON, profile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := weir.Compile(p, facts, weir.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := decompile.Filters(facts.Arch, []bpf.Program{compiled.Program}, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		if r.Undecided != "" || len(r.Losses) > 0 {
			t.Errorf("%s: %s%+v", c.Name, r.Undecided, r.Losses)
			continue
		}
		if n := len(r.Profile.Rules); n > len(p.Rules)+2 {
			t.Errorf("%s: %d rules, the original has %d", c.Name, n, len(p.Rules))
		}
		again, err := weir.Compile(r.Profile, facts, weir.Options{})
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if proof := verify.Program(compiled.Policy, again.Program, weir.ProofSteps); proof.Verdict != verify.Equal {
			t.Errorf("%s: %+v", c.Name, proof)
		}
	}
}

func TestTheCorpusIsTheSameEveryTime(t *testing.T) {
	again := Profiles()
	for i, c := range Profiles() {
		if c.Name != again[i].Name || !bytes.Equal(c.JSON, again[i].JSON) {
			t.Errorf("%s is not", c.Name)
		}
	}
}
