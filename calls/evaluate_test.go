package calls_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

func ExampleEvaluate() {
	mmap, _ := syscalls.Lookup("mmap")
	for _, a := range []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchMIPS64} {
		v, err := calls.Evaluate(a, mmap, 3, "MAP_ANONYMOUS|MAP_PRIVATE")
		fmt.Printf("%s: %#x %v\n", a.Name(), v, err)
	}
	// Output:
	// x86_64: 0x22 <nil>
	// mips64: 0x802 <nil>
}

func TestEvaluate(t *testing.T) {
	clone, _ := syscalls.Lookup("clone")
	for _, c := range []struct {
		name, text string
		want       uint64
		err        string
	}{
		{name: "a constant", text: "CLONE_NEWUSER", want: 0x10000000},
		{name: "constants joined", text: "CLONE_NEWUSER | CLONE_NEWNS", want: 0x10020000},
		{name: "a complement has 64 bits", text: "~CLONE_NEWUSER", want: 0xffffffffefffffff},
		{name: "a negative constant", text: "AT_FDCWD", want: 0xffffffffffffff9c},
		{name: "numbers", text: "0x7E020000", want: 0x7e020000},
		{name: "a shift", text: "1<<29", want: 1 << 29},
		{name: "a slip", text: "CLONE_NEWUSR", err: `CLONE_NEWUSR: column 1: unknown constant CLONE_NEWUSR`},
		{name: "the second is unknown", text: "CLONE_NEWUSER|X", err: `CLONE_NEWUSER|X: column 15: unknown constant X`},
		{name: "nothing", text: "", err: `: column 1: a value is missing`},
		{name: "two values", text: "AF_ALG AF_INET", err: `AF_ALG AF_INET: column 8: "AF_INET" after the value`},
		{name: "an open value", text: "_", err: `_: column 1: unknown constant _`},
		{name: "a comment", text: "AF_ALG /* x */", err: `AF_ALG /* x */: column 8: "/" is no part of a value`},
		{name: "what strace says of a descriptor", text: "3<x>", err: `3<x>: column 4: ">" is no part of a value`},
	} {
		got, err := calls.Evaluate(seccomp.ArchX86_64, clone, 0, c.text)
		if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err || got != c.want {
			t.Errorf("%s: %#x, %v; want %#x, %s", c.name, got, err, c.want, c.err)
		}
	}
}

func TestAConstantThatOtherArchitecturesHave(t *testing.T) {
	mmap, _ := syscalls.Lookup("mmap")
	_, err := calls.Evaluate(seccomp.ArchAARCH64, mmap, 3, "MAP_32BIT")
	var e *calls.Error
	if !errors.As(err, &e) || !e.Absent {
		t.Errorf("MAP_32BIT on aarch64: %v, want an error that says that it is absent there", err)
	}
}
