package bpf

import (
	"fmt"

	"github.com/weir-dev/weir/seccomp"
)

// An Error says which instruction of a program is wrong, and why.
type Error struct {
	Line        int // the index of the instruction
	Instruction Instruction
	Cause       string
}

func (e *Error) Error() string {
	return fmt.Sprintf("instruction %d, %s: %s", e.Line, e.Instruction.text(e.Line, nil), e.Cause)
}

// The causes of an Error.
const (
	causeOpcode  = "seccomp has no such opcode"
	causeOffset  = "the offset is not a multiple of 4 below 64"
	causeMemory  = "the scratch memory has the words 0 to 15"
	causeUnset   = "the word may be read before it is written"
	causeDivide  = "division by zero"
	causeShift   = "a shift by 32 or more"
	causeJump    = "the jump leaves the program"
	causeNoEnd   = "the last instruction is not a return"
	causeRunsOut = "the program goes on after its last instruction"
)

// Check reports whether the kernel accepts the program as a seccomp filter: nil
// if it does, and if it does not (EINVAL) the first cause, an [*Error] where an
// instruction is at fault. The rules are those of bpf_check_classic in
// net/core/filter.c and of seccomp_check_filter in kernel/seccomp.c.
//
// A program that passes may still be refused for what is around it: privilege
// (EACCES), or the total length of the filters of the thread (ENOMEM).
func (p Program) Check() error {
	if len(p) == 0 || len(p) > MaxLen {
		return fmt.Errorf("check program: it has %d instructions, and the kernel takes 1 to %d", len(p), MaxLen)
	}
	for i, in := range p {
		if cause := in.check(len(p) - i - 1); cause != "" {
			return fmt.Errorf("check program: %w", &Error{i, in, cause})
		}
	}
	last := len(p) - 1
	if op := p[last].Op; op != OpRet && op != OpRetA {
		return fmt.Errorf("check program: %w", &Error{last, p[last], causeNoEnd})
	}
	if i, ok := p.unsetRead(); ok {
		return fmt.Errorf("check program: %w", &Error{i, p[i], causeUnset})
	}
	return nil
}

// check looks at one instruction that has rest others behind it. It returns the
// cause, or "".
func (in Instruction) check(rest int) string {
	switch in.Op {
	case OpLdAbs:
		if in.K >= seccomp.DataSize || in.K%4 != 0 {
			return causeOffset
		}
	case OpLdMem, OpLdxMem, OpSt, OpStx:
		if in.K >= MemWords {
			return causeMemory
		}
	case OpDiv:
		if in.K == 0 {
			return causeDivide
		}
	case OpLsh, OpRsh:
		if in.K >= 32 {
			return causeShift
		}
	case OpJa:
		if uint64(in.K) >= uint64(rest) {
			return causeJump
		}
	case OpJeq, OpJeqX, OpJgt, OpJgtX, OpJge, OpJgeX, OpJset, OpJsetX:
		if int(in.Jt) >= rest || int(in.Jf) >= rest {
			return causeJump
		}
	case OpLdImm, OpLdLen, OpLdxImm, OpLdxLen, OpTax, OpTxa,
		OpAdd, OpAddX, OpSub, OpSubX, OpMul, OpMulX, OpDivX, OpOr, OpOrX,
		OpAnd, OpAndX, OpLshX, OpRshX, OpNeg, OpXor, OpXorX,
		OpRet, OpRetA:
	default:
		return causeOpcode
	}
	return ""
}

// unsetRead finds a load from scratch memory that is not preceded by a store on
// every path. It is check_load_and_stores of net/core/filter.c, with its one
// peculiarity: what follows a return counts as reached from it, so a word that
// is not written before a return must be written again behind it, although the
// only way there is a jump. The jumps of p stay within it.
func (p Program) unsetRead() (line int, found bool) {
	var reached [MaxLen]uint16 // by jumps: bit n says that M[n] is written
	for i := range p {
		reached[i] = 0xffff
	}
	written := uint16(0)
	for i, in := range p {
		written &= reached[i]
		switch {
		case in.Op == OpSt || in.Op == OpStx:
			written |= 1 << in.K
		case in.Op == OpLdMem || in.Op == OpLdxMem:
			if written>>in.K&1 == 0 {
				return i, true
			}
		case in.Op == OpJa:
			reached[i+1+int(in.K)] &= written
			written = 0xffff // nothing falls through
		case in.Op.conditional():
			reached[i+1+int(in.Jt)] &= written
			reached[i+1+int(in.Jf)] &= written
			written = 0xffff
		}
	}
	return 0, false
}
