package bpf

import (
	"errors"
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

func TestRun(t *testing.T) {
	imm := func(k uint32) Instruction { return Instruction{Op: OpLdImm, K: k} }
	x := func(k uint32) Instruction { return Instruction{Op: OpLdxImm, K: k} }
	op := func(o Opcode, k uint32) Instruction { return Instruction{Op: o, K: k} }
	tests := []struct {
		name string
		p    Program // what is before `ret a`
		want uint32
	}{
		{"A is zero at the start", Program{}, 0},
		{"X is zero at the start", Program{op(OpTxa, 0)}, 0},
		{"the length is that of seccomp_data", Program{op(OpLdLen, 0)}, 64},
		{"X can take the length", Program{op(OpLdxLen, 0), op(OpTxa, 0)}, 64},
		{"A goes to X", Program{imm(7), op(OpTax, 0), imm(1), op(OpTxa, 0)}, 7},
		{"memory keeps A", Program{imm(7), op(OpSt, 3), imm(1), op(OpLdMem, 3)}, 7},
		{"memory keeps X", Program{x(7), op(OpStx, 15), x(1), op(OpLdxMem, 15), op(OpTxa, 0)}, 7},
		{"addition wraps", Program{imm(0xffffffff), op(OpAdd, 3)}, 2},
		{"subtraction wraps", Program{imm(1), x(3), op(OpSubX, 0)}, 0xfffffffe},
		{"multiplication keeps the low half", Program{imm(0x10001), op(OpMul, 0x10001)}, 0x20001},
		{"division has no sign", Program{imm(0xfffffffe), op(OpDiv, 2)}, 0x7fffffff},
		{"division by X", Program{imm(100), x(7), op(OpDivX, 0)}, 14},
		{"division by a zero X returns 0", Program{imm(100), op(OpDivX, 0), imm(5)}, 0},
		{"negation", Program{imm(1), op(OpNeg, 0)}, 0xffffffff},
		{"or, xor, and", Program{imm(0xf0), op(OpOr, 0x0f), op(OpXor, 0x3c), op(OpAnd, 0xfe)}, 0xc2},
		{"a shift to the right brings in zeros", Program{imm(0x80000000), op(OpRsh, 31)}, 1},
		{"a shift by X takes five bits of it", Program{imm(1), x(33), op(OpLshX, 0)}, 2},
		{"a shift by an X of 32 does nothing", Program{imm(5), x(32), op(OpRshX, 0)}, 5},
		{"greater has no sign", Program{imm(0x80000000), JumpIf(OpJgt, 1, 1, 0), imm(9)}, 0x80000000},
		{"greater or equal", Program{imm(5), JumpIf(OpJge, 5, 1, 0), imm(9)}, 5},
		{"greater is not equal", Program{imm(5), JumpIf(OpJgt, 5, 1, 0), imm(9)}, 9},
		{"a set bit", Program{imm(6), JumpIf(OpJset, 3, 1, 0), imm(9)}, 6},
		{"no set bit", Program{imm(4), JumpIf(OpJset, 3, 1, 0), imm(9)}, 9},
		{"a comparison with X", Program{imm(6), x(6), {Op: OpJeqX, Jt: 1}, imm(9)}, 6},
		{"a plain jump", Program{imm(6), Jump(1), imm(9)}, 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := append(tt.p, Instruction{Op: OpRetA})
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			r, _, err := p.Run(&seccomp.Data{}, seccomp.LittleEndian)
			if err != nil || uint32(r) != tt.want {
				t.Errorf("got %#x, %v; want %#x", uint32(r), err, tt.want)
			}
		})
	}
}

