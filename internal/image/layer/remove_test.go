package layer

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/kerneltest"
)

func TestRemoveStaysInside(t *testing.T) {
	outside := t.TempDir()
	canary := filepath.Join(outside, "canary")
	os.WriteFile(canary, nil, 0o600)
	doomed := filepath.Join(t.TempDir(), "doomed")
	os.MkdirAll(filepath.Join(doomed, "d"), 0o755)
	os.Symlink(outside, filepath.Join(doomed, "d", "link"))
	os.Symlink(canary, filepath.Join(doomed, "file-link"))
	os.Link(canary, filepath.Join(doomed, "hard-link"))
	if err := Remove(doomed); err != nil {
		t.Fatal(err)
	}
	gone(t, doomed)
	lstat(t, canary)

	link := filepath.Join(t.TempDir(), "link")
	os.Symlink(outside, link)
	if err := Remove(link); err != nil {
		t.Fatal(err)
	}
	gone(t, link)
	lstat(t, canary)
}

func TestRemoveStopsAtMounts(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	outside := t.TempDir()
	canary := filepath.Join(outside, "canary")
	os.WriteFile(canary, nil, 0o600)
	doomed := filepath.Join(t.TempDir(), "doomed")
	mnt := filepath.Join(doomed, "upper", "mnt")
	os.MkdirAll(mnt, 0o755)
	if err := unix.Mount(outside, mnt, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(mnt, unix.MNT_DETACH)
	err := Remove(doomed)
	if !errors.Is(err, unix.EXDEV) || !strings.Contains(err.Error(), "mounted") {
		t.Errorf("got %v", err)
	}
	lstat(t, canary)
	if err := unix.Unmount(mnt, 0); err != nil {
		t.Fatal(err)
	}
	if err := Remove(doomed); err != nil {
		t.Error(err)
	}
	lstat(t, canary)
}

func TestRemoveWhatIsNotThere(t *testing.T) {
	if err := Remove(filepath.Join(t.TempDir(), "a")); err != nil {
		t.Error(err)
	}
	if err := Remove(filepath.Join(t.TempDir(), "a", "b")); err != nil {
		t.Error(err)
	}
}

// A container can nest directories far deeper than any path can say, and than a process may
// have descriptors.
func TestRemoveOfVeryDeepTrees(t *testing.T) {
	const depth = 5000
	doomed := filepath.Join(t.TempDir(), "doomed")
	os.Mkdir(doomed, 0o755)
	os.Mkdir(filepath.Join(doomed, ".deep-1"), 0o755) // a name that Remove would like to have
	fd, err := unix.Open(doomed, unix.O_PATH, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range depth {
		name := strconv.Itoa(i)
		if err := unix.Mkdirat(fd, name, 0o700); err != nil {
			t.Fatal(err)
		}
		next, err := unix.Openat(fd, name, unix.O_PATH, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
		fd = next
	}
	unix.Close(fd)
	var limit, low unix.Rlimit
	unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	low = unix.Rlimit{Cur: 256, Max: limit.Max}
	unix.Setrlimit(unix.RLIMIT_NOFILE, &low)
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	if err := Remove(doomed); err != nil {
		t.Fatal(err)
	}
	gone(t, doomed)
}

func TestRemoveNeedsNoPermissionBits(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	doomed := filepath.Join(t.TempDir(), "doomed")
	os.MkdirAll(filepath.Join(doomed, "closed", "sub"), 0o755)
	os.WriteFile(filepath.Join(doomed, "closed", "f"), nil, 0o000)
	os.Chmod(filepath.Join(doomed, "closed"), 0)
	os.Chmod(filepath.Dir(doomed), 0o777)
	os.Chmod(filepath.Dir(filepath.Dir(doomed)), 0o755)
	for _, f := range []string{"closed/f", "closed/sub", "closed", "."} {
		if err := os.Lchown(filepath.Join(doomed, f), 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	// As its owner, who has no privilege: a child, because ids belong to the whole process.
	runAs(t, 65534, "TestChildRemoves", doomed)
	gone(t, doomed)
}

// TestChildRemoves is what runAs starts; by itself it does nothing.
func TestChildRemoves(t *testing.T) {
	dir := os.Getenv("WEIR_CHILD_REMOVES")
	if dir == "" {
		t.Skip("not a child")
	}
	if os.Geteuid() == 0 {
		t.Fatal("still root")
	}
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
}

func runAs(t *testing.T, id uint32, test, dir string) {
	t.Helper()
	// The test binary itself may lie where another user cannot go.
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(filepath.Dir(dir), "child.test")
	if err := os.WriteFile(exe, self, 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := os.StartProcess(exe, []string{exe, "-test.run", "^" + test + "$", "-test.v"}, &os.ProcAttr{
		Dir:   "/",
		Env:   []string{"WEIR_CHILD_REMOVES=" + dir},
		Files: []*os.File{nil, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}},
	})
	if err != nil {
		t.Fatal(err)
	}
	state, err := p.Wait()
	if err != nil || !state.Success() {
		t.Fatalf("child: %v %v", state, err)
	}
}
