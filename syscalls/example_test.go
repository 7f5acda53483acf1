package syscalls_test

import (
	"fmt"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

func ExampleLookup() {
	c, _ := syscalls.Lookup("execve")
	for _, a := range []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchX86, seccomp.ArchX32, seccomp.ArchMIPS} {
		nr, _ := c.Nr(a)
		fmt.Printf("%-7s %d\n", a.Name(), nr)
	}
	// Output:
	// x86_64  59
	// x86     11
	// x32     1073742344
	// mips    4011
}

func ExampleAt() {
	c, ok := syscalls.At(seccomp.ArchAARCH64, 221)
	fmt.Println(c, ok)
	// Output: execve true
}

func ExampleCall_Args() {
	c, _ := syscalls.Lookup("clone")
	for _, a := range []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchS390X} {
		fmt.Print(a.Name(), ":")
		for i, arg := range c.Args(a)[:2] {
			fmt.Printf(" %s %s, %d bits;", arg.Type, arg.Name, c.Bits(a, i))
		}
		fmt.Println()
	}
	// Output:
	// x86_64: unsigned long clone_flags, 32 bits; unsigned long newsp, 64 bits;
	// s390x: unsigned long newsp, 64 bits; unsigned long clone_flags, 32 bits;
}

func ExampleCall_Multiplexed() {
	c, _ := syscalls.Lookup("socket")
	via, arg0, ok := c.Multiplexed(seccomp.ArchX86)
	fmt.Println(via, arg0, ok)
	// Output: socketcall 1 true
}

func ExampleSuggest() {
	fmt.Println(syscalls.Suggest("opnat"))
	// Output: openat true
}
