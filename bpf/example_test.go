package bpf_test

import (
	"fmt"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
)

// A filter for x86_64 that denies ptrace, and a look at what it does.
func Example() {
	order := seccomp.ArchX86_64.ByteOrder()
	program, err := bpf.Assemble(`
		0: ld [arch]
		1: jeq #0xc000003e, next, 5
		2: ld [nr]
		3: jeq #101, 4, 6              ; ptrace
		4: ret errno EPERM
		5: ret kill thread
		6: ret allow`, order)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := program.Check(); err != nil {
		fmt.Println(err)
		return
	}
	for _, nr := range []seccomp.Nr{0, 101} {
		call := seccomp.Data{Nr: nr, Arch: seccomp.ArchX86_64.Audit()}
		answer, steps, err := program.Run(&call, order)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d: %v, after %d instructions\n", nr, answer, steps)
	}
	// Output:
	// 0: allow, after 5 instructions
	// 101: errno EPERM, after 5 instructions
}

// The annotation that makes crun load this program.
func ExampleDecode() {
	program, err := bpf.Decode([]byte("BgAAAAEABQA="), seccomp.LittleEndian)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(program.Disassemble(seccomp.LittleEndian, nil))
	// Output: 0: ret errno EPERM
}

func ExampleProgram_Check() {
	program := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr),
		bpf.JumpIf(bpf.OpJeq, 101, 0, 7),
		bpf.Ret(seccomp.ActAllow.Return()),
	}
	fmt.Println(program.Check())
	// Output: check program: instruction 1, jeq #0x65, next, 9: the jump leaves the program
}

// A comment on each comparison with a number.
func ExampleProgram_Disassemble() {
	program := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr),
		bpf.JumpIf(bpf.OpJeq, 101, 0, 1),
		bpf.Ret(seccomp.ReturnErrno(seccomp.EPERM)),
		bpf.Ret(seccomp.ActAllow.Return()),
	}
	fmt.Print(program.Disassemble(seccomp.LittleEndian, func(in bpf.Instruction, line int) string {
		if in.Op == bpf.OpJeq && in.K == 101 {
			return "ptrace"
		}
		return ""
	}))
	// Output:
	// 0: ld [nr]
	// 1: jeq #0x65, next, 3             ; ptrace
	// 2: ret errno EPERM
	// 3: ret allow
}

// Which numbers the kernel answers from its bitmap, without running the filter.
func ExampleProgram_Constant() {
	program := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr),
		bpf.JumpIf(bpf.OpJeq, 135, 0, 2),
		bpf.LoadAbs(seccomp.OffsetLow(0, seccomp.LittleEndian)),
		bpf.JumpIf(bpf.OpJeq, 0xffffffff, 0, 1),
		bpf.Ret(seccomp.ActAllow.Return()),
		bpf.Ret(seccomp.ReturnErrno(seccomp.EPERM)),
	}
	for nr := seccomp.Nr(134); nr <= 135; nr++ {
		r, ok := program.Constant(nr, seccomp.ArchX86_64.Audit())
		fmt.Println(nr, ok && r == seccomp.ActAllow.Return())
	}
	// Output:
	// 134 true
	// 135 false
}
