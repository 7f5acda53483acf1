package bpf

import (
	"fmt"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// The mnemonics follow bpf_asm (tools/bpf in the kernel's source); so do the
// operands: #k a constant, x the index register, M[k] scratch memory. One name
// and one kind of operand make one opcode.
var mnemonics = [...]struct {
	op      Opcode
	name    string
	operand operand
}{
	{OpLdAbs, "ld", operandField},
	{OpLdImm, "ld", operandK},
	{OpLdMem, "ld", operandMem},
	{OpLdLen, "ld", operandLen},
	{OpLdxImm, "ldx", operandK},
	{OpLdxMem, "ldx", operandMem},
	{OpLdxLen, "ldx", operandLen},
	{OpSt, "st", operandMem},
	{OpStx, "stx", operandMem},
	{OpTax, "tax", operandNone},
	{OpTxa, "txa", operandNone},
	{OpAdd, "add", operandK},
	{OpAddX, "add", operandX},
	{OpSub, "sub", operandK},
	{OpSubX, "sub", operandX},
	{OpMul, "mul", operandK},
	{OpMulX, "mul", operandX},
	{OpDiv, "div", operandK},
	{OpDivX, "div", operandX},
	{OpOr, "or", operandK},
	{OpOrX, "or", operandX},
	{OpAnd, "and", operandK},
	{OpAndX, "and", operandX},
	{OpLsh, "lsh", operandK},
	{OpLshX, "lsh", operandX},
	{OpRsh, "rsh", operandK},
	{OpRshX, "rsh", operandX},
	{OpNeg, "neg", operandNone},
	{OpXor, "xor", operandK},
	{OpXorX, "xor", operandX},
	{OpJa, "ja", operandTarget},
	{OpJeq, "jeq", operandK},
	{OpJeqX, "jeq", operandX},
	{OpJgt, "jgt", operandK},
	{OpJgtX, "jgt", operandX},
	{OpJge, "jge", operandK},
	{OpJgeX, "jge", operandX},
	{OpJset, "jset", operandK},
	{OpJsetX, "jset", operandX},
	{OpRet, "ret", operandReturn},
	{OpRetA, "ret", operandA},
}

// An operand is what stands behind a mnemonic.
type operand uint8

const (
	operandNone   operand = iota
	operandK              // #0x1f
	operandX              // x
	operandA              // a
	operandField          // [nr], [args[0].lo]
	operandMem            // M[3]
	operandLen            // #len
	operandTarget         // 12
	operandReturn         // errno EPERM
)

// field names the word at an offset of seccomp_data as [Assemble] reads it. The
// order is nil where it is not known; the offset is then a number.
func field(offset uint32, o *seccomp.ByteOrder) string {
	if o != nil && offset < seccomp.DataSize && offset%4 == 0 {
		half := "lo"
		if (offset%8 == 4) != (*o == seccomp.BigEndian) {
			half = "hi"
		}
		switch {
		case offset == seccomp.OffsetNr:
			return "nr"
		case offset == seccomp.OffsetArch:
			return "arch"
		case offset < seccomp.OffsetArgs:
			return "ip." + half
		}
		return fmt.Sprintf("args[%d].%s", (offset-seccomp.OffsetArgs)/8, half)
	}
	return fmt.Sprintf("%#x", offset)
}

// target names the instruction that a jump of line reaches by skipping n.
func target(line int, n uint32) string {
	if n == 0 {
		return "next"
	}
	return fmt.Sprint(uint64(line) + 1 + uint64(n))
}

// returnText writes a return word so that it can be read back: in words where
// they say everything, else as a number.
func returnText(k uint32) string {
	r := seccomp.Return(k)
	a := r.Action()
	if a.With(r.Data()) == r && (r.Data() == 0 || a.TakesErrno()) {
		return r.String()
	}
	return fmt.Sprintf("#%#x", k)
}

// text writes the instruction, which stands at line.
func (in Instruction) text(line int, o *seccomp.ByteOrder) string {
	for _, m := range mnemonics {
		if m.op != in.Op {
			continue
		}
		s, plain := m.name, Instruction{Op: in.Op} // plain: what the text keeps of in
		switch m.operand {
		case operandK:
			s, plain.K = fmt.Sprintf("%s #%#x", s, in.K), in.K
		case operandX:
			s += " x"
		case operandA:
			s += " a"
		case operandField:
			s, plain.K = fmt.Sprintf("%s [%s]", s, field(in.K, o)), in.K
		case operandMem:
			s, plain.K = fmt.Sprintf("%s M[%d]", s, in.K), in.K
		case operandLen:
			s += " #len"
		case operandTarget:
			s, plain.K = s+" "+target(line, in.K), in.K
		case operandReturn:
			s, plain.K = s+" "+returnText(in.K), in.K
		}
		if in.Op.conditional() {
			s += ", " + target(line, uint32(in.Jt)) + ", " + target(line, uint32(in.Jf))
			plain.Jt, plain.Jf = in.Jt, in.Jf
		}
		if plain == in {
			return s
		}
		break
	}
	// What no mnemonic says, such as a jump offset in a load, which the kernel
	// ignores.
	return fmt.Sprintf(".insn %#x, %d, %d, %#x", uint16(in.Op), in.Jt, in.Jf, in.K)
}

// Disassemble writes the program as text, one numbered line an instruction:
//
//	0: ld [arch]
//	1: jeq #0xc000003e, next, 4
//	2: ld [args[0].lo]
//	3: jset #0x7e020000, next, 5
//	4: ret errno EPERM
//	5: ret allow
//
// Jumps name the line that they reach, the true branch first. The byte order
// says which half of an argument a load reads. If annotate is not nil, what it
// returns for a line is put behind it as a comment. [Assemble] reads the text
// back to the same program.
func (p Program) Disassemble(o seccomp.ByteOrder, annotate func(in Instruction, line int) string) string {
	var b strings.Builder
	width := len(fmt.Sprint(len(p) - 1))
	for i, in := range p {
		s := fmt.Sprintf("%*d: %s", width, i, in.text(i, &o))
		note := ""
		if annotate != nil {
			note = strings.Join(strings.Fields(annotate(in, i)), " ")
		}
		if note != "" {
			s = fmt.Sprintf("%-*s ; %s", width+32, s, note)
		}
		b.WriteString(s + "\n")
	}
	return b.String()
}
