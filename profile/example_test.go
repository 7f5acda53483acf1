package profile_test

import (
	"fmt"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

func Example() {
	src := []byte(`{
	"defaultAction": "SCMP_ACT_ERRNO",
	"syscalls": [
		{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}
	]
}`)
	p, err := profile.Parse("profile.json", src, profile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	rules, _ := p.Flatten(seccomp.Facts{Arch: seccomp.ArchX86_64, Caps: seccomp.DefaultCaps})
	for _, i := range rules {
		r := p.Rules[i]
		fmt.Printf("%s: %s for %d names\n", p.Position(r.Pos), r.Return, len(r.Names))
	}
	// Output:
	// profile.json:4:3: allow for 2 names
}

func ExampleParse_error() {
	src := []byte(`{
	"defaultAction": "SCMP_ACT_ERRNO",
	"syscalls": [{
		"names": ["personality"],
		"action": "SCMP_ACT_ALLOW",
		"args": [{"index": 0, "value": 0, "op": "SCMP_CMP_GR"}]
	}]
}`)
	_, err := profile.Parse("profile.json", src, profile.Options{})
	fmt.Println(err)
	// Output:
	// profile.json:6:43: syscalls[0].args[0].op: unknown operator "SCMP_CMP_GR"
	// 	hint: did you mean "SCMP_CMP_GT"?
}

func ExampleDefault() {
	p := profile.Default()
	_, archs := p.Flatten(seccomp.Facts{Arch: seccomp.ArchX86_64})
	fmt.Println(p.Default, len(p.Notes), archs)
	// Output:
	// errno EPERM 0 [SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32]
}
