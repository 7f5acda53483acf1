package bpf

import "github.com/weir-dev/weir/seccomp"

// Constant emulates the program for one number of one architecture with nothing
// else known, as the kernel does when it attaches a filter
// (kernel/seccomp.c, seccomp_is_const_allow; Linux 5.11). It returns the word
// that every such call gets, and false if the emulator cannot tell: it knows
// loads of the number and of the architecture, AND with a constant, jumps on
// constants, and the return of a constant.
//
// Where the word is exactly [seccomp.ActAllow]'s, the kernel never runs the
// program again for that number, unless an older filter of the thread forbids
// it; that holds for the native and the compat table of numbers, not for x32.
func (p Program) Constant(nr seccomp.Nr, arch seccomp.AuditArch) (seccomp.Return, bool) {
	a := uint32(0)
	for pc := uint64(0); pc < uint64(len(p)); pc++ {
		in := &p[pc]
		switch in.Op {
		case OpLdAbs:
			switch in.K {
			case seccomp.OffsetNr:
				a = uint32(nr)
			case seccomp.OffsetArch:
				a = uint32(arch)
			default:
				return 0, false
			}
		case OpAnd:
			a &= in.K
		case OpJa:
			pc += uint64(in.K)
		case OpJeq:
			pc += uint64(in.skip(a == in.K))
		case OpJgt:
			pc += uint64(in.skip(a > in.K))
		case OpJge:
			pc += uint64(in.skip(a >= in.K))
		case OpJset:
			pc += uint64(in.skip(a&in.K != 0))
		case OpRet:
			return seccomp.Return(in.K), true
		default:
			return 0, false
		}
	}
	return 0, false
}
