package compose_test

import (
	"fmt"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// Docker's default profile, without netlink sockets, and with the
// kernel's keyrings.
func ExampleParse() {
	const src = `{
	"extends": ["builtin"],
	"defaultAction": "SCMP_ACT_ERRNO",
	"syscalls": [
		{"names": ["@keyring"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": "AF_NETLINK"}]}
	]
}`
	p, err := compose.Parse("profile.json", []byte(src), compose.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	facts := seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}
	pol, _, err := policy.Resolve(p, facts, policy.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"keyctl", "socket(AF_NETLINK, SOCK_RAW, 0)", "socket(AF_UNIX, SOCK_STREAM, 0)", "mount"} {
		call, _ := calls.Parse(facts.Arch, text)
		data := call.Data()
		_, rule := pol.Eval(&data)
		at := p.DefaultPos
		if rule.Why == policy.WhyRule {
			at = p.Rules[rule.Origin].Pos
		}
		fmt.Printf("%s: %v, by %v\n", text, rule.Return, p.Position(at))
	}
	// Output:
	// keyctl: allow, by profile.json:5:3
	// socket(AF_NETLINK, SOCK_RAW, 0): errno EPERM, by profile.json:6:3
	// socket(AF_UNIX, SOCK_STREAM, 0): allow, by builtin:439:3
	// mount: errno EPERM, by profile.json:3:19
}
