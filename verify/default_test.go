package verify_test

import (
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// defaultPolicy resolves Docker's default profile.
func defaultPolicy(t testing.TB, arch seccomp.Arch) *policy.Policy {
	t.Helper()
	pol, _, err := policy.Resolve(profile.Default(), seccomp.Facts{
		Arch: arch, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps,
	}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return pol
}

// compileLinearly writes the program that libseccomp writes without its tree,
// and that most containers ran with for years: one comparison a number, in
// order.
func compileLinearly(pol *policy.Policy) bpf.Program {
	c := &reference{pol: pol}
	for _, abi := range pol.ABIs {
		var nextABI label
		c.emit(bpf.LoadAbs(seccomp.OffsetArch))
		c.branch(bpf.OpJeq, uint32(abi.Audit), &nextABI)
		c.emit(bpf.LoadAbs(seccomp.OffsetNr))
		var plain []seccomp.Nr
		var ret seccomp.Return // of plain
		flush := func() {
			for i, nr := range plain {
				c.emit(bpf.JumpIf(bpf.OpJeq, uint32(nr), uint8(len(plain)-i), 0))
			}
			if len(plain) > 0 {
				c.emit(bpf.Jump(1), bpf.Ret(ret))
			}
			plain = nil
		}
		byDefault := seccomp.ReturnErrno(1)
		for _, row := range abi.Rows {
			want := row.Rules[0].Return
			switch {
			case len(row.Rules) > 1:
				var nextRow label
				c.branch(bpf.OpJeq, uint32(row.First), &nextRow)
				for _, rule := range row.Rules {
					var nextRule label
					for _, cond := range rule.Conds {
						c.cond(cond, &nextRule)
					}
					c.emit(bpf.Ret(rule.Return))
					c.here(&nextRule)
				}
				c.here(&nextRow)
			case !row.Named && want != byDefault:
				flush()
				c.emit(bpf.JumpIf(bpf.OpJge, uint32(row.First), 0, 2), bpf.JumpIf(bpf.OpJgt, uint32(row.Last), 1, 0), bpf.Ret(want))
			case want != byDefault:
				for nr := row.First; nr <= row.Last; nr++ {
					if len(plain) == 200 || ret != want {
						flush()
					}
					plain, ret = append(plain, nr), want
				}
			}
		}
		flush()
		c.emit(bpf.Ret(byDefault))
		c.here(&nextABI)
	}
	c.emit(bpf.Ret(pol.Foreign.Return))
	return c.prog
}

func compiled(t testing.TB, pol *policy.Policy) bpf.Program {
	t.Helper()
	prog, err := compile.Program(pol)
	if err != nil {
		t.Fatal(err)
	}
	return prog
}

func TestTheDefaultProfileIsProvedOnEveryArchitecture(t *testing.T) {
	for _, arch := range seccomp.Archs() {
		if arch == seccomp.ArchX32 {
			continue // no kernel's native one
		}
		t.Run(arch.Name(), func(t *testing.T) {
			pol := defaultPolicy(t, arch)
			for name, prog := range map[string]bpf.Program{"compiled": compiled(t, pol), "linear": compileLinearly(pol)} {
				got := verify.Program(pol, prog, budget)
				if got.Verdict != verify.Equal {
					t.Errorf("%s: %v %s: %+v: want %v, got %v", name, got.Verdict, got.Reason, got.Witness, got.Want, got.Got)
				}
				t.Logf("%s: %d instructions, %d steps", name, len(prog), got.Steps)
			}
		})
	}
}

func BenchmarkDefault(b *testing.B) {
	pol := defaultPolicy(b, seccomp.ArchX86_64)
	for _, c := range []struct {
		name string
		prog bpf.Program
	}{{"compiled", compiled(b, pol)}, {"linear", compileLinearly(pol)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r := verify.Program(pol, c.prog, budget); r.Verdict != verify.Equal {
					b.Fatalf("%+v", r)
				}
			}
			b.ReportMetric(float64(len(c.prog)), "instructions")
		})
	}
}
