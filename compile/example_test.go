package compile_test

import (
	"fmt"

	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A policy for riscv64 that allows write to standard output and standard error,
// and exit; anything else fails. Mostly policies come from policy.Resolve.
func ExampleProgram() {
	fail := policy.Rule{Return: seccomp.ReturnErrno(seccomp.EPERM), Why: policy.WhyDefault}
	allow := func(conds ...policy.Cond) policy.Rule {
		return policy.Rule{Return: seccomp.ActAllow.Return(), Conds: conds}
	}
	const arch = seccomp.ArchRISCV64
	p := &policy.Policy{
		Native:  arch,
		Foreign: policy.Rule{Return: seccomp.ActKillThread.Return(), Why: policy.WhyForeign},
		ABIs: []policy.ABI{{Audit: arch.Audit(), Rows: []policy.Row{
			{First: 0, Last: 63, Arch: arch, Rules: []policy.Rule{fail}},
			{First: 64, Last: 64, Arch: arch, Named: true, Rules: []policy.Rule{
				allow(policy.Cond{Arg: 0, Bits: 32, Op: seccomp.OpEqualTo, Value: 1}),
				allow(policy.Cond{Arg: 0, Bits: 32, Op: seccomp.OpEqualTo, Value: 2}),
				fail,
			}},
			{First: 65, Last: 92, Arch: arch, Rules: []policy.Rule{fail}},
			{First: 93, Last: 93, Arch: arch, Named: true, Rules: []policy.Rule{allow()}},
			{First: 94, Last: 1<<32 - 1, Arch: arch, Rules: []policy.Rule{fail}},
		}}},
	}
	prog, err := compile.Program(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(prog.Disassemble(arch.ByteOrder(), nil))

	s := compile.Measure(p, prog)
	fmt.Printf("%d instructions; of the %d numbers from write to exit, %d is cached; at worst %d are executed\n",
		s.Length, s.ABIs[0].Numbers, s.ABIs[0].Cached, s.ABIs[0].Worst)
	// Output:
	// 0: ld [arch]
	//  1: jeq #0xc00000f3, 3, next
	//  2: ret kill thread
	//  3: ld [nr]
	//  4: jeq #0x40, 6, next
	//  5: jeq #0x5d, 10, 9
	//  6: ld [args[0].lo]
	//  7: jge #0x1, next, 9
	//  8: jge #0x3, next, 10
	//  9: ret errno EPERM
	// 10: ret allow
	//
	// 11 instructions; of the 30 numbers from write to exit, 1 is cached; at worst 7 are executed
}
