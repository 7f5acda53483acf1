package verify_test

import (
	"fmt"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// A program that compares only the lower half of a 64-bit argument.
func ExampleProgram() {
	allow := seccomp.ActAllow.Return()
	deny := seccomp.ReturnErrno(1)
	pol := &policy.Policy{
		Native: seccomp.ArchAARCH64,
		ABIs: []policy.ABI{{
			Audit: seccomp.ArchAARCH64.Audit(),
			Rows: []policy.Row{{First: 0, Last: 1<<32 - 1, Rules: []policy.Rule{
				{Conds: []policy.Cond{{Arg: 1, Bits: 64, Op: seccomp.OpLessThan, Value: 4096}}, Return: allow},
				{Return: deny},
			}}},
		}},
		Foreign: policy.Rule{Return: deny},
	}
	prog := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetArch),
		bpf.JumpIf(bpf.OpJeq, uint32(seccomp.ArchAARCH64.Audit()), 0, 3),
		bpf.LoadAbs(seccomp.OffsetLow(1, seccomp.LittleEndian)),
		bpf.JumpIf(bpf.OpJge, 4096, 1, 0),
		bpf.Ret(allow),
		bpf.Ret(deny),
	}

	r := verify.Program(pol, prog, 1_000_000)
	fmt.Println(r.Verdict)
	fmt.Printf("args[1] = %#x: the policy says %v, the program %v\n", r.Witness.Args[1], r.Want, r.Got)
	// Output:
	// different
	// args[1] = 0x100000000: the policy says errno EPERM, the program allow
}