func TestRunReadsEveryWordInBothByteOrders(t *testing.T) {
	d := seccomp.Data{Nr: 1, Arch: 2, IP: 4<<32 | 3, Args: [6]uint64{0x11 << 32, 0x22, 0x33, 0x44, 0x55, 0x67<<32 | 0x66}}
	tests := []struct {
		offset      uint32
		little, big uint32
	}{
		{0, 1, 1}, {4, 2, 2}, {8, 3, 4}, {12, 4, 3}, {16, 0, 0x11}, {20, 0x11, 0}, {56, 0x66, 0x67}, {60, 0x67, 0x66},
	}
	for _, tt := range tests {
		p := Program{LoadAbs(tt.offset), {Op: OpRetA}}
		l, _, err1 := p.Run(&d, seccomp.LittleEndian)
		b, _, err2 := p.Run(&d, seccomp.BigEndian)
		if uint32(l) != tt.little || uint32(b) != tt.big || err1 != nil || err2 != nil {
			t.Errorf("offset %d: got %#x and %#x, want %#x and %#x", tt.offset, uint32(l), uint32(b), tt.little, tt.big)
		}
	}
}

func TestRunCountsSteps(t *testing.T) {
	for nr, want := range map[seccomp.Nr]int{59: 3, 60: 4} {
		_, steps, _ := Program{LoadAbs(0), JumpIf(OpJeq, 59, 1, 0), Jump(0), Ret(0)}.Run(&seccomp.Data{Nr: nr}, seccomp.LittleEndian)
		if steps != want {
			t.Errorf("number %d: %d steps, want %d", nr, steps, want)
		}
	}
}

func TestRunOfAnUncheckedProgramFailsClosed(t *testing.T) {
	for name, p := range map[string]Program{
		"an empty one":               {},
		"an unknown opcode":          {{Op: 0xff}},
		"an offset beyond the data":  {LoadAbs(64), Ret(0x7fff0000)},
		"an index beyond the memory": {{Op: OpSt, K: 16}, Ret(0x7fff0000)},
		"a jump out of it":           {Jump(0xffffffff), Ret(0x7fff0000)},
		"a branch out of it":         {JumpIf(OpJeq, 0, 9, 0), Ret(0x7fff0000)},
		"a constant zero divisor":    {{Op: OpDiv}, Ret(0x7fff0000)},
		"a large constant shift":     {{Op: OpLsh, K: 32}, Ret(0x7fff0000)},
		"no return":                  {LoadAbs(0)},
	} {
		r, _, err := p.Run(&seccomp.Data{}, seccomp.LittleEndian)
		if err == nil || r.Action() != seccomp.ActKillProcess {
			t.Errorf("%s: %v, %v", name, r, err)
		}
		if _, ok := errors.AsType[*Error](err); !ok && len(p) > 0 {
			t.Errorf("%s: %v is no *Error", name, err)
		}
	}
}

func TestRunDoesNotAllocate(t *testing.T) {
	p, d := typical(), seccomp.Data{Nr: 56}
	if n := testing.AllocsPerRun(100, func() { p.Run(&d, seccomp.LittleEndian) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// typical is what a profile looks like: the architecture, a tree over the
// numbers, and two arguments.
func typical() Program {
	return Program{
		LoadAbs(seccomp.OffsetArch),
		JumpIf(OpJeq, 0xc000003e, 0, 10),
		LoadAbs(seccomp.OffsetNr),
		JumpIf(OpJge, 0x40000000, 8, 0),
		JumpIf(OpJge, 200, 6, 0),
		JumpIf(OpJge, 57, 7, 0),
		JumpIf(OpJeq, 56, 0, 6),
		LoadAbs(seccomp.OffsetLow(0, seccomp.LittleEndian)),
		And(0x7e020000),
		JumpIf(OpJeq, 0, 3, 0),
		Ret(seccomp.ReturnErrno(seccomp.EPERM)),
		Ret(seccomp.ReturnErrno(seccomp.ENOSYS)),
		Ret(seccomp.ActKillThread.Return()),
		Ret(seccomp.ActAllow.Return()),
	}
}

func BenchmarkRun(b *testing.B) {
	p, d := typical(), seccomp.Data{Nr: 56, Arch: 0xc000003e}
	_, steps, _ := p.Run(&d, seccomp.LittleEndian)
	for b.Loop() {
		p.Run(&d, seccomp.LittleEndian)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(steps), "ns/step")
}

func BenchmarkCheck(b *testing.B) {
	p := typical()
	for b.Loop() {
		if err := p.Check(); err != nil {
			b.Fatal(err)
		}
	}
}
