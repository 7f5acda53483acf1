package convert_test

import (
	"fmt"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
)

func ExampleFlatten() {
	p, err := compose.Parse("profile.json", []byte(`{
	"defaultAction": "SCMP_ACT_ERRNO",
	"syscalls": [
		{"names": ["@pkey"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}
	]
}`), compose.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := convert.Flatten(p, amd64, policy.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s%v\n", r.Text, r.Proof.Verdict)
	// Output:
	// {
	// 	"defaultAction": "SCMP_ACT_ERRNO",
	// 	"defaultErrnoRet": 1,
	// 	"architectures": [
	// 		"SCMP_ARCH_X86_64"
	// 	],
	// 	"syscalls": [
	// 		{
	// 			"names": [
	// 				"pkey_alloc",
	// 				"pkey_free",
	// 				"pkey_mprotect"
	// 			],
	// 			"action": "SCMP_ACT_ALLOW",
	// 			"comment": "profile.json:4"
	// 		}
	// 	]
	// }
	// equal
}

func ExampleMerge() {
	web, err := profile.Parse("web.json", []byte(`{
	"defaultAction": "SCMP_ACT_ERRNO",
	"syscalls": [{"names": ["read", "write", "accept4"], "action": "SCMP_ACT_ALLOW"}]
}`), profile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := convert.Merge(convert.Intersection, []*profile.Profile{web, profile.Default()}, amd64, policy.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	q, err := profile.Parse("both.json", r.Text, profile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Proof.Verdict)
	for _, rule := range q.Rules {
		if rule.Return != q.Default {
			fmt.Println(rule.Return, len(rule.Names), rule.Names[0].Text, rule.Comment)
		}
	}
	// Output:
	// equal
	// allow 3 accept4 web.json:3
	// errno ENOSYS 1 clone3 builtin:1067
}
