package verify_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

var arithmetic = []bpf.Opcode{
	bpf.OpAdd, bpf.OpSub, bpf.OpMul, bpf.OpDiv, bpf.OpOr, bpf.OpAnd, bpf.OpXor, bpf.OpLsh, bpf.OpRsh, bpf.OpNeg,
	bpf.OpAddX, bpf.OpSubX, bpf.OpMulX, bpf.OpDivX, bpf.OpOrX, bpf.OpAndX, bpf.OpXorX, bpf.OpLshX, bpf.OpRshX,
}

var jumps = []bpf.Opcode{
	bpf.OpJeq, bpf.OpJgt, bpf.OpJge, bpf.OpJset, bpf.OpJeqX, bpf.OpJgtX, bpf.OpJgeX, bpf.OpJsetX,
}

// randomMachine makes a program out of everything that the machine has. It sees
// of the input what load makes it see.
func randomMachine(r *rand.Rand, n int, load func() []bpf.Instruction) bpf.Program {
	prog := bpf.Program{{Op: bpf.OpSt, K: 0}, {Op: bpf.OpSt, K: 1}}
	prog = append(prog, load()...)
	prog = append(prog, bpf.Instruction{Op: bpf.OpTax})
	prog = append(prog, load()...)
	small := func() uint32 {
		if r.IntN(8) == 0 {
			return r.Uint32()
		}
		return uint32(r.IntN(70))
	}
	for len(prog) < n {
		switch r.IntN(10) {
		case 0, 1:
			prog = append(prog, load()...)
		case 2:
			ops := []bpf.Opcode{bpf.OpTax, bpf.OpTxa, bpf.OpLdLen, bpf.OpLdxLen, bpf.OpLdImm, bpf.OpLdxImm}
			prog = append(prog, bpf.Instruction{Op: ops[r.IntN(len(ops))], K: small()})
		case 3:
			ops := []bpf.Opcode{bpf.OpSt, bpf.OpStx, bpf.OpLdMem, bpf.OpLdxMem}
			prog = append(prog, bpf.Instruction{Op: ops[r.IntN(len(ops))], K: uint32(r.IntN(2))})
		case 4, 5, 6, 7:
			in := bpf.Instruction{Op: arithmetic[r.IntN(len(arithmetic))], K: small()}
			switch in.Op {
			case bpf.OpDiv:
				in.K = max(in.K, 1)
			case bpf.OpLsh, bpf.OpRsh:
				in.K %= 32
			case bpf.OpLshX, bpf.OpRshX: // keep the count small
				prog = append(prog, bpf.Instruction{Op: bpf.OpStx, K: 0}, bpf.Instruction{Op: bpf.OpSt, K: 1},
					bpf.Instruction{Op: bpf.OpTxa}, bpf.And(7), bpf.Instruction{Op: bpf.OpTax},
					bpf.Instruction{Op: bpf.OpLdMem, K: 1})
			}
			prog = append(prog, in)
		case 8:
			prog = append(prog, bpf.JumpIf(jumps[r.IntN(len(jumps))], small(), uint8(r.IntN(4)), uint8(r.IntN(4))))
		case 9:
			if r.IntN(3) == 0 {
				prog = append(prog, bpf.JumpIf(jumps[r.IntN(len(jumps))], small(), 0, 1), bpf.Ret(returns[r.IntN(2)]))
			}
		}
	}
	// Some way or other, the answer depends on A.
	if r.IntN(4) == 0 {
		return append(prog, bpf.And(1), bpf.Instruction{Op: bpf.OpMul, K: 0x7fff0000}, bpf.Instruction{Op: bpf.OpRetA},
			bpf.Ret(0), bpf.Ret(0), bpf.Ret(0), bpf.Ret(0))
	}
	return append(prog, bpf.JumpIf(jumps[r.IntN(len(jumps))], small(), 0, 1), bpf.Ret(returns[0]),
		bpf.Ret(returns[1]), bpf.Ret(returns[1]), bpf.Ret(returns[1]), bpf.Ret(returns[1]))
}

// Programs that use the whole machine, on 6 bits of one argument and 5 of
// another, against all of the 4096 inputs that they and the policy can tell
// apart.
func TestTheWholeMachineAgreesWithEveryInput(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const order = seccomp.LittleEndian
	load := func() []bpf.Instruction {
		if r.IntN(2) == 0 {
			return []bpf.Instruction{bpf.LoadAbs(seccomp.OffsetLow(0, order)), bpf.And(0x3f)}
		}
		return []bpf.Instruction{bpf.LoadAbs(seccomp.OffsetHigh(1, order)), bpf.And(0x1f)}
	}
	counts := map[verify.Verdict]int{}
	spent, most := 0, 0
	for range 20_000 {
		prog := randomMachine(r, 6+r.IntN(16), load)
		if prog.Check() != nil {
			continue
		}
		pol := maskedPolicy(r)
		got := verify.Program(pol, prog, budget)
		if got.Verdict == verify.Undecided {
			if !strings.Contains(got.Reason, "budget") {
				t.Fatalf("undecided: %s\n%s", got.Reason, show(pol, prog))
			}
			counts[got.Verdict]++
			continue
		}
		counts[got.Verdict]++
		spent += got.Steps
		most = max(most, got.Steps)
		var found bool
		var d seccomp.Data
		for i := uint64(0); i < 1<<12 && !found; i++ {
			d.Args[0], d.Args[1] = i&0x3f, i>>6&0x1f<<32
			d.Arch = seccomp.ArchX86_64.Audit() ^ seccomp.AuditArch(i>>11)
			found = differ(pol, prog, &d)
		}
		if found != (got.Verdict == verify.Different) {
			t.Fatalf("it is called %v, but running it on every input says otherwise\n%s", got.Verdict, show(pol, prog))
		}
		if found && !differ(pol, prog, &got.Witness) {
			t.Fatalf("the witness %+v shows no difference\n%s", got.Witness, show(pol, prog))
		}
	}
	t.Logf("%v, %d steps at most, %d in all", counts, most, spent)
}

// maskedPolicy has one return word for all, mostly, or rules on the bits that
// the programs of the test see.
func maskedPolicy(r *rand.Rand) *policy.Policy {
	answer := policy.Rule{Return: returns[r.IntN(2)]}
	rules := []policy.Rule{answer}
	if r.IntN(3) == 0 {
		c := policy.Cond{Arg: 0, Bits: 32, Op: seccomp.OpMaskedEqual, Value: uint64(r.IntN(0x40)), ValueTwo: uint64(r.IntN(0x40))}
		if r.IntN(2) == 0 {
			c = policy.Cond{Arg: 1, Bits: 64, Op: seccomp.OpMaskedEqual, Value: uint64(r.IntN(0x20)) << 32, ValueTwo: uint64(r.IntN(0x20)) << 32}
		}
		rules = []policy.Rule{{Conds: []policy.Cond{c}, Return: returns[r.IntN(2)]}, answer}
	}
	pol := &policy.Policy{Native: seccomp.ArchX86_64, Foreign: answer}
	pol.ABIs = []policy.ABI{{Audit: seccomp.ArchX86_64.Audit(), Rows: []policy.Row{{Last: 1<<32 - 1, Rules: rules}}}}
	return pol
}
