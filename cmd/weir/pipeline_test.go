package main

import (
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
)

// In a pipeline megabytes go in and come out twice, of two readers one that is slow:
// no byte is lost, nothing waits for ever, and the status is the program's.
func TestMegabytesPassThroughAPipeline(t *testing.T) {
	kerneltest.Require(t, kerneltest.Containers, kerneltest.Tool("busybox"))
	root := t.TempDir()
	busyboxRoot(t, root)
	if err := os.Symlink("busybox", filepath.Join(root, "bin", "tee")); err != nil {
		t.Fatal(err)
	}
	const size = 64 << 20
	random := func() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{7}), size) }
	want := sha256.New()
	io.Copy(want, random())

	cmd := weirSelf(t, "run", "-i", "--rootfs", root, "sh", "-c", "tee /dev/stderr; exit 9")
	cmd.Stdin = random()
	var readers sync.WaitGroup
	var got [2][]byte
	for i, pipe := range []func() (io.ReadCloser, error){cmd.StdoutPipe, cmd.StderrPipe} {
		r, err := pipe()
		if err != nil {
			t.Fatal(err)
		}
		readers.Go(func() {
			sum := sha256.New()
			if i == 1 { // more than all buffers on the way hold is still to come
				io.CopyN(sum, r, size/2)
				time.Sleep(300 * time.Millisecond)
			}
			io.Copy(sum, r)
			got[i] = sum.Sum(nil)
		})
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	readers.Wait()
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 9 {
		t.Errorf("%v, want status 9", err)
	}
	if !stuck.Stop() {
		t.Error("it was stuck for a minute")
	}
	for i, name := range []string{"standard output", "standard error"} {
		if string(got[i]) != string(want.Sum(nil)) {
			t.Errorf("%s is not what went in", name)
		}
	}
}
