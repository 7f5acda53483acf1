package bpf

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// A SyntaxError says where a program in text, C or JSON cannot be read.
type SyntaxError struct {
	Line int // from 1
	Msg  string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Assemble reads what [Program.Disassemble] writes, for the same byte order.
// Comments, from ";" to the end of the line, and empty lines are ignored. The
// numbers in front of the instructions may be left out; where they stand they
// must count from 0. Constants are decimal, or hexadecimal with 0x. The error is
// a [*SyntaxError]. The program is not checked.
func Assemble(text string, o seccomp.ByteOrder) (Program, error) {
	a := assembler{}
	for i := range a.fields {
		a.fields[i] = field(uint32(4*i), &o)
	}
	var p Program
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, ";")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		in, err := a.instruction(line, len(p))
		if err != nil {
			return nil, fmt.Errorf("assemble: %w", &SyntaxError{n, err.Error()})
		}
		p = append(p, in)
	}
	return p, nil
}

type assembler struct {
	fields [seccomp.DataSize / 4]string // the names of the words of seccomp_data
}

// instruction reads the one at index at.
func (a *assembler) instruction(s string, at int) (Instruction, error) {
	if number, rest, ok := strings.Cut(s, ":"); ok {
		if n, err := strconv.Atoi(number); err != nil || n != at {
			return Instruction{}, fmt.Errorf("instruction %d is numbered %q", at, number)
		}
		s = strings.TrimSpace(rest)
	}
	name, rest := s, ""
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		name, rest = s[:i], strings.TrimSpace(s[i:])
	}
	if name == ".insn" {
		return fourNumbers(rest)
	}

	args := strings.Split(rest, ",")
	for i := range args {
		args[i] = strings.TrimSpace(args[i])
	}
	kind, known := kindOf(args[0]), false
	for _, m := range mnemonics {
		if m.name != name {
			continue
		}
		known = true
		if m.operand != kind && !(m.operand == operandReturn && kind == operandK) &&
			!(m.operand == operandTarget && kind == operandReturn) {
			continue
		}
		in := Instruction{Op: m.op}
		if m.op.conditional() {
			if len(args) != 3 {
				return in, fmt.Errorf("%s takes an operand and two targets, as in \"%s #1, next, 7\"", name, name)
			}
			jt, err1 := jump(args[1], at, 255)
			jf, err2 := jump(args[2], at, 255)
			in.Jt, in.Jf = uint8(jt), uint8(jf)
			if err := errors.Join(err1, err2); err != nil {
				return in, err
			}
		} else if len(args) != 1 {
			return in, fmt.Errorf("%s takes one operand, not %q", name, rest)
		}
		var err error
		in.K, err = a.operand(m.operand, args[0], at)
		return in, err
	}
	if !known {
		return Instruction{}, fmt.Errorf("unknown instruction %q", name)
	}
	return Instruction{}, fmt.Errorf("%s does not take the operand %q", name, args[0])
}

// kindOf tells operands apart by their looks. Words are either those of a return
// or a target.
func kindOf(s string) operand {
	switch {
	case s == "":
		return operandNone
	case s == "x":
		return operandX
	case s == "a":
		return operandA
	case s == "#len":
		return operandLen
	case s[0] == '#':
		return operandK
	case s[0] == '[':
		return operandField
	case strings.HasPrefix(s, "M["):
		return operandMem
	}
	return operandReturn
}

// operand reads the value of K.
func (a *assembler) operand(kind operand, s string, at int) (uint32, error) {
	switch kind {
	case operandK:
		return number(s[1:])
	case operandMem:
		inner, ok := strings.CutSuffix(s[2:], "]")
		if !ok {
			return 0, fmt.Errorf("%q has no closing bracket", s)
		}
		return number(inner)
	case operandField:
		inner, ok := strings.CutSuffix(s[1:], "]")
		if !ok {
			return 0, fmt.Errorf("%q has no closing bracket", s)
		}
		for i, name := range a.fields {
			if inner == name {
				return uint32(4 * i), nil
			}
		}
		k, err := number(inner)
		if err != nil {
			return 0, fmt.Errorf("%q is no field of seccomp_data, such as nr, arch or args[0].lo", inner)
		}
		return k, nil
	case operandTarget:
		return jump(s, at, 1<<32-1)
	case operandReturn:
		return returnWord(s)
	}
	return 0, nil
}

// jump reads a target and returns how many instructions lie between.
func jump(s string, at int, most uint64) (uint32, error) {
	if s == "next" {
		return 0, nil
	}
	to, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no target, which is the number of an instruction, or next", s)
	}
	if to <= uint64(at) {
		return 0, fmt.Errorf("the target %d is not behind instruction %d: jumps go forward", to, at)
	}
	if n := to - uint64(at) - 1; n <= most {
		return uint32(n), nil
	}
	return 0, fmt.Errorf("the target %d is more than %d instructions away", to, most)
}

// returnWord reads the operand of ret: the words of [seccomp.Return], or a
// number.
func returnWord(s string) (uint32, error) {
	if s[0] == '#' {
		return number(s[1:])
	}
	words := strings.Join(strings.Fields(s), " ")
	for _, a := range seccomp.Actions {
		if !a.TakesErrno() && a.Return().String() == words {
			return uint32(a), nil
		}
	}
	verb, datum, _ := strings.Cut(words, " ")
	data, err := strconv.ParseUint(datum, 10, 16)
	switch verb {
	case "errno":
		if e, ok := seccomp.ParseErrno(datum); ok {
			return uint32(seccomp.ReturnErrno(e)), nil
		}
		if err == nil {
			return uint32(seccomp.ActErrno.With(uint16(data))), nil
		}
		return 0, fmt.Errorf("%q is no errno, neither a name nor a number up to 65535", datum)
	case "trace":
		if err == nil {
			return uint32(seccomp.ActTrace.With(uint16(data))), nil
		}
		return 0, fmt.Errorf("%q is no message to a tracer, a number up to 65535", datum)
	}
	return 0, fmt.Errorf("ret does not know %q: it takes allow, log, notify, trap, kill thread, kill process, errno E, trace N, a or a number with #", words)
}

// number reads 32 bits.
func number(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no number of 32 bits", s)
	}
	return uint32(n), nil
}

// fourNumbers reads the fields of a sock_filter, separated by commas.
func fourNumbers(s string) (Instruction, error) {
	parts := strings.Split(s, ",")
	if len(parts) != 4 {
		return Instruction{}, fmt.Errorf("%q is not the four numbers op, jt, jf, k", s)
	}
	var n [4]uint64
	for i, bits := range [4]int{16, 8, 8, 32} {
		v, err := strconv.ParseUint(strings.TrimSpace(parts[i]), 0, bits)
		if err != nil {
			return Instruction{}, fmt.Errorf("%q is no number of %d bits", strings.TrimSpace(parts[i]), bits)
		}
		n[i] = v
	}
	return Instruction{Op: Opcode(n[0]), Jt: uint8(n[1]), Jf: uint8(n[2]), K: uint32(n[3])}, nil
}
