package explain

import (
	"strings"
	"testing"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

func TestCasesThatDockersDefaultMeets(t *testing.T) {
	table := `
# the table of Docker's page, in short
read = allow
mount = EPERM            # whatever the arguments
mount = denied
clone3 = ENOSYS
clone(SIGCHLD) = allow
clone(CLONE_NEWUSER|SIGCHLD) = 1
personality(0xffffffff) = allow
999 = ENOSYS
x86: socketcall(SYS_SOCKET) = allow
riscv64: read = kill
aarch64: read = kill thread
`
	if failures := check(t, table); len(failures) > 0 {
		t.Errorf("line %d: %s", failures[0].Line, failures[0].Text)
	}
}

func TestCasesThatItDoesNotMeet(t *testing.T) {
	for _, line := range []string{
		"read = denied", "read = log", "mount = allow", "mount = EACCES", "clone3 = EPERM", "clone = allow",
		"personality = EPERM", "riscv64: read = kill process", "read = trap", "read = notify", "read = trace",
	} {
		if failures := check(t, line); len(failures) != 1 {
			t.Errorf("%s: %d failures, want 1", line, len(failures))
		}
	}
}

// Without its own rule socketcall gets what the rule of socket allows.
func TestWhatLeadsToTheSameVerdictIsNoChange(t *testing.T) {
	failures := check(t, "x86: socketcall(SYS_SOCKET) = denied")
	if len(failures) != 1 || len(failures[0].Answer.Flips) != 0 {
		t.Errorf("%+v", failures)
	}
	if failures = check(t, "mount = allow"); len(failures) != 1 || len(failures[0].Answer.Flips) != 2 {
		t.Errorf("%+v", failures)
	}
}

func TestBadCasesNameTheirLine(t *testing.T) {
	for line, want := range map[string]string{
		"mount":              "table:2:1: \"mount\" is not CALL = VERDICT",
		"mount = maybe":      "table:2:9: verdict \"maybe\"",
		"  mountt = EPERM":   "table:2:3: no architecture has a system call \"mountt\"",
		"clone(NEWUSR) = 1":  "table:2:7: unknown constant NEWUSR",
		"x86: clone(NEWUSR)": "table:2:1: \"x86: clone(NEWUSR)\" is not",
		"x86: reed = allow":  "table:2:6: no architecture",
		"mount = EPERM typo": "table:2:9: verdict \"EPERM typo\"",
	} {
		if _, err := ParseCases("table", "\n"+line, seccomp.ArchX86_64); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", line, err, want)
		}
	}
}

func check(t *testing.T, table string) []Failure {
	t.Helper()
	facts := seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}
	cases, err := ParseCases("table", table, facts.Arch)
	if err != nil {
		t.Fatal(err)
	}
	failures, err := Question{Profile: profile.Default(), Facts: facts}.Check(cases)
	if err != nil {
		t.Fatal(err)
	}
	return failures
}
