package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTheExitStatusIsTheProgramsOwn(t *testing.T) {
	dir := image(t)
	for _, c := range []struct {
		name, script string
		want         ExitStatus
	}{
		{"success", "exit 0", ExitStatus{}},
		{"a code", "exit 7", ExitStatus{Code: 7}},
		{"a code that looks like the launcher's", "exit 125", ExitStatus{Code: 125}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := run(t, over(t, dir, "sh", "-c", c.script)); r.err != nil || r.ExitStatus != c.want {
				t.Errorf("got %+v", r)
			}
		})
	}
	t.Run("a signal is 128 and its number", func(t *testing.T) {
		if got := (ExitStatus{Signal: syscall.SIGKILL}).Status(); got != 137 {
			t.Errorf("got %d", got)
		}
	})
}

func TestAProgramThatCannotStartHasDockersCodeAndWords(t *testing.T) {
	dir := image(t)
	write(t, dir, "bin/garbage", "\x01\x02 no program")
	write(t, dir, "bin/orphan", "#!/no/such/interpreter\n")
	if err := os.WriteFile(filepath.Join(dir, "bin/plain"), []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/ofroot"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, program, user string
		code                int
		message             string
	}{
		{"a name that is not in PATH", "nosuch", "", 127, `exec: "nosuch": executable file not found in $PATH`},
		{"an empty name", "", "", 127, `exec: "": executable file not found in $PATH`},
		{"a path that does not exist", "/no/such", "", 127, `exec: "/no/such": stat /no/such: no such file or directory`},
		{"a path through a file", "/etc/passwd/x", "", 127, `exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory`},
		{"a file that is not executable", "/bin/plain", "", 126, `exec: "/bin/plain": permission denied`},
		{"a file in PATH that is not executable", "plain", "", 127, `exec: "plain": executable file not found in $PATH`},
		{"a file that the user may not execute", "/bin/ofroot", "1000", 126, `exec: "/bin/ofroot": permission denied`},
		{"a directory", "/etc", "", 126, `exec: "/etc": is a directory`},
		{"no program at all", "/bin/garbage", "", 126, `exec: "/bin/garbage": exec format error`},
		{"a script whose interpreter is missing", "/bin/orphan", "", 127, `exec: "/bin/orphan": no such file or directory`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := over(t, dir, c.program)
			needIDs(t, c.user)
			s.User = c.user
			wantError(t, run(t, s), c.code, c.message)
		})
	}
	t.Run("a name is looked up in the PATH that was given", func(t *testing.T) {
		s := over(t, dir, "true")
		s.Env = []string{"PATH=/nowhere"}
		wantError(t, run(t, s), 127, `exec: "true": executable file not found in $PATH`)
	})
}

// The kernel takes 6 MiB of arguments and environment at most.
func TestAllThatExecveTakesReachesTheProgram(t *testing.T) {
	dir := image(t)
	long := func(n int) *Spec {
		s := over(t, dir, "sh", "-c", `echo $# ${#1} ${#ENV0}`, "sh")
		for i := range n {
			s.Args = append(s.Args, strings.Repeat("a", 120_000))
			s.Env = append(s.Env, fmt.Sprintf("ENV%d=%s", i, strings.Repeat("e", 120_000)))
		}
		s.Rlimits = []Rlimit{{"stack", unix.RLIMIT_STACK, 64 << 20, 64 << 20}} // a quarter of it, too, is a bound
		return s
	}
	equal(t, "arguments", output(t, long(24)), "24 120000 120000\n")
	for _, n := range []int{28, 40} { // 6.7 and 9.6 million bytes
		wantError(t, run(t, long(n)), CodeExec, "argument list too long")
	}
}

func TestASpecThatMakesNoContainerIsAnError(t *testing.T) {
	dir := image(t)
	for _, c := range []struct {
		name    string
		change  func(*Spec)
		message string
	}{
		{"no weir-init", func(s *Spec) { s.Init = nil }, "no weir-init given"},
		{"no command", func(s *Spec) { s.Args = nil }, "no command given"},
		{"two roots", func(s *Spec) { s.Rootfs = dir }, "either layers or a root directory"},
		{"a relative layer", func(s *Spec) { s.Layers = []string{"layer"} }, `"layer": not an absolute path`},
		{"a layer that is missing", func(s *Spec) { s.Layers = []string{"/no/such"} }, "no such file or directory"},
		{"a relative working directory", func(s *Spec) { s.Cwd = "tmp" }, `working directory "tmp": not an absolute path`},
		{"a working directory that is a file", func(s *Spec) { s.Cwd = "/etc/passwd" }, "enter the working directory /etc/passwd: not a directory"},
		{"a volume that is missing", func(s *Spec) { s.Volumes = []Mount{{Source: "/no/such", Target: "/v"}} }, "mount /no/such at /v: no such file or directory"},
		{"a volume at /", func(s *Spec) { s.Volumes = []Mount{{Source: "/tmp", Target: "/a/.."}} }, "the target cannot be /"},
		{"a volume in /proc", func(s *Spec) { s.Volumes = []Mount{{Source: "/tmp", Target: "/x/../proc/self"}} }, "nothing can be mounted inside /proc"},
		{"a file on a directory", func(s *Spec) { s.Volumes = []Mount{{Source: "/etc/passwd", Target: "/bin"}} }, "mount /etc/passwd at /bin: is a directory"},
		{"a directory on a file", func(s *Spec) { s.Volumes = []Mount{{Source: "/etc", Target: "/bin/sh"}} }, "mount /etc at /bin/sh: not a directory"},
		{"a NUL in an argument", func(s *Spec) { s.Args = []string{"true", "a\x00b"} }, "a string with a NUL byte in it"},
		{"a hostname that is too long", func(s *Spec) { s.Hostname = string(make([]byte, 65)) }, "set the hostname"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := over(t, dir, "true")
			c.change(s)
			r := run(t, s)
			code := CodeSetup
			if c.name == "a NUL in an argument" {
				code = CodeExec
			}
			wantError(t, r, code, c.message)
		})
	}
}
