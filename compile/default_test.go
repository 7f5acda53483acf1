package compile_test

import (
	"testing"

	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// docker resolves Docker's default profile.
func docker(t testing.TB, arch seccomp.Arch) *policy.Policy {
	t.Helper()
	p, _, err := policy.Resolve(profile.Default(), seccomp.Facts{
		Arch: arch, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps,
	}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDefault(t *testing.T) {
	p := docker(t, seccomp.ArchX86_64)
	prog, err := compile.Program(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := prog.Check(); err != nil {
		t.Fatal(err)
	}
	sum, worst := 0, 0
	for nr := seccomp.Nr(0); nr <= 470; nr++ {
		d := seccomp.Data{Nr: nr, Arch: seccomp.ArchX86_64.Audit()}
		r, steps, err := prog.Run(&d, seccomp.LittleEndian)
		if err != nil {
			t.Fatal(err)
		}
		_, want := p.Eval(&d)
		if r != want.Return {
			t.Errorf("nr %d: %v, want %v", nr, r, want.Return)
		}
		sum += steps
		worst = max(worst, steps)
	}
	t.Logf("length %d mean %.2f worst %d", len(prog), float64(sum)/471, worst)
	t.Log(prog.Disassemble(seccomp.LittleEndian, nil))
}

func BenchmarkDefault(b *testing.B) {
	p := docker(b, seccomp.ArchX86_64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compile.Program(p); err != nil {
			b.Fatal(err)
		}
	}
}
