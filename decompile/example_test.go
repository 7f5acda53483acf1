package decompile_test

import (
	"fmt"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/decompile"
	"github.com/weir-dev/weir/seccomp"
)

// A program that denies one call, wherever it is asked.
func ExampleFilters() {
	prog := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr),
		bpf.JumpIf(bpf.OpJeq, 40, 0, 1), // mount of aarch64
		bpf.Ret(seccomp.ReturnErrno(1)),
		bpf.Ret(seccomp.ActAllow.Return()),
	}
	r, err := decompile.Filters(seccomp.ArchAARCH64, []bpf.Program{prog}, 1_000_000)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rule := range r.Profile.Rules {
		fmt.Println(rule.Names[0].Text, rule.Return)
	}
	for _, l := range r.Losses {
		fmt.Printf("%s: %v, in the profile %v\n", l.Why, l.Witness.A, l.Witness.B)
	}
	// Output:
	// mount errno EPERM
	// an architecture that a profile does not list kills the thread: allow, in the profile kill thread
}
