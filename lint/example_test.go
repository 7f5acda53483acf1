package lint_test

import (
	"fmt"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/lint"
	"github.com/weir-dev/weir/seccomp"
)

func ExampleCheck() {
	src := `{
	"defaultAction": "SCMP_ACT_ALLOW",
	"syscalls": [{"names": ["mkdiratt"], "action": "SCMP_ACT_ERRNO"}]
}`
	facts := seccomp.Facts{
		Arch:   seccomp.ArchX86_64,
		Kernel: seccomp.KernelVersion{Major: 6, Minor: 18},
		Caps:   seccomp.DefaultCaps,
	}
	for _, f := range lint.Check("profile.json", []byte(src), facts, compose.Options{}) {
		if f.Level == lint.Error {
			fmt.Println(f.Pos, f.Rule, f.Hint)
		}
	}
	// Output: profile.json:3:26 WEIR003 did you mean "mkdirat"?
}
