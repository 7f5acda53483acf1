package compile_test

import (
	"math/rand/v2"
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

func TestDockersDefaultAndItsProgramAgreeOnEveryArchitecture(t *testing.T) {
	for _, arch := range seccomp.Archs() {
		t.Run(arch.Name(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(arch)))
			agree(t, r, docker(t, arch))
		})
	}
}

// The figures that the compiler is measured by: amd64 with x86 and x32.
func TestDockersDefaultIsShortAndShallow(t *testing.T) {
	p := docker(t, seccomp.ArchX86_64)
	prog, err := compile.Program(p)
	if err != nil {
		t.Fatal(err)
	}
	if len(prog) > 200 {
		t.Errorf("%d instructions, want at most 200", len(prog))
	}
	sum, worst := 0, 0
	for nr := range seccomp.Nr(471) {
		_, steps, _ := prog.Run(&seccomp.Data{Nr: nr, Arch: seccomp.ArchX86_64.Audit()}, seccomp.LittleEndian)
		sum += steps
		worst = max(worst, steps)
	}
	mean := float64(sum) / 471
	t.Logf("%d instructions; of x86_64's numbers up to 470, with arguments 0, executed %.2f on average, %d at worst", len(prog), mean, worst)
	if mean > 9.0 || worst > 19 {
		t.Errorf("executed %.2f on average, %d at worst; want at most 9.0 and 19", mean, worst)
	}
}

func TestEveryCallThatIsAlwaysAllowedIsCached(t *testing.T) {
	for _, arch := range seccomp.Archs() {
		p := docker(t, arch)
		prog, err := compile.Program(p)
		if err != nil {
			t.Fatal(err)
		}
		want := map[seccomp.Arch]int{}
		for _, abi := range p.ABIs {
			for _, row := range abi.Rows {
				if row.Named && row.Last < 0xf0000 && !row.First.X32() && len(row.Rules) == 1 && row.Rules[0].Return == seccomp.ActAllow.Return() {
					want[row.Arch] += int(row.Last-row.First) + 1
				}
			}
		}
		for _, s := range compile.Measure(p, prog).ABIs {
			if s.Cached != want[s.Arch] {
				t.Errorf("native %v: %d numbers of %v are cached, %d are always allowed", arch, s.Cached, s.Arch, want[s.Arch])
			}
		}
	}
}

func BenchmarkDockersDefault(b *testing.B) {
	p := docker(b, seccomp.ArchX86_64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compile.Program(p); err != nil {
			b.Fatal(err)
		}
	}
}
