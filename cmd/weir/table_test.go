package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// On a narrow terminal a row's text stands beneath it; on a wide one, and in a pipe, in its column.
func TestTablesFitTheTerminal(t *testing.T) {
	for _, c := range []struct {
		columns string
		width   int
		want    string
	}{
		{"80", 80, "\n  SCMP_ACT_LOG           yes  Linux 4.14\n      a call is allowed and logged: trying a profile out\n      SECCOMP_GET_ACTION_AVAIL says so\n"},
		{"250", 250, "\n  SCMP_ACT_LOG           yes  Linux 4.14  a call is allowed and logged: trying a profile out    "},
	} {
		cmd := exec.Command("script", "-qec", "stty cols "+c.columns+"; weir check", "/dev/null")
		cmd.Env = append(os.Environ(), "WEIR_ROOT="+t.TempDir())
		b, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		out := strings.ReplaceAll(string(b), "\r\n", "\n")
		if !strings.Contains(out, c.want) {
			t.Errorf("%s columns: %q is not in\n%s", c.columns, c.want, out)
		}
		for line := range strings.Lines(out) {
			if len(line)-1 > c.width {
				t.Errorf("%s columns: %q is longer", c.columns, line)
			}
		}
	}
}

// So does the help.
func TestTheHelpFitsTheTerminal(t *testing.T) {
	for _, verb := range []string{"run", "lint", "explain"} {
		out, err := exec.Command("script", "-qec", "stty cols 80; weir help "+verb, "/dev/null").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		_, flags, found := strings.Cut(strings.ReplaceAll(string(out), "\r\n", "\n"), "\nUsage:")
		_, flags, _ = strings.Cut(flags, "\n\n")
		if !found || len(flags) == 0 {
			t.Errorf("%s", out)
		}
		for line := range strings.Lines(flags) {
			if len(line)-1 > 80 && strings.HasPrefix(strings.TrimSpace(line), "-") {
				t.Errorf("%q is longer than 80", line)
			}
		}
	}
}
