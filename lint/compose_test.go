package lint_test

import (
	"os"
	"testing"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/lint"
)

// Findings about a profile that stands on others are where the cause is written, in
// whichever file, and comments silence them there.
func TestFindingsOfExtendedProfiles(t *testing.T) {
	t.Chdir(t.TempDir())
	base := func(comment string) {
		src := `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
	{"names": ["execve", "exit", "exit_group", "rt_sigreturn"], "action": "SCMP_ACT_ALLOW"},
	{"names": ["@pkey", "keyctl"], "action": "SCMP_ACT_ALLOW", "comment": "` + comment + `"}
]}`
		if err := os.WriteFile("base.json", []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const src = `{"extends": ["base.json"], "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
	{"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "comment": "weir:ignore WEIR019"},
	{"names": ["read"], "action": "SCMP_ACT_ALLOW"}
]}`
	base("")
	found := of("WEIR019", lint.Check("profile.json", []byte(src), facts, compose.Options{}))
	if len(found) != 1 {
		t.Fatalf("%d findings of WEIR019: %v", len(found), found)
	}
	f := found[0]
	if got := f.Pos.String() + ": " + f.Path; got != "base.json:3:22: syscalls[1].names[1]" {
		t.Errorf("keyctl is found at %s", got)
	}
	if want := `	{"names": ["@pkey", "keyctl"], "action": "SCMP_ACT_ALLOW", "comment": ""}`; f.Text != want {
		t.Errorf("the line is %q, want %q", f.Text, want)
	}
	base("weir:ignore WEIR019")
	if found := of("WEIR019", lint.Check("profile.json", []byte(src), facts, compose.Options{})); len(found) > 0 {
		t.Errorf("silenced, and found: %v", found)
	}
}

// Of a group nobody can take out the calls that an architecture does not have.
func TestCallsOfAGroupMayBeAbsent(t *testing.T) {
	if found := of("WEIR004", lint.Check("p", []byte(`{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
		"syscalls": [{"names": ["@clock"], "action": "SCMP_ACT_ALLOW"}]}`), facts, compose.Options{})); len(found) > 0 {
		t.Errorf("%v", found)
	}
	if found := of("WEIR004", lint.Check("p", []byte(`{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
		"syscalls": [{"names": ["@pkey", "clock_adjtime64"], "action": "SCMP_ACT_ALLOW"}]}`), facts, compose.Options{})); len(found) != 1 {
		t.Errorf("%d findings for clock_adjtime64, want 1", len(found))
	}
}
