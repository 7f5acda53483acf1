package bpf

// An Opcode says what an instruction does: the field code of struct
// sock_filter. Eight bits are in use; the lowest three are the class, and the
// class says what the others mean (include/uapi/linux/bpf_common.h):
//
//	  7   6   5   4   3   2   1   0
//	+-----------+-------+-----------+
//	|   mode    | size  |   class   |   LD 0, LDX 1, ST 2, STX 3
//	+-----------+---+---+-----------+
//	|   operation   | S |   class   |   ALU 4, JMP 5; S: the operand is X, not K
//	+-----------+---+---+-----------+
//	|   -   | value     |   class   |   RET 6; value: K 0, X 1 (refused), A 2
//	+-----------+---+---+-----------+
//	|   operation       |   class   |   MISC 7
//	+-------------------+-----------+
//
// The constants are all that the kernel accepts in a seccomp filter
// (kernel/seccomp.c, seccomp_check_filter): loads are of whole words at
// constant offsets, and there is no remainder.
type Opcode uint16

// Loads and stores. A is the accumulator, X the index register, M the scratch
// memory of sixteen words.
//
//	mode: IMM 0x00, ABS 0x20, MEM 0x60, LEN 0x80; size: W 0x00
const (
	OpLdImm  Opcode = 0x00 // A = K
	OpLdAbs  Opcode = 0x20 // A = the word at offset K of seccomp_data
	OpLdMem  Opcode = 0x60 // A = M[K]
	OpLdLen  Opcode = 0x80 // A = 64, the size of seccomp_data
	OpLdxImm Opcode = 0x01 // X = K
	OpLdxMem Opcode = 0x61 // X = M[K]
	OpLdxLen Opcode = 0x81 // X = 64
	OpSt     Opcode = 0x02 // M[K] = A
	OpStx    Opcode = 0x03 // M[K] = X
	OpTax    Opcode = 0x07 // X = A
	OpTxa    Opcode = 0x87 // A = X
)

// Arithmetic, on 32 bits without sign.
//
//	+-----------+---+-----+
//	| operation | S | 100 |
//	+-----------+---+-----+
const (
	OpAdd  Opcode = 0x04 // A += K
	OpAddX Opcode = 0x0c // A += X
	OpSub  Opcode = 0x14 // A -= K
	OpSubX Opcode = 0x1c // A -= X
	OpMul  Opcode = 0x24 // A *= K
	OpMulX Opcode = 0x2c // A *= X
	OpDiv  Opcode = 0x34 // A /= K; K is not 0
	OpDivX Opcode = 0x3c // A /= X; the program returns 0 if X is 0
	OpOr   Opcode = 0x44 // A |= K
	OpOrX  Opcode = 0x4c // A |= X
	OpAnd  Opcode = 0x54 // A &= K
	OpAndX Opcode = 0x5c // A &= X
	OpLsh  Opcode = 0x64 // A <<= K; K is below 32
	OpLshX Opcode = 0x6c // A <<= X & 31
	OpRsh  Opcode = 0x74 // A >>= K; K is below 32
	OpRshX Opcode = 0x7c // A >>= X & 31
	OpNeg  Opcode = 0x84 // A = -A
	OpXor  Opcode = 0xa4 // A ^= K
	OpXorX Opcode = 0xac // A ^= X
)

// Jumps go forward only. A condition compares without sign and skips Jt or Jf
// instructions.
//
//	+-----------+---+-----+
//	| operation | S | 101 |
//	+-----------+---+-----+
const (
	OpJa    Opcode = 0x05 // skip K instructions
	OpJeq   Opcode = 0x15 // A == K
	OpJeqX  Opcode = 0x1d // A == X
	OpJgt   Opcode = 0x25 // A > K
	OpJgtX  Opcode = 0x2d // A > X
	OpJge   Opcode = 0x35 // A >= K
	OpJgeX  Opcode = 0x3d // A >= X
	OpJset  Opcode = 0x45 // A & K != 0
	OpJsetX Opcode = 0x4d // A & X != 0
)

// Returns.
//
//	+---+-------+-----+
//	| - | value | 110 |
//	+---+-------+-----+
const (
	OpRet  Opcode = 0x06 // return K
	OpRetA Opcode = 0x16 // return A
)

// conditional reports whether op is a jump that uses Jt and Jf.
func (op Opcode) conditional() bool {
	switch op {
	case OpJeq, OpJeqX, OpJgt, OpJgtX, OpJge, OpJgeX, OpJset, OpJsetX:
		return true
	}
	return false
}
