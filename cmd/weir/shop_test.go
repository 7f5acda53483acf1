package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"

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

// ended waits until nothing is left of a command and what it has started.
func ended(cmd *exec.Cmd) bool {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if unix.Kill(-cmd.Process.Pid, 0) == unix.ESRCH {
			return true
		}
	}
	return false
}
