package verify_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// mutate changes one thing.
func mutate(r *rand.Rand, prog bpf.Program) bpf.Program {
	m := slices.Clone(prog)
	i := r.IntN(len(m))
	in := &m[i]
	switch r.IntN(9) {
	case 0:
		in.Jt = uint8(r.IntN(4))
	case 1:
		in.Jf = uint8(r.IntN(4))
	case 2:
		in.Jt, in.Jf = in.Jf, in.Jt
	case 3:
		in.K += uint32(r.IntN(3)) - 1
	case 4:
		in.K ^= 1 << r.IntN(32)
	case 5:
		ops := []bpf.Opcode{bpf.OpJeq, bpf.OpJgt, bpf.OpJge, bpf.OpJset}
		if in.Op == bpf.OpAnd {
			ops = []bpf.Opcode{bpf.OpOr, bpf.OpXor, bpf.OpAdd, bpf.OpSub}
		}
		in.Op = ops[r.IntN(len(ops))]
	case 6:
		j := r.IntN(len(m))
		m[i], m[j] = m[j], m[i]
	case 7:
		m = slices.Delete(m, i, i+1)
	case 8:
		m = slices.Insert(m, i, m[r.IntN(len(m))])
	}
	return m
}

// An oracle compares a policy and a program on every combination of some values
// of the words. Where programs and policies only compare words with constants,
// and all of those and their neighbours are among the values, that is as good as
// every input.
type oracle struct {
	arch, nr []uint32
	args     [6][]uint64
}

// newOracle takes the constants of both. The arguments from the one at index args
// on are 0; highs are the upper words of the others, by default all constants.
func newOracle(pol *policy.Policy, prog bpf.Program, args int, highs ...uint32) *oracle {
	o := &oracle{arch: []uint32{7}, nr: []uint32{1 << 30}}
	var pool []uint32
	around := func(k uint32) []uint32 { return []uint32{k - 1, k, k + 1} }
	for _, abi := range pol.ABIs {
		o.arch = append(o.arch, around(uint32(abi.Audit))...)
		for _, row := range abi.Rows {
			o.nr = append(o.nr, around(uint32(row.Last))...)
			for _, rule := range row.Rules {
				for _, c := range rule.Conds {
					for _, k := range []uint64{c.Value, c.Value >> 32, c.ValueTwo, c.ValueTwo >> 32} {
						pool = append(pool, around(uint32(k))...)
					}
				}
			}
		}
	}
	// A constant of the program belongs to the word that was loaded before, as
	// far as one can see.
	at := uint32(0)
	for _, in := range prog {
		switch {
		case in.Op == bpf.OpLdAbs:
			at = in.K
		case in.Op&7 != 5 && in.Op&7 != 4:
		case at == seccomp.OffsetNr:
			o.nr = append(o.nr, around(in.K)...)
		case at == seccomp.OffsetArch:
			o.arch = append(o.arch, around(in.K)...)
		default:
			pool = append(pool, around(in.K)...)
		}
	}
	o.arch, o.nr, pool = distinct(o.arch), distinct(o.nr), distinct(pool)
	for i := range o.args {
		o.args[i] = []uint64{0}
		if i < args {
			o.args[i] = nil
			if highs == nil {
				highs = pool
			}
			for _, hi := range highs {
				for _, lo := range pool {
					o.args[i] = append(o.args[i], uint64(hi)<<32|uint64(lo))
				}
			}
		}
	}
	return o
}

func distinct(k []uint32) []uint32 {
	slices.Sort(k)
	return slices.Compact(k)
}

func (o *oracle) size() int {
	n := len(o.arch) * len(o.nr)
	for _, a := range o.args {
		n *= len(a)
	}
	return n
}

