package bpf

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	allow := Ret(0x7fff0000)
	st0, ld0 := Instruction{Op: OpSt}, Instruction{Op: OpLdMem}
	tests := []struct {
		name string
		p    Program
		line int
		want string // the cause, "" if the program passes
	}{
		{"one return is a program", Program{allow}, 0, ""},
		{"the accumulator may be returned", Program{{Op: OpRetA}}, 0, ""},
		{"the index register may not be returned", Program{{Op: 0x0e}}, 0, causeOpcode},
		{"the last instruction is a return", Program{allow, {Op: OpTax}}, 1, causeNoEnd},
		{"every word of seccomp_data may be loaded", Program{LoadAbs(0), LoadAbs(60), allow}, 0, ""},
		{"a load is aligned", Program{LoadAbs(0), LoadAbs(18), allow}, 1, causeOffset},
		{"a load ends with seccomp_data", Program{LoadAbs(64), allow}, 0, causeOffset},
		{"half words cannot be loaded", Program{{Op: 0x28}, allow}, 0, causeOpcode},
		{"bytes cannot be loaded", Program{{Op: 0x30}, allow}, 0, causeOpcode},
		{"nothing is loaded relative to X", Program{{Op: 0x40}, allow}, 0, causeOpcode},
		{"there is no remainder", Program{{Op: 0x94, K: 3}, allow}, 0, causeOpcode},
		{"the upper byte of an opcode is zero", Program{{Op: OpTax | 0x100}, allow}, 0, causeOpcode},
		{"a jump ends at the last instruction", Program{Jump(0), allow}, 0, ""},
		{"a jump stays within the program", Program{Jump(1), allow}, 0, causeJump},
		{"a jump does not wrap around", Program{Jump(0xffffffff), allow}, 0, causeJump},
		{"the true branch stays within the program", Program{JumpIf(OpJeq, 1, 1, 0), allow}, 0, causeJump},
		{"the false branch stays within the program", Program{JumpIf(OpJset, 1, 0, 1), allow}, 0, causeJump},
		{"other instructions may carry jump offsets", Program{{Op: OpTax, Jt: 9, Jf: 9}, allow}, 0, ""},
		{"a constant divisor is not zero", Program{{Op: OpDiv}, allow}, 0, causeDivide},
		{"a register may be zero as a divisor", Program{{Op: OpDivX}, allow}, 0, ""},
		{"a constant shift is below 32", Program{{Op: OpLsh, K: 31}, {Op: OpRsh, K: 32}, allow}, 1, causeShift},
		{"a register may shift by anything", Program{{Op: OpLshX, K: 99}, allow}, 0, ""},
		{"there are 16 words of memory", Program{{Op: OpStx, K: 15}, {Op: OpSt, K: 16}, allow}, 1, causeMemory},
		{"a word is written before it is read", Program{ld0, allow}, 0, causeUnset},
		{"a word that was written may be read", Program{st0, ld0, allow}, 0, ""},
		{"a word is written on every path", Program{JumpIf(OpJeq, 1, 1, 0), st0, ld0, allow}, 2, causeUnset},
		{"a word may be written on each path", Program{JumpIf(OpJeq, 1, 2, 0), st0, Jump(1), st0, ld0, allow}, 0, ""},
		{"code behind a jump that nothing reaches may read", Program{Jump(1), ld0, allow}, 0, ""},
		{"code behind a return counts as reached from it", Program{JumpIf(OpJeq, 1, 0, 2), st0, Jump(1), allow, ld0, allow}, 4, causeUnset},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.p.Check()
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Cause != tt.want || e.Line != tt.line || e.Instruction != tt.p[tt.line] {
				t.Fatalf("got %v, want instruction %d: %s", err, tt.line, tt.want)
			}
		})
	}
}

func TestCheckLimitsTheLength(t *testing.T) {
	for n, ok := range map[int]bool{0: false, 1: true, MaxLen: true, MaxLen + 1: false} {
		if err := slices.Repeat(Program{Ret(0)}, n).Check(); (err == nil) != ok {
			t.Errorf("%d instructions: %v", n, err)
		}
	}
}

func TestCheckNamesTheInstruction(t *testing.T) {
	err := Program{LoadAbs(0), JumpIf(OpJeq, 59, 0, 200), Ret(0)}.Check()
	const want = "check program: instruction 1, jeq #0x3b, next, 202: the jump leaves the program"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// The list of opcodes is in three places: the constants, Check and the text.
// They hold the same ones.
func TestEveryOpcodeHasAName(t *testing.T) {
	for op := range Opcode(1 << 12) {
		in := Instruction{Op: op, K: 1}
		named := !strings.HasPrefix(in.text(0, nil), ".insn") ||
			!strings.HasPrefix(Instruction{Op: op}.text(0, nil), ".insn")
		known := in.check(10) != causeOpcode
		if named != known {
			t.Errorf("opcode %#x: has a name: %v, is accepted: %v", uint16(op), named, known)
		}
	}
}

func TestGeneratedProgramsPass(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		p := generate(r, 1+r.IntN(100))
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
	}
}
