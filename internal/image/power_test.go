package image

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/storetest"
	"github.com/weir-dev/weir/internal/kerneltest"
)

// cutPower has an XFS lose what is not on its disk yet, its log included: XFS_IOC_GOINGDOWN with
// XFS_FSOP_GOING_FLAGS_NOLOGFLUSH, fs/xfs/libxfs/xfs_fs.h. It is made for tests like this one. (Ext4 has the same
// call, but may damage itself by it.)
func cutPower(dir string) error {
	const goingDown, noLogFlush = 0x8004587d, 2
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.IoctlSetPointerInt(fd, goingDown, noLogFlush)
}

// disk makes an XFS and gives what mounts it. It is unmounted in the end. Nobody else may have the mount, or the
// next one would be of the file system that is still there: the test's thread has a mount namespace of its own, and
// takes it along when it ends.
func disk(t *testing.T) (dir string, mount func()) {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("mkfs.xfs"), kerneltest.Tool("mount"))
	run := func(name string, args ...string) {
		t.Helper()
		out, err := exec.Command(name, args...).CombinedOutput()
		if strings.Contains(string(out), "unknown filesystem type") {
			t.Skip("this kernel has no XFS")
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	file := filepath.Join(t.TempDir(), "disk")
	dir = t.TempDir()
	runtime.LockOSThread()
	if err := errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 300<<20); err != nil {
		t.Fatal(err)
	}
	run("mkfs.xfs", "-q", file)
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir, func() { t.Helper(); run("mount", "-o", "loop", file, dir) }
}

// keep adds images for ever, and tells of each that the store has it now.
func keep(s *Store) error {
	dir, err := os.MkdirTemp("", "tree")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for i := 0; ; i++ {
		tar, err := tree(dir, i, s.Owner())
		if err != nil {
			return err
		}
		l, err := addTree(s, tar, i%2 == 0)
		if err != nil {
			return err
		}
		ref, err := ParseReference(fmt.Sprintf("kept%d-%d", os.Getpid(), i))
		if err != nil {
			return err
		}
		config := fmt.Sprintf(`{"rootfs":{"type":"layers","diff_ids":[%q]}}`, l.DiffID)
		if _, err := s.Commit(&ref, []byte(config), []*Layer{l}); err != nil {
			return err
		}
		l.Close()
		fmt.Println(ref.String())
	}
}

// said collects lines.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) listen(r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		s.mu.Lock()
		s.lines = append(s.lines, lines.Text())
		s.mu.Unlock()
	}
}

func (s *said) sofar() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.lines), func(line string) bool { return line == "ready" })
}

// untilPowerCut has no complaint about what a disk without power says.
func untilPowerCut(err error) error {
	if errors.Is(err, unix.EIO) {
		return nil
	}
	return err
}

// The machine loses power while two processes make and remove images, or add some: the store is whole when it
// is back, and has every image that it was said to have.
func TestPowerCutAtAnyMoment(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 4
	}
	dir, mount := disk(t)
	mount()
	var kept, unused int
	for i := range rounds {
		s, err := Open(filepath.Join(dir, "store"))
		if err != nil {
			t.Fatal(err)
		}
		what := []string{"churn", "keep"}[i%2]
		var said said
		var running []*process
		for range 2 {
			p := start(t, s, what)
			running = append(running, p)
			go said.listen(p.out)
		}
		time.Sleep(rand.N(400 * time.Millisecond))
		promised := said.sofar() // what is said later may be said of a disk that is no longer there
		if err := cutPower(dir); err != nil {
			t.Fatal(err)
		}
		for _, p := range running {
			p.Wait()
		}
		if err := unix.Unmount(dir, 0); err != nil {
			t.Fatal(err)
		}
		mount()
		if _, err := Open(s.dir); err != nil {
			t.Fatal(err)
		}
		state, err := storetest.Check(s.dir)
		if err != nil {
			t.Fatalf("after power cut %d: %v", i+1, err)
		}
		for _, ref := range promised {
			if !slices.Contains(state.Refs, ref) {
				t.Errorf("after power cut %d: %s is gone", i+1, ref)
			}
			if _, err := s.Remove(strings.TrimPrefix(ref, "docker.io/library/"), false); err != nil {
				t.Errorf("after power cut %d: %v", i+1, err)
			}
		}
		kept += len(promised)
		unused += len(state.Unused)
	}
	t.Logf("%d power cuts: %d images kept, %d layers without an image", rounds, kept, unused)
	if kept == 0 {
		t.Error("no image was made in time")
	}
}