// difference finds an input on which they disagree.
func (o *oracle) difference(pol *policy.Policy, prog bpf.Program) *seccomp.Data {
	var d seccomp.Data
	var try func(arg int) bool
	try = func(arg int) bool {
		if arg == len(d.Args) {
			return differ(pol, prog, &d)
		}
		for _, d.Args[arg] = range o.args[arg] {
			if try(arg + 1) {
				return true
			}
		}
		return false
	}
	for _, arch := range o.arch {
		for _, nr := range o.nr {
			d.Arch, d.Nr = seccomp.AuditArch(arch), seccomp.Nr(nr)
			if try(0) {
				return &d
			}
		}
	}
	return nil
}

// differ evaluates both.
func differ(pol *policy.Policy, prog bpf.Program, d *seccomp.Data) bool {
	_, rule := pol.Eval(d)
	got, _, err := prog.Run(d, pol.Native.ByteOrder())
	return err != nil || got != rule.Return
}

// show prints a program.
func show(pol *policy.Policy, prog bpf.Program) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%+v\n", *pol)
	for i, in := range prog {
		fmt.Fprintf(&b, "%3d: %+v\n", i, in)
	}
	return b.String()
}

func TestAMutantIsCaughtOrEqual(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	small := []uint64{1, 4, 1<<32 + 1, 1<<32 - 1}
	kinds := []shape{
		{abis: 2, rows: 3, rules: 3, conds: 2, args: 1, wide: small},
		{abis: 1, rows: 2, rules: 3, conds: 2, args: 1, masks: true, wide: small},
	}
	var caught, equal, refused, undecided, inputs int
	for caught+equal < 4000 {
		pol := randomPolicy(r, kinds[r.IntN(len(kinds))])
		prog := compileNaively(pol)
		if short, err := compile.Program(pol); err == nil && r.IntN(2) == 0 {
			prog = short // in which rows share what they have in common
		}
		for range 20 {
			m := mutate(r, prog)
			if m.Check() != nil {
				refused++
				continue
			}
			got := verify.Program(pol, m, budget)
			switch got.Verdict {
			case verify.Different:
				caught++
				if !differ(pol, m, &got.Witness) {
					t.Fatalf("the witness %+v shows no difference\n%s", got.Witness, show(pol, m))
				}
			case verify.Equal:
				equal++
				o := newOracle(pol, m, 1)
				inputs += o.size()
				if d := o.difference(pol, m); d != nil {
					t.Fatalf("it is called equal, but differs on %+v\n%s", d, show(pol, m))
				}
			case verify.Undecided:
				undecided++
				t.Errorf("undecided: %s\n%s", got.Reason, show(pol, m))
			}
		}
	}
	t.Logf("%d caught, %d equal (held against %d inputs), %d undecided; the kernel refuses %d", caught, equal, inputs, undecided, refused)
	if equal == 0 || caught == 0 {
		t.Error("the mutants are all of one kind")
	}
}

// The same for the program that most containers will run. The constants of its
// arguments are small, so two upper words do.
func TestAMutantOfTheDefaultProgramIsCaughtOrEqual(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	pol := defaultPolicy(t, seccomp.ArchX86_64)
	prog := compiled(t, pol)
	var caught, equal, inputs int
	for caught+equal < 3000 {
		m := mutate(r, prog)
		if m.Check() != nil {
			continue
		}
		got := verify.Program(pol, m, budget)
		switch got.Verdict {
		case verify.Different:
			caught++
			if !differ(pol, m, &got.Witness) {
				t.Fatalf("the witness %+v shows no difference\n%s", got.Witness, show(pol, m))
			}
		case verify.Equal:
			equal++
			if d := sample(r, pol, m, 2000); d != nil {
				t.Fatalf("it is called equal, but differs on %+v\n%s", d, show(pol, m))
			}
			if equal%200 != 0 {
				continue // each takes a second
			}
			o := newOracle(pol, m, 1, 0, 5)
			inputs += o.size()
			if d := o.difference(pol, m); d != nil {
				t.Fatalf("it is called equal, but differs on %+v\n%s", d, show(pol, m))
			}
		case verify.Undecided:
			t.Errorf("undecided: %s\n%s", got.Reason, show(pol, m))
		}
	}
	t.Logf("%d caught, %d equal (each held against 2000 random inputs, some against %d)", caught, equal, inputs)
}
