package bpf

import "github.com/weir-dev/weir/seccomp"

// MaxLen is the largest number of instructions of a filter, BPF_MAXINSNS.
const MaxLen = 4096

// MemWords is the number of words of scratch memory, BPF_MEMWORDS.
const MemWords = 16

// An Instruction is a struct sock_filter of include/uapi/linux/filter.h.
type Instruction struct {
	Op     Opcode
	Jt, Jf uint8 // how many instructions a conditional jump skips, if true and if false
	K      uint32
}

// A Program is a list of instructions, run from the first. The zero value is
// not a program that the kernel takes: at least one must be there, and it must
// end in a return.
type Program []Instruction

// LoadAbs loads the word at a byte offset of seccomp_data into A. The offsets
// are [seccomp.OffsetNr], [seccomp.OffsetArch], [seccomp.OffsetLow] and
// [seccomp.OffsetHigh].
func LoadAbs(offset uint32) Instruction { return Instruction{Op: OpLdAbs, K: offset} }

// And keeps the bits of A that are in mask.
func And(mask uint32) Instruction { return Instruction{Op: OpAnd, K: mask} }

// Jump skips n instructions.
func Jump(n uint32) Instruction { return Instruction{Op: OpJa, K: n} }

// JumpIf compares A with k by op, one of OpJeq, OpJgt, OpJge and OpJset, and
// skips jt instructions if that is true, jf if it is not.
func JumpIf(op Opcode, k uint32, jt, jf uint8) Instruction {
	return Instruction{Op: op, Jt: jt, Jf: jf, K: k}
}

// Ret ends the program.
func Ret(r seccomp.Return) Instruction { return Instruction{Op: OpRet, K: uint32(r)} }
