package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/weir-dev/weir/internal/image/layer"
	"github.com/weir-dev/weir/internal/image/storetest"
	"github.com/weir-dev/weir/internal/kerneltest"
)

// A shop is an image store, and what is needed to fill it.
type shop struct {
	store string
	roots [2]string // root file systems with busybox as sh
	tars  [2]string // the same as archives of images
}

func newShop(t *testing.T, store string) *shop {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("busybox"))
	s := &shop{store: store}
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.roots {
		dir := t.TempDir()
		s.roots[i], s.tars[i] = filepath.Join(dir, "root"), filepath.Join(dir, "root.tar")
		if err := errors.Join(
			os.MkdirAll(filepath.Join(s.roots[i], "bin"), 0o755),
			os.WriteFile(filepath.Join(s.roots[i], "bin/sh"), busybox, 0o755),
			os.WriteFile(filepath.Join(s.roots[i], "own"), bytes.Repeat([]byte{byte(i)}, 100_000), 0o644),
		); err != nil {
			t.Fatal(err)
		}
		// Packed as weir packs it, so that the layer can be packed again and compared.
		var tar bytes.Buffer
		if err := layer.Pack(s.roots[i], &tar, nil); err != nil {
			t.Fatal(err)
		}
		config := v1.ConfigFile{OS: "linux", Architecture: runtime.GOARCH}
		if err := writeArchive(s.tars[i], fmt.Sprint("loaded", i), config, tar.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *shop) weir(args ...string) *exec.Cmd {
	cmd := exec.Command("weir", args...)
	cmd.Env = append(os.Environ(), "WEIR_ROOT="+s.store)
	// What weir starts is killed with it.
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	return cmd
}

func (s *shop) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.weir(args...).CombinedOutput()
	if err != nil {
		t.Fatalf("weir %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// wrong wants the command to fail with these words.
func (s *shop) wrong(t *testing.T, code int, want string, args ...string) {
	t.Helper()
	out, err := s.weir(args...).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code || !strings.Contains(string(out), want) {
		t.Errorf("weir %s: %v, want exit code %d and %q\n%s", strings.Join(args, " "), err, code, want, out)
	}
}

func (s *shop) check(t *testing.T) storetest.State {
	t.Helper()
	state, err := storetest.Check(s.store)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// What changes the store is killed at whatever moment; the store is whole, and the next command works. It lies on a
// tmpfs: where commands wait for a disk, most kills hit that.
func TestSIGKILLAtAnyMomentLeavesTheStoreWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute long")
	}
	dir, err := os.MkdirTemp("/dev/shm", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := newShop(t, dir)
	verbs := [][]string{
		{"import", s.roots[0], "box"},
		{"load", "-i", s.tars[1]},
		{"import", s.roots[1], "box"},
		{"load", "-i", s.tars[0]},
		{"rmi", "-f", "box", "loaded0", "loaded1"},
		{"prune", "-a", "-f"},
	}
	var whole []time.Duration
	for _, verb := range verbs {
		start := time.Now()
		s.must(t, verb...)
		whole = append(whole, time.Since(start))
	}
	left := 0
	for i := range 200 {
		k := rand.N(len(verbs))
		cmd := s.weir(verbs[k]...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(whole[k] * 5 / 4))
		unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		cmd.Wait()
		if !ended(cmd) {
			t.Fatal("it survives SIGKILL")
		}
		if names, err := os.ReadDir(filepath.Join(s.store, "tmp")); err == nil && len(names) > 0 {
			left++
		}
		s.must(t, "images")
		state := s.check(t)
		if i%10 == 9 {
			s.must(t, "import", s.roots[0], "box")
			s.must(t, "run", "box", "sh", "-c", "test -s /own")
			s.check(t)
		}
		if i%50 == 49 {
			t.Logf("after %d kills: %d images, %d layers, %d of them unused", i+1, len(state.Images), len(state.Layers), len(state.Unused))
		}
	}
	t.Logf("%d kills left something on its way", left)
	if left == 0 {
		t.Error("no kill hit a layer on its way")
	}
	s.must(t, "prune", "-a", "-f")
	if state := s.check(t); !reflect.DeepEqual(state, storetest.State{}) {
		t.Errorf("prune leaves %+v", state)
	}
}

// Imports, removals and runs of one image at once: each works, or says that the image is not there or in use.
func TestManyCommandsAtOneImage(t *testing.T) {
	s := newShop(t, filepath.Join(t.TempDir(), "store"))
	verbs := [][]string{
		{"import", s.roots[0], "box"},
		{"import", s.roots[1], "box"},
		{"load", "-i", s.tars[0]},
		{"run", "--pull", "never", "box", "sh", "-c", "test -s /own"},
		{"run", "--pull", "never", "loaded0", "sh", "-c", "test -s /own"},
		{"rmi", "box"},
		{"rmi", "loaded0"},
		{"prune", "-a", "-f"},
		{"images"},
		{"inspect", "box"},
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	count := map[string]int{}
	end := time.Now().Add(8 * time.Second)
	for range 4 {
		all.Go(func() {
			for time.Now().Before(end) {
				verb := verbs[rand.N(len(verbs))]
				out, err := s.weir(verb...).CombinedOutput()
				outcome := "ok"
				switch {
				case err == nil:
				case verb[0] != "import" && verb[0] != "load" && verb[0] != "images" && verb[0] != "prune" && strings.Contains(string(out), ": not found;"):
					outcome = "not found"
				case verb[0] == "rmi" && strings.Contains(string(out), ": in use: "):
					outcome = "in use"
				default:
					t.Errorf("weir %s: %v\n%s", strings.Join(verb, " "), err, out)
				}
				mu.Lock()
				count[verb[0]+" "+outcome]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	t.Log(count)
	s.must(t, "images")
	s.check(t)
}

// waiting starts a load that never ends.
func waiting(t *testing.T, s *shop) *exec.Cmd {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	t.Cleanup(func() { w.Close() })
	cmd := s.weir("load")
	cmd.Stdin = r
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Kill(-cmd.Process.Pid, unix.SIGKILL) })
	if _, err := w.Write(make([]byte, 1<<20)); err != nil { // more than the pipe holds, so somebody reads
		t.Fatal(err)
	}
	return cmd
}

// weir itself is killed, and what it started is not: that ends too.
func TestTransferEndsWithWeir(t *testing.T) {
	s := newShop(t, filepath.Join(t.TempDir(), "store"))
	cmd := waiting(t, s)
	cmd.Process.Kill()
	cmd.Wait()
	if !ended(cmd) {
		t.Error("weir is killed, and what it started lives on")
	}
}

// ended waits until nothing is left of a command and what it has started.
func ended(cmd *exec.Cmd) bool {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if unix.Kill(-cmd.Process.Pid, 0) == unix.ESRCH {
			return true
		}
	}
	return false
}

// So does one that a signal asks to end, also if it hears of nothing but its input.
func TestTransferThatWaitsForInputEndsBySIGTERM(t *testing.T) {
	s := newShop(t, filepath.Join(t.TempDir(), "store"))
	cmd := waiting(t, s)
	cmd.Process.Signal(unix.SIGTERM)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 2 || !ended(cmd) {
		t.Errorf("exit code %d", code)
	}
	s.must(t, "images")
	s.check(t)
}

// Nobody has to wait for that, either.
func TestSecondSignalEndsTransferAtOnce(t *testing.T) {
	s := newShop(t, filepath.Join(t.TempDir(), "store"))
	cmd := waiting(t, s)
	go func() {
		for cmd.Process.Signal(unix.SIGTERM) == nil { // until it has ended
			time.Sleep(100 * time.Millisecond)
		}
	}()
	cmd.Wait()
	if ws := cmd.ProcessState.Sys().(syscall.WaitStatus); ws.Signal() != unix.SIGTERM || !ended(cmd) {
		t.Errorf("it ended by %v", cmd.ProcessState)
	}
	s.must(t, "images")
	s.check(t)
}

func TestLoadFromATerminal(t *testing.T) {
	s := newShop(t, filepath.Join(t.TempDir(), "store"))
	cmd := exec.Command("script", "-qec", "weir load", "/dev/null")
	cmd.Env = append(os.Environ(), "WEIR_ROOT="+s.store)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "name one with -i FILE") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := newShop(t, dir)
	if err := unix.Mount("store", dir, "tmpfs", 0, "mode=0700,size=5m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s.must(t, "import", s.roots[0], "box")
	before := s.check(t)
	filler := filepath.Join(t.TempDir(), "filler")
	fill := func(size int64) {
		if err := os.WriteFile(filler, make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const full = "no space left on device; `weir prune` and `weir rmi` make room"
	fill(4 << 20)
	s.wrong(t, 2, full, "import", filepath.Dir(filler), "large")
	if after := s.check(t); !reflect.DeepEqual(after, before) {
		t.Errorf("left: %+v", after)
	}
	s.must(t, "run", "box", "sh", "-c", "test -s /own")
	s.wrong(t, 1, "No space left on device", "run", "box", "sh", "-c", "dd if=/dev/zero of=/large bs=1M count=4")
	s.must(t, "run", "box", "sh", "-c", "test ! -e /large")

	// Not a byte is left. To look and to make room needs none.
	rest := filepath.Join(dir, "rest")
	if err := os.WriteFile(rest, make([]byte, 5<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	s.wrong(t, 2, full, "import", s.roots[1], "other")
	s.must(t, "images")
	s.must(t, "inspect", "box")
	s.must(t, "prune", "-f")
	s.must(t, "rmi", "box")
	if err := os.Remove(rest); err != nil {
		t.Fatal(err)
	}
	s.must(t, "import", s.roots[1], "other")
	s.must(t, "run", "other", "sh", "-c", "test -s /own")
	s.check(t)
}

func TestReadOnlyStoreSaysSo(t *testing.T) {
	dir := t.TempDir()
	s := newShop(t, dir)
	if err := unix.Mount("store", dir, "tmpfs", 0, "mode=0700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s.must(t, "import", s.roots[0], "box")
	if err := unix.Mount("store", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	s.must(t, "images")
	s.must(t, "inspect", "box")
	const readOnly = "read-only file system; mount it read-write, or name another store with WEIR_ROOT"
	s.wrong(t, 125, readOnly, "run", "box", "sh")
	s.wrong(t, 2, readOnly, "rmi", "box")
	s.wrong(t, 2, readOnly, "prune", "-a", "-f")
	s.wrong(t, 2, readOnly, "import", s.roots[0], "other")
	s.wrong(t, 2, readOnly, "load", "-i", s.tars[0])
}

func TestStoreOfAnotherUserSaysSo(t *testing.T) {
	s := newShop(t, t.TempDir())
	if err := os.Chown(s.store, 1234, 1234); err != nil {
		t.Fatal(err)
	}
	const owned = "it belongs to user 1234, not to you (user 0); name another one with WEIR_ROOT"
	s.wrong(t, 125, owned, "run", "box", "sh")
	s.wrong(t, 2, owned, "images")
	s.wrong(t, 2, owned, "import", s.roots[0], "box")
}
