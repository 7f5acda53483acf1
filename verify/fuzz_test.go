package verify_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// opcodes are all that the kernel accepts.
var opcodes = append(append([]bpf.Opcode{
	bpf.OpLdAbs, bpf.OpLdAbs, bpf.OpLdAbs, bpf.OpLdAbs, bpf.OpLdImm, bpf.OpLdMem, bpf.OpLdLen, bpf.OpLdxImm, bpf.OpLdxMem,
	bpf.OpLdxLen, bpf.OpSt, bpf.OpStx, bpf.OpTax, bpf.OpTxa, bpf.OpJa, bpf.OpRet, bpf.OpRet, bpf.OpRetA,
}, arithmetic...), jumps...)

// decode makes a program that the kernel accepts more often than not.
func decode(code []byte) bpf.Program {
	prog := bpf.Program{{Op: bpf.OpSt, K: 0}, {Op: bpf.OpSt, K: 1}}
	for ; len(code) >= 5; code = code[5:] {
		in := bpf.Instruction{Op: opcodes[int(code[0])%len(opcodes)], K: uint32(binary.LittleEndian.Uint16(code[3:]))}
		switch in.Op {
		case bpf.OpLdAbs:
			in.K = in.K % 16 * 4
		case bpf.OpLdMem, bpf.OpLdxMem, bpf.OpSt, bpf.OpStx:
			in.K %= 2
		case bpf.OpRet:
			in.K = uint32(returns[int(in.K)%len(returns)])
		case bpf.OpJa:
			in.K %= 4
		case bpf.OpLsh, bpf.OpRsh:
			in.K %= 32
		case bpf.OpDiv:
			in.K = max(1, in.K)
		case bpf.OpJeq, bpf.OpJge, bpf.OpJgt, bpf.OpJset, bpf.OpAnd:
			if in.K > 0xff {
				in.K = uint32(values[int(in.K)%len(values)])
			}
			fallthrough
		default:
			in.Jt, in.Jf = code[1]%8, code[2]%8
		}
		prog = append(prog, in)
	}
	for i := range 8 {
		prog = append(prog, bpf.Ret(returns[i%len(returns)]))
	}
	return prog
}

// sample finds a difference among random inputs, if luck has it.
func sample(r *rand.Rand, pol *policy.Policy, prog bpf.Program, n int) *seccomp.Data {
	pick := func() uint32 {
		switch r.IntN(3) {
		case 0:
			return uint32(r.IntN(16))
		case 1:
			if in := prog[r.IntN(len(prog))]; in.Op&7 == 5 || in.Op&7 == 4 {
				return in.K + uint32(r.IntN(3)) - 1
			}
		}
		v := values[r.IntN(len(values))]
		return uint32(v>>(r.IntN(2)*32)) + uint32(r.IntN(3)) - 1
	}
	for range n {
		d := seccomp.Data{Nr: seccomp.Nr(pick()), Arch: seccomp.AuditArch(pick()), IP: uint64(pick())<<32 | uint64(pick())}
		if len(pol.ABIs) > 0 && r.IntN(4) > 0 {
			d.Arch = pol.ABIs[r.IntN(len(pol.ABIs))].Audit
		}
		for i := range d.Args {
			d.Args[i] = uint64(pick())<<32 | uint64(pick())
			if r.IntN(3) == 0 {
				d.Args[i] = values[r.IntN(len(values))]
			}
		}
		if differ(pol, prog, &d) {
			return &d
		}
	}
	return nil
}

// Any program against any policy, and any mutant of a correct program: a
// difference is real, and where there is said to be none, none is found.
func FuzzProgram(f *testing.F) {
	f.Add(uint64(1), []byte("any program"))
	f.Add(uint64(2), []byte{0, 0, 0, 4, 0, 42, 0, 1, 9, 0, 15, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, seed uint64, code []byte) {
		r := rand.New(rand.NewPCG(seed, 0))
		pol := randomPolicy(r, shape{abis: 2, rows: 3, rules: 3, conds: 2, args: 2, masks: true})
		correct := compileNaively(pol)
		mutant := mutate(r, correct)
		for range len(code) % 3 {
			mutant = mutate(r, mutant)
		}
		// A piece of the fuzzer's in front of a correct program, from which
		// it falls into that.
		mixed := decode(code[:min(len(code), 60)])
		mixed = append(mixed[:len(mixed)-8:len(mixed)-8], correct...)
		for _, prog := range []bpf.Program{decode(code), mutant, mixed} {
			if prog.Check() != nil {
				continue
			}
			switch got := verify.Program(pol, prog, 20_000); got.Verdict {
			case verify.Different:
				if !differ(pol, prog, &got.Witness) {
					t.Fatalf("the witness %+v shows no difference\n%s", got.Witness, show(pol, prog))
				}
			case verify.Equal:
				if d := sample(r, pol, prog, 300); d != nil {
					t.Fatalf("it is called equal, but differs on %+v\n%s", d, show(pol, prog))
				}
			case verify.Undecided:
				if got.Reason == "" {
					t.Fatal("undecided for no reason")
				}
			}
		}
	})
}
