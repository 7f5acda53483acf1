package syscalls

import (
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

func TestEveryCallIsFoundByItsNameAndByItsNumber(t *testing.T) {
	n := 0
	for c := range Calls() {
		n++
		if got, ok := Lookup(c.String()); !ok || got != c {
			t.Errorf("Lookup(%q) = %v, %v", c, got, ok)
		}
		for _, a := range seccomp.Archs() {
			nr, ok := c.Nr(a)
			if !ok {
				continue
			}
			if got, ok := At(a, nr); !ok || got != c {
				t.Errorf("At(%s, %d) = %q, %v; Nr of %q is that number", a.Name(), nr, got, ok, c)
			}
		}
	}
	if n != Count() {
		t.Errorf("Calls yields %d calls, Count says %d", n, Count())
	}
}

func BenchmarkLookup(b *testing.B) {
	var list []string
	for c := range Calls() {
		list = append(list, c.String())
	}
	list = list[:371]
	archs := []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchX86, seccomp.ArchX32}
	b.ReportAllocs()
	for b.Loop() {
		for _, a := range archs {
			for _, s := range list {
				c, _ := Lookup(s)
				c.Nr(a)
			}
		}
	}
}
