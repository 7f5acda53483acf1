package corpus

import (
	"bytes"
	"testing"

	"github.com/weir-dev/weir"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
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

func TestTheCorpusIsTheSameEveryTime(t *testing.T) {
	again := Profiles()
	for i, c := range Profiles() {
		if c.Name != again[i].Name || !bytes.Equal(c.JSON, again[i].JSON) {
			t.Errorf("%s is not", c.Name)
		}
	}
}
