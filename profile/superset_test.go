package profile_test

import (
	"testing"

	"github.com/weir-dev/weir/profile"
)

// What only weir reads is kept as it is written, for package compose to look up.
func TestWhatOnlyWeirReads(t *testing.T) {
	const rule = `"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]`
	for _, c := range []struct {
		name, src string
		plain     bool
	}{
		{"extends", top(`"extends": ["builtin"], ` + rule), false},
		{"extends nothing", top(`"extends": [], ` + rule), true},
		{"no extends", top(`"extends": null, ` + rule), true},
		{"a group", top(`"syscalls": [{"names": ["@mount"], "action": "SCMP_ACT_ALLOW"}]`), false},
		{"a group alone", top(`"syscalls": [{"name": "@mount", "action": "SCMP_ACT_ALLOW"}]`), false},
		{"a constant", allow(`"args": [{"index": 0, "value": "AF_ALG", "op": "SCMP_CMP_EQ"}]`), false},
		{"numbers and names", top(rule), true},
	} {
		p, err := profile.Parse("p", []byte(c.src), profile.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if p.Plain() != c.plain || p.Pending() == c.plain {
			t.Errorf("%s: plain %v, pending %v", c.name, p.Plain(), p.Pending())
		}
		wantSame(t, p, profile.Options{})
	}
}

func TestBadExtendsAndConstants(t *testing.T) {
	const rule = `, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]`
	for _, c := range [][2]string{
		{top(`"extends": "builtin"` + rule), `p:2:12: extends: found a string, expected a list (write ["builtin"])`},
		{top(`"extends": [1]` + rule), `p:2:13: extends[0]: found a number, expected a string (write it in double quotes)`},
		{top(`"extends": [""]` + rule), `p:2:13: extends[0]: an empty name`},
		{top(`"extends": ["a\u0000b"]` + rule), `p:2:13: extends[0]: control character U+0000 in "a\x00b" (remove it)`},
		{top(`"extends": ["builtin"], "extends": ["builtin"]` + rule), `p:2:25: extends: the key "extends" is there twice (runtimes disagree about which one counts: remove one)`},
		{top(`"extend": ["builtin"]` + rule), `p:2:1: extend: unknown key "extend" (did you mean "extends"?)`},
		{top(`"extends": ["builtin"]`), `p:2:12: extends: a profile that extends others and has no rule of its own (add one: what does not know the key may take a profile without rules for none at all)`},
		{allow(`"args": [{"index": 0, "value": "", "op": "SCMP_CMP_EQ"}]`), `p:2:32: syscalls[0].args[0].value: found a string, expected a number`},
		{allow(`"args": [{"index": 0, "value": "16", "op": "SCMP_CMP_EQ"}]`), `p:2:32: syscalls[0].args[0].value: found a string, expected a number (write 16, without quotes)`},
	} {
		wantErrors(t, c[0], profile.Options{}, c[1])
	}
	oci := profile.Options{Dialect: profile.OCI}
	wantErrors(t, top(`"extends": ["builtin"]`+rule), oci,
		`p:2:1: extends: the OCI format has no key "extends" (an OCI runtime ignores it: weir convert --to oci resolves it for a machine)`)
	wantErrors(t, allow(`"args": [{"index": 0, "value": "AF_ALG", "op": "SCMP_CMP_EQ"}]`), oci,
		`p:2:32: syscalls[0].args[0].value: found a string, expected a number`)
}
