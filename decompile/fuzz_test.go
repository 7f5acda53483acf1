package decompile_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/decompile"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"github.com/weir-dev/weir/verify"
)

// x86 are the facts of most programs here.
var x86 = seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}

// holds runs a program on some inputs and compares what it answers with what was
// read, apart from any proof.
func holds(t *testing.T, prog bpf.Program, got *decompile.Result, r *rand.Rand) {
	t.Helper()
	var compiled bpf.Program
	if got.Undecided == "" && len(got.Losses) == 0 {
		compiled = again(t, got.Profile, seccomp.ArchX86_64)
	}
	for range 200 {
		d := randomInput(r, prog)
		word, _, err := prog.Run(&d, seccomp.LittleEndian)
		if err != nil {
			t.Fatal(err)
		}
		if compiled != nil {
			if second, _, _ := compiled.Run(&d, seccomp.LittleEndian); verify.Effect(second) != verify.Effect(word) {
				t.Fatalf("to %+v the program answers %v, the profile %v\n%s", d, word, second, text(got.Profile))
			}
		}
		if row, rule := got.Policy.Eval(&d); verify.Effect(rule.Return) != verify.Effect(word) && got.Undecided == "" && !beyond(got, row != nil, &d) {
			t.Fatalf("to %+v the program answers %v, the policy %v", d, word, rule.Return)
		}
	}
}

// beyond reports whether the policy cannot say what a call gets.
func beyond(got *decompile.Result, told bool, d *seccomp.Data) bool {
	return slices.ContainsFunc(got.Beyond, func(b decompile.Beyond) bool {
		if b.Arch == 0 || !told {
			return b.Arch == 0 && !told
		}
		call, named := syscalls.At(b.Arch, d.Nr)
		return b.Arch.Audit() == d.Arch && (b.Call == "" && !named || named && b.Call == call.String())
	})
}

// randomInput prefers the numbers that the program knows.
func randomInput(r *rand.Rand, prog bpf.Program) seccomp.Data {
	word := func() uint32 {
		switch r.IntN(4) {
		case 0:
			return r.Uint32()
		case 1:
			return uint32(r.IntN(8))
		}
		return prog[r.IntN(len(prog))].K + uint32(r.IntN(3)) - 1
	}
	d := seccomp.Data{Nr: seccomp.Nr(word()), Arch: seccomp.ArchX86_64.Audit(), IP: uint64(word())}
	if r.IntN(6) == 0 {
		d.Arch = seccomp.AuditArch(word())
	}
	for i := range d.Args {
		d.Args[i] = uint64(word())
		if r.IntN(4) == 0 {
			d.Args[i] |= uint64(word()) << 32
		}
	}
	return d
}

// mutate changes one thing.
func mutate(r *rand.Rand, prog bpf.Program) bpf.Program {
	m := slices.Clone(prog)
	in := &m[r.IntN(len(m))]
	switch r.IntN(5) {
	case 0:
		in.Jt, in.Jf = in.Jf, in.Jt
	case 1:
		in.K += uint32(r.IntN(3)) - 1
	case 2:
		in.K ^= 1 << r.IntN(32)
	case 3:
		in.Op = []bpf.Opcode{bpf.OpJeq, bpf.OpJgt, bpf.OpJge, bpf.OpJset, bpf.OpAnd, bpf.OpOr, bpf.OpLdAbs}[r.IntN(7)]
	case 4:
		in.Jt = uint8(r.IntN(8))
	}
	return m
}

func TestMutantsAreReadAsTheyAre(t *testing.T) {
	original := compiled(t, profile.Default(), x86)
	n, exact, lost := 25, 0, 0
	if testing.Short() {
		n = 8
	}
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 2))
		m := mutate(r, original)
		for m.Check() != nil {
			m = mutate(r, original)
		}
		got, err := decompile.Filters(seccomp.ArchX86_64, []bpf.Program{m}, budget)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, m, got, r)
		if len(got.Losses) == 0 && got.Undecided == "" {
			exact++
			same(t, seccomp.ArchX86_64, m, again(t, got.Profile, seccomp.ArchX86_64))
		} else {
			lost++
		}
	}
	if exact == 0 || lost == 0 {
		t.Errorf("%d come back, %d do not: one of both is not tested", exact, lost)
	}
}

func FuzzFilters(f *testing.F) {
	f.Add(compiled(f, profile.Default(), x86).Raw(seccomp.LittleEndian), uint64(1))
	for i, body := range []string{
		"ld [args[1].lo]\njeq #7, DENY, ALLOW",
		"ld [args[1].lo]\nst M[3]\nldx M[3]\nld [args[2].hi]\nsub x\njset #0xf0, DENY, TRAP",
		"ld [ip.lo]\njgt #5, DENY, ALLOW",
		"ld [args[0].lo]\ndiv #7\nor #0x50000\nret a",
	} {
		f.Add(assemble(f, begin+body+end).Raw(seccomp.LittleEndian), uint64(i))
	}
	f.Fuzz(func(t *testing.T, raw []byte, seed uint64) {
		prog, err := bpf.ParseRaw(raw, seccomp.LittleEndian)
		if err != nil || prog.Check() != nil || len(prog) > 300 {
			return
		}
		got, err := decompile.Filters(seccomp.ArchX86_64, []bpf.Program{prog}, 20_000)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, prog, got, rand.New(rand.NewPCG(seed, 3)))
	})
}
