//go:build linux

package kerneltest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// plainEnv is in the environment of a test binary that a plain user runs again.
const plainEnv = "WEIR_TEST_PLAIN_USER"

// mappedUser is who has subordinate ids. Scripts/setup makes this user.
const mappedUser = "weir-test"

// loneUID is nobody at all: a user in no file, who has but this one id.
const loneUID = 64999

// AgainAsPlainUsers runs tests of this test binary again, those that a pattern of
// go test -run names, as a user who can map one id and as one with subordinate ids:
// the same pages, of which those that need root itself are skipped, and with
// WEIR_TEST_MUST_RUN=1 no other. It is the short run of those that have one. The
// environment given is added to a small one; testdata is there.
func AgainAsPlainUsers(t *testing.T, pattern string, env ...string) {
	if os.Getenv(plainEnv) != "" {
		t.Skip("this is it")
	}
	Require(t, Root)
	t.Run("with one id", func(t *testing.T) { again(t, loneUID, loneUID, pattern, env) })
	t.Run("with subordinate ids", func(t *testing.T) {
		Require(t, Tool("newuidmap"), Tool("newgidmap")) // package uidmap
		uid, gid, why := subordinateUser()
		Require(t, func() lack { return lack{why: why} })
		again(t, uid, gid, pattern, env)
	})
}

func subordinateUser() (uid, gid int, why string) {
	u, err := user.Lookup(mappedUser)
	if err != nil {
		return 0, 0, err.Error() + " (scripts/setup makes it)"
	}
	for _, file := range []string{"/etc/subuid", "/etc/subgid"} {
		b, _ := os.ReadFile(file)
		if !strings.Contains("\n"+string(b), "\n"+mappedUser+":") {
			return 0, 0, file + " has no line for " + mappedUser + " (scripts/setup writes it)"
		}
	}
	uid, err = strconv.Atoi(u.Uid)
	if err == nil {
		gid, err = strconv.Atoi(u.Gid)
	}
	if err != nil {
		return 0, 0, err.Error()
	}
	return uid, gid, ""
}

func again(t *testing.T, uid, gid int, pattern string, env []string) {
	// Not t.TempDir, which lies in a directory of root's alone.
	dir, err := os.MkdirTemp("", "weir-plain-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "test")
	if err := copyFile(program, "/proc/self/exe"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("testdata"); err == nil {
		if err := os.CopyFS(filepath.Join(dir, "testdata"), os.DirFS("testdata")); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-test.run="+pattern, "-test.v", "-test.short", "-test.timeout=10m")
	cmd.Dir = dir
	cmd.Env = append([]string{
		plainEnv + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir,
		"WEIR_TEST_MUST_RUN=" + os.Getenv("WEIR_TEST_MUST_RUN"),
	}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	out, err := cmd.CombinedOutput()
	var passed, skipped int
	said, now := map[string]string{}, "" // by each test, and which one is saying
	failed := ""
	for line := range strings.Lines(string(out)) {
		verdict, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
		name, _, _ := strings.Cut(rest, " ")
		switch verdict {
		case "--- PASS":
			passed++
		case "--- SKIP":
			skipped++
		case "--- FAIL":
			failed += line + said[name]
		default:
			if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "===" {
				now = fields[2]
			} else {
				said[now] += line
			}
		}
	}
	t.Logf("%d tests passed, %d were skipped", passed, skipped)
	if err != nil {
		if failed == "" {
			failed = string(out)
		}
		t.Errorf("%v\n%s", err, failed)
	}
	if passed == 0 {
		t.Errorf("no test passed")
	}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// Containers needs what starts a container: root with CAP_SYS_ADMIN, or a user
// namespace for who is not root.
func Containers() lack {
	if os.Geteuid() == 0 {
		return Root()
	}
	cmd := exec.Command("true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER}
	if err := cmd.Run(); err != nil {
		return lack{why: fmt.Sprintf("the test needs root or a user namespace: %v", err)}
	}
	return lack{}
}
