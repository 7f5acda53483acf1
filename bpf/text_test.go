package bpf

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

func TestDisassembleAndBack(t *testing.T) {
	le, be := seccomp.LittleEndian, seccomp.BigEndian
	tests := []struct {
		in    Instruction
		order seccomp.ByteOrder
		want  string
	}{
		{LoadAbs(0), le, "ld [nr]"},
		{LoadAbs(4), le, "ld [arch]"},
		{LoadAbs(8), le, "ld [ip.lo]"},
		{LoadAbs(12), le, "ld [ip.hi]"},
		{LoadAbs(16), le, "ld [args[0].lo]"},
		{LoadAbs(60), le, "ld [args[5].hi]"},
		{LoadAbs(8), be, "ld [ip.hi]"},
		{LoadAbs(16), be, "ld [args[0].hi]"},
		{LoadAbs(20), be, "ld [args[0].lo]"},
		{LoadAbs(18), le, "ld [0x12]"},
		{LoadAbs(64), le, "ld [0x40]"},
		{Instruction{Op: OpLdImm, K: 10}, le, "ld #0xa"},
		{Instruction{Op: OpLdMem, K: 3}, le, "ld M[3]"},
		{Instruction{Op: OpLdLen}, le, "ld #len"},
		{Instruction{Op: OpLdxLen}, le, "ldx #len"},
		{Instruction{Op: OpStx, K: 15}, le, "stx M[15]"},
		{Instruction{Op: OpTax}, le, "tax"},
		{And(0x7e020000), le, "and #0x7e020000"},
		{Instruction{Op: OpRshX}, le, "rsh x"},
		{Instruction{Op: OpNeg}, le, "neg"},
		{Jump(0), le, "ja next"},
		{Jump(9), le, "ja 10"},
		{Jump(0xffffffff), le, "ja 4294967296"},
		{JumpIf(OpJset, 5, 0, 255), le, "jset #0x5, next, 256"},
		{Instruction{Op: OpJgeX, Jt: 1}, le, "jge x, 2, next"},
		{Instruction{Op: OpRetA}, le, "ret a"},
		{Ret(seccomp.ActAllow.Return()), le, "ret allow"},
		{Ret(seccomp.ActLog.Return()), le, "ret log"},
		{Ret(seccomp.ActNotify.Return()), le, "ret notify"},
		{Ret(seccomp.ActTrap.Return()), le, "ret trap"},
		{Ret(seccomp.ActKillThread.Return()), le, "ret kill thread"},
		{Ret(seccomp.ActKillProcess.Return()), le, "ret kill process"},
		{Ret(seccomp.ReturnErrno(seccomp.EPERM)), le, "ret errno EPERM"},
		{Ret(seccomp.ReturnErrno(4000)), le, "ret errno 4000"},
		{Ret(seccomp.ActTrace.With(7)), le, "ret trace 7"},
		{Ret(seccomp.ActAllow.With(7)), le, "ret #0x7fff0007"},
		{Ret(0x12345678), le, "ret #0x12345678"},
		{Instruction{Op: 0x94, K: 3}, le, ".insn 0x94, 0, 0, 0x3"},
		{Instruction{Op: OpTax, Jt: 1, Jf: 2, K: 3}, le, ".insn 0x7, 1, 2, 0x3"},
	}
	for _, tt := range tests {
		p := Program{tt.in}
		text := p.Disassemble(tt.order, nil)
		if want := "0: " + tt.want + "\n"; text != want {
			t.Errorf("got %q, want %q", text, want)
		}
		if back, err := Assemble(tt.want, tt.order); err != nil || !slices.Equal(back, p) {
			t.Errorf("%s: read back as %v, %v", tt.want, back, err)
		}
	}
}

