package inside

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv("WEIR_TEST_VM") == "" {
		fmt.Println("these tests run in a virtual machine: go test ../")
		return
	}
	os.Exit(m.Run())
}

// top is where cgroup v2 is mounted; the tests are in a session of a slice of it.
const (
	top     = "/sys/fs/cgroup"
	slice   = top + "/user.slice"
	session = slice + "/session.scope"
)

// alice is a plain user.
var alice = &syscall.Credential{Uid: 1000, Gid: 1000}

// rootfs makes a root file system of busybox. It is alice's, so that her containers may have mounts in it.
func rootfs(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rootfs-")
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	check(t, os.Chmod(dir, 0o755))
	for _, name := range []string{"bin", "etc", "tmp", "root"} {
		check(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	for name, from := range map[string]string{"busybox": "/bin/busybox", "other": "/programs/other"} {
		b, err := os.ReadFile(from)
		check(t, err)
		check(t, os.WriteFile(filepath.Join(dir, "bin", name), b, 0o755))
	}
	for _, name := range []string{"sh", "cat", "dd", "echo", "grep", "ls", "mkdir", "sleep", "true", "unshare"} {
		check(t, os.Symlink("busybox", filepath.Join(dir, "bin", name)))
	}
	check(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, int(alice.Uid), int(alice.Gid)))
	}))
	return dir
}

// weir runs weir, and returns what it wrote and its exit code.
func weir(t *testing.T, attr *syscall.SysProcAttr, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command("weir", args...)
	cmd.SysProcAttr = attr
	b, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// ends fails unless weir ends with an exit code, having written each of the texts.
func ends(t *testing.T, attr *syscall.SysProcAttr, want int, texts []string, args ...string) {
	t.Helper()
	out, code := weir(t, attr, args...)
	if code != want {
		t.Errorf("weir %s: exit code %d, want %d\n%s", strings.Join(args, " "), code, want, out)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("weir %s: no %q in\n%s", strings.Join(args, " "), text, out)
		}
	}
}

// started starts weir with a program that writes a line once it runs. The container ends with the test.
func started(t *testing.T, attr *syscall.SysProcAttr, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("weir", args...)
	cmd.SysProcAttr, cmd.Stderr = attr, os.Stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			for _, dir := range cgroups(t) {
				write(t, dir, "cgroup.kill", "1")
			}
			cmd.Wait()
		}
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("weir %s: %q, %v", strings.Join(args, " "), line, err)
	}
	return cmd
}

// cgroups lists the cgroups that weir has made.
func cgroups(t *testing.T) (list []string) {
	t.Helper()
	check(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // went while it was listed
			return nil
		}
		if err == nil && strings.HasPrefix(d.Name(), "weir-run-") {
			list = append(list, path)
			return fs.SkipDir
		}
		return err
	}))
	return list
}

// cgroup returns the cgroup of the one container that there is, which lies in one that weir has made.
func cgroup(t *testing.T) string {
	t.Helper()
	list := cgroups(t)
	if len(list) != 1 {
		t.Fatalf("the cgroups of containers are %q, want one", list)
	}
	return list[0] + "/container"
}

// nothingLeft fails if there is a container's cgroup or its record.
func nothingLeft(t *testing.T) {
	t.Helper()
	records, err := filepath.Glob("/run/weir/cgroups/*")
	check(t, err)
	if list := cgroups(t); len(list)+len(records) > 0 {
		t.Errorf("left: %q and %q", list, records)
	}
}

// read reads a file of a cgroup.
func read(t *testing.T, dir, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	check(t, err)
	return strings.TrimSpace(string(b))
}

// write writes a file of a cgroup.
func write(t *testing.T, dir, file, text string) {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0))
}

// made makes a cgroup for a test.
func made(t *testing.T, dir string) string {
	t.Helper()
	check(t, os.Mkdir(dir, 0o755))
	t.Cleanup(func() {
		eventually(t, dir+" can be removed", func() bool { return syscall.Rmdir(dir) == nil })
	})
	return dir
}

// in is for a process that starts in a cgroup.
func in(t *testing.T, dir string) *syscall.SysProcAttr {
	t.Helper()
	f, err := os.Open(dir)
	check(t, err)
	t.Cleanup(func() { f.Close() })
	return &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(f.Fd())}
}

// eventually waits for what the kernel does in its own time.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after a minute: %s", what)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
