package bpf

import (
	"math/rand/v2"

	"github.com/weir-dev/weir/seccomp"
)

// edges are constants at which instructions change their mind.
var edges = []uint32{0, 1, 2, 3, 4, 7, 15, 16, 17, 31, 32, 33, 60, 62, 63, 64, 68, 255, 256, 4095, 4096,
	0x7fffffff, 0x80000000, 0x80000001, 0xfffff000, 0xfffffffe, 0xffffffff}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func constant(r *rand.Rand) uint32 {
	if r.IntN(2) == 0 {
		return pick(r, edges)
	}
	return r.Uint32()
}

// generate makes a program that passes Check, with body instructions between a
// few stores and the last return. Every opcode occurs.
func generate(r *rand.Rand, body int) Program {
	const stored = 4
	var p Program
	for k := range uint32(stored) {
		p = append(p, Instruction{Op: OpLdImm, K: constant(r)}, Instruction{Op: OpSt, K: k})
	}
	for i := range body {
		rest := body - i // instructions behind this one, with the return
		m := pick(r, mnemonics[:])
		in := Instruction{Op: m.op, K: constant(r)}
		switch in.Op {
		case OpLdAbs:
			in.K = uint32(4 * r.IntN(16))
		case OpLdMem, OpLdxMem:
			in.K = uint32(r.IntN(stored))
		case OpSt, OpStx:
			in.K = uint32(r.IntN(MemWords))
		case OpDiv:
			in.K |= 1
		case OpLsh, OpRsh:
			in.K %= 32
		case OpJa:
			in.K = uint32(r.IntN(min(rest, 6)))
		case OpRet, OpRetA:
			if r.IntN(4) > 0 { // or hardly anything gets far
				in = Instruction{Op: OpTax}
			}
		}
		switch m.operand {
		case operandNone, operandX, operandA, operandLen:
			in.K = 0
		}
		if in.Op.conditional() {
			in.Jt, in.Jf = uint8(r.IntN(min(rest, 256))), uint8(r.IntN(min(rest, 6)))
		}
		p = append(p, in)
	}
	return append(p, Ret(seccomp.ReturnErrno(seccomp.Errno(r.IntN(4096)))))
}

// generateMemory makes a program of loads and stores, jumps and returns: about
// half of them read a word that is not written on some path.
func generateMemory(r *rand.Rand) Program {
	n := 2 + r.IntN(12)
	p := Program{}
	for i := range n {
		rest := n - i
		switch r.IntN(8) {
		case 0, 1, 2:
			p = append(p, Instruction{Op: pick(r, []Opcode{OpSt, OpStx}), K: uint32(r.IntN(3))})
		case 3, 4:
			p = append(p, Instruction{Op: pick(r, []Opcode{OpLdMem, OpLdxMem}), K: uint32(r.IntN(3))})
		case 5:
			p = append(p, Jump(uint32(r.IntN(rest))))
		case 6:
			p = append(p, JumpIf(OpJeq, 1, uint8(r.IntN(rest)), uint8(r.IntN(rest))))
		case 7:
			p = append(p, Ret(0))
		}
	}
	return append(p, Ret(0))
}

// mutate changes one thing about a copy of the program.
func mutate(r *rand.Rand, p Program) Program {
	q := append(Program(nil), p...)
	i := r.IntN(len(q))
	switch r.IntN(8) {
	case 0:
		q[i].Op = Opcode(r.IntN(256))
	case 1:
		q[i].Op = pick(r, mnemonics[:]).op
	case 2:
		q[i].Op |= 1 << r.IntN(16)
	case 3:
		q[i].K = constant(r)
	case 4:
		q[i].Jt = uint8(r.IntN(256))
	case 5:
		q[i].Jf = uint8(r.IntN(256))
	case 6:
		q = q[:i+1]
	case 7:
		q = append(q[:i], q[i+1:]...)
	}
	return q
}

// randomData makes a call with values at edges.
func randomData(r *rand.Rand) seccomp.Data {
	d := seccomp.Data{Nr: seccomp.Nr(constant(r)), Arch: seccomp.AuditArch(constant(r)), IP: r.Uint64()}
	for i := range d.Args {
		d.Args[i] = uint64(constant(r))<<32 | uint64(constant(r))
	}
	return d
}