func TestAssembleReadsWhatDisassembleWrites(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	for range 300 {
		p := mutate(r, generate(r, 1+r.IntN(300)))
		for _, o := range []seccomp.ByteOrder{seccomp.LittleEndian, seccomp.BigEndian} {
			note := func(in Instruction, line int) string { return fmt.Sprint("; {", in, "}\n ret allow") }
			back, err := Assemble(p.Disassemble(o, note), o)
			if err != nil || !slices.Equal(back, p) {
				t.Fatalf("%v\n%s", err, p.Disassemble(o, nil))
			}
		}
	}
}

func TestDisassemblePutsNotesBehind(t *testing.T) {
	got := Program{LoadAbs(0), JumpIf(OpJeq, 59, 0, 0), Ret(0)}.Disassemble(seccomp.LittleEndian,
		func(in Instruction, line int) string {
			if in.Op == OpJeq {
				return fmt.Sprintf("execve,\non line %d", line)
			}
			return ""
		})
	const want = "" +
		"0: ld [nr]\n" +
		"1: jeq #0x3b, next, next          ; execve, on line 1\n" +
		"2: ret kill thread\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestAssembleIsNotFussy(t *testing.T) {
	p, err := Assemble("; a comment\n\n  ld [0]\r\n1:\tjeq #59,next ,2;execve\nret  errno\t38", seccomp.LittleEndian)
	want := Program{LoadAbs(0), JumpIf(OpJeq, 59, 0, 0), Ret(seccomp.ReturnErrno(seccomp.ENOSYS))}
	if err != nil || !slices.Equal(p, want) {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestAssembleErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"mov #1", `unknown instruction "mov"`},
		{"1: tax", `instruction 0 is numbered "1"`},
		{"L0: tax", `instruction 0 is numbered "L0"`},
		{"ld", `ld does not take the operand ""`},
		{"tax x", `tax does not take the operand "x"`},
		{"st #1", `st does not take the operand "#1"`},
		{"ld [nr", `"[nr" has no closing bracket`},
		{"ld M[1", `"M[1" has no closing bracket`},
		{"ld [args[0]]", `"args[0]" is no field of seccomp_data, such as nr, arch or args[0].lo`},
		{"ld #4294967296", `"4294967296" is no number of 32 bits`},
		{"add #-1", `"-1" is no number of 32 bits`},
		{"add #1, 2", `add takes one operand, not "#1, 2"`},
		{"jeq #1", `jeq takes an operand and two targets, as in "jeq #1, next, 7"`},
		{"jeq #1, next, L3", `"L3" is no target, which is the number of an instruction, or next`},
		{"jeq #1, next, 0", "the target 0 is not behind instruction 0: jumps go forward"},
		{"jeq #1, next, 257", "the target 257 is more than 255 instructions away"},
		{"ja 4294967297", "the target 4294967297 is more than 4294967295 instructions away"},
		{"ret errno EWHAT", `"EWHAT" is no errno, neither a name nor a number up to 65535`},
		{"ret trace x", `"x" is no message to a tracer, a number up to 65535`},
		{"ret kill", `ret does not know "kill": it takes allow, log, notify, trap, kill thread, kill process, errno E, trace N, a or a number with #`},
		{".insn 1, 2, 3", `"1, 2, 3" is not the four numbers op, jt, jf, k`},
		{".insn 1, 256, 3, 4", `"256" is no number of 8 bits`},
	}
	for _, tt := range tests {
		_, err := Assemble("\n; comment\n"+tt.text+"\n", seccomp.LittleEndian)
		e, ok := errors.AsType[*SyntaxError](err)
		if !ok || e.Line != 3 || e.Msg != tt.want {
			t.Errorf("%s: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestTextIsAlignedFromTenInstructionsOn(t *testing.T) {
	lines := strings.Split(slices.Repeat(Program{Ret(0)}, 11).Disassemble(seccomp.LittleEndian, nil), "\n")
	if lines[9] != " 9: ret kill thread" || lines[10] != "10: ret kill thread" {
		t.Errorf("%q", lines)
	}
}
