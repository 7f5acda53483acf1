package bpf

import (
	"fmt"

	"github.com/weir-dev/weir/seccomp"
)

// Run computes what the program returns for d, on a machine of the given byte
// order, and how many instructions that took. The error is nil for a program
// that passes [Program.Check]; any other program may end in an [*Error], with a
// return word that kills the process.
//
// A, X and the scratch memory are zero at the start. A division by X of zero
// ends the program with the word 0, which kills the thread (net/core/filter.c,
// bpf_convert_filter). A shift by X takes the low five bits of X, as the
// kernel's interpreter (kernel/bpf/core.c) and its compilers for x86 and arm64
// do; on architectures whose shift instruction takes six bits, such as s390 and
// powerpc, a compiled filter may yield 0 instead.
func (p Program) Run(d *seccomp.Data, o seccomp.ByteOrder) (r seccomp.Return, steps int, err error) {
	var (
		a, x uint32
		m    [MemWords]uint32
	)
	for pc := 0; pc < len(p); pc++ {
		in := &p[pc]
		k := in.K
		steps++
		switch in.Op {
		case OpLdAbs:
			if k >= seccomp.DataSize || k%4 != 0 {
				return p.stuck(pc, steps, causeOffset)
			}
			a = d.Word(k, o)
		case OpLdImm:
			a = k
		case OpLdLen:
			a = seccomp.DataSize
		case OpLdxImm:
			x = k
		case OpLdxLen:
			x = seccomp.DataSize
		case OpTax:
			x = a
		case OpTxa:
			a = x

		case OpLdMem, OpLdxMem, OpSt, OpStx:
			if k >= MemWords {
				return p.stuck(pc, steps, causeMemory)
			}
			switch in.Op {
			case OpLdMem:
				a = m[k]
			case OpLdxMem:
				x = m[k]
			case OpSt:
				m[k] = a
			case OpStx:
				m[k] = x
			}

		case OpAdd:
			a += k
		case OpAddX:
			a += x
		case OpSub:
			a -= k
		case OpSubX:
			a -= x
		case OpMul:
			a *= k
		case OpMulX:
			a *= x
		case OpDiv:
			if k == 0 {
				return p.stuck(pc, steps, causeDivide)
			}
			a /= k
		case OpDivX:
			if x == 0 {
				return 0, steps, nil
			}
			a /= x
		case OpOr:
			a |= k
		case OpOrX:
			a |= x
		case OpAnd:
			a &= k
		case OpAndX:
			a &= x
		case OpLsh:
			if k >= 32 {
				return p.stuck(pc, steps, causeShift)
			}
			a <<= k
		case OpLshX:
			a <<= x & 31
		case OpRsh:
			if k >= 32 {
				return p.stuck(pc, steps, causeShift)
			}
			a >>= k
		case OpRshX:
			a >>= x & 31
		case OpNeg:
			a = -a
		case OpXor:
			a ^= k
		case OpXorX:
			a ^= x

		case OpRet:
			return seccomp.Return(k), steps, nil
		case OpRetA:
			return seccomp.Return(a), steps, nil

		case OpJa:
			if uint64(k) >= uint64(len(p)-pc-1) {
				return p.stuck(pc, steps, causeJump)
			}
			pc += int(k)
		case OpJeq:
			pc += in.skip(a == k)
		case OpJeqX:
			pc += in.skip(a == x)
		case OpJgt:
			pc += in.skip(a > k)
		case OpJgtX:
			pc += in.skip(a > x)
		case OpJge:
			pc += in.skip(a >= k)
		case OpJgeX:
			pc += in.skip(a >= x)
		case OpJset:
			pc += in.skip(a&k != 0)
		case OpJsetX:
			pc += in.skip(a&x != 0)

		default:
			return p.stuck(pc, steps, causeOpcode)
		}
	}
	return p.stuck(len(p)-1, steps, causeRunsOut)
}

// skip returns how many instructions a conditional jump passes over.
func (in *Instruction) skip(holds bool) int {
	if holds {
		return int(in.Jt)
	}
	return int(in.Jf)
}

// stuck is the outcome of an instruction that the kernel would have refused.
func (p Program) stuck(pc, steps int, cause string) (seccomp.Return, int, error) {
	kill := seccomp.ActKillProcess.Return()
	if len(p) == 0 {
		return kill, steps, fmt.Errorf("run program: it has no instructions")
	}
	return kill, steps, fmt.Errorf("run program: %w", &Error{pc, p[pc], cause})
}
