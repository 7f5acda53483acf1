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

func TestBadCasesNameTheirLine(t *testing.T) {
	for line, want := range map[string]string{
		"mount":              "line 2: \"mount\" is not CALL = VERDICT",
		"mount = maybe":      "line 2: verdict \"maybe\"",
		"mountt = EPERM":     "line 2: ",
		"clone(NEWUSR) = 1":  "line 2: ",
		"mount = EPERM typo": "line 2: verdict \"EPERM typo\"",
	} {
		if _, err := ParseCases("\n"+line, seccomp.ArchX86_64); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", line, err, want)
		}
	}
}

func check(t *testing.T, table string) []Failure {
	t.Helper()
	facts := seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}
	cases, err := ParseCases(table, facts.Arch)
	if err != nil {
		t.Fatal(err)
	}
	failures, err := Question{Profile: profile.Default(), Facts: facts}.Check(cases)
	if err != nil {
		t.Fatal(err)
	}
	return failures
}
