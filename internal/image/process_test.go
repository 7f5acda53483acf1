package image

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/layer"
)

// These tests have other processes at the store: the test binary again, doing what WEIR_TEST_CHILD says.
func TestMain(m *testing.M) {
	if os.Args[0] == HelperName {
		os.Exit(Helper(os.Args[1:]))
	}
	if what := os.Getenv("WEIR_TEST_CHILD"); what != "" {
		if err := child(what); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child does one thing, prints "ready" and, where it says so, waits for its standard input to end.
func child(what string) error {
	s, err := Open(os.Getenv("WEIR_TEST_STORE"))
	if err != nil {
		return err
	}
	ready := func() {
		fmt.Println("ready")
		io.Copy(io.Discard, os.Stdin)
	}
	switch what {
	case "open":
		return nil
	case "churn":
		return untilPowerCut(churn(s))
	case "keep":
		return untilPowerCut(keep(s))
	case "fill": // is at a layer until told otherwise
		l, err := s.AddLayer(context.Background(), diffID("x"), func(dir string) (Digest, layer.Result, error) {
			ready()
			return fill("x")(dir)
		})
		if err != nil {
			return err
		}
		return l.Close()
	case "scratch": // runs a container, as it were
		sc, err := s.NewScratch()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(sc.Upper, "written"), nil, 0o000); err != nil {
			return err
		}
		fmt.Println(sc.Dir)
		ready()
		return sc.Close()
	case "hold":
		img, err := s.Image("debian")
		if err != nil {
			return err
		}
		h, err := img.Hold()
		if err != nil {
			return err
		}
		ready()
		return h.Close()
	}
	return fmt.Errorf("unknown child %q", what)
}

type process struct {
	*exec.Cmd
	in  io.Closer
	out *bufio.Reader
}

func start(t *testing.T, s *Store, what string) *process {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "WEIR_TEST_CHILD="+what, "WEIR_TEST_STORE="+s.dir)
	cmd.Stderr = os.Stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return &process{cmd, in, bufio.NewReader(out)}
}

// ready waits for the child to be where the test wants it, and gives what it printed before.
func (p *process) ready(t *testing.T) string {
	t.Helper()
	var said string
	for {
		line, err := p.out.ReadString('\n')
		if err != nil {
			t.Fatalf("child: %v", err)
		}
		if line == "ready\n" {
			return said
		}
		said = strings.TrimSpace(line)
	}
}

func (p *process) finish(t *testing.T) {
	t.Helper()
	p.in.Close()
	if err := p.Wait(); err != nil {
		t.Fatalf("child: %v", err)
	}
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	p.Process.Signal(unix.SIGKILL)
	p.Wait()
	if ws := p.ProcessState.Sys().(interface{ Signaled() bool }); !ws.Signaled() {
		t.Fatal("the child ended by itself")
	}
}

func TestKilledUnpackingIsRemovedAtTheNextOpen(t *testing.T) {
	s := newStore(t)
	p := start(t, s, "fill")
	p.ready(t)
	if _, err := Open(s.dir); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, s, tmpDir); !slices.Equal(got, []string{diffID("x").Hex()}) {
		t.Fatalf("while it lives: %v", got)
	}
	p.kill(t)
	if _, err := Open(s.dir); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, s, tmpDir); got != nil {
		t.Errorf("after its death: %v", got)
	}
}

func TestKilledUnpackingDoesNotKeepOthersWaiting(t *testing.T) {
	s := newStore(t)
	p := start(t, s, "fill")
	p.ready(t)
	done := make(chan error)
	go func() {
		l, err := s.AddLayer(t.Context(), diffID("x"), fill("x"))
		if err == nil {
			err = l.Close()
		}
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	p.kill(t)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := entries(t, s, tmpDir); got != nil {
		t.Errorf("left: %v", got)
	}
}

func TestProcessesThatWantOneLayerFillItOnce(t *testing.T) {
	s := newStore(t)
	p := start(t, s, "fill")
	p.ready(t)
	done := make(chan error)
	go func() {
		_, err := s.AddLayer(t.Context(), diffID("x"), func(string) (Digest, layer.Result, error) {
			return "", layer.Result{}, errors.New("filled twice")
		})
		done <- err
	}()
	time.Sleep(20 * time.Millisecond)
	p.finish(t)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestScratchOfAKilledProcessIsRemovedAtTheNextOpen(t *testing.T) {
	s := newStore(t)
	outside := t.TempDir()
	canary := filepath.Join(outside, "canary")
	os.WriteFile(canary, nil, 0o600)
	living, doomed := start(t, s, "scratch"), start(t, s, "scratch")
	livingDir, doomedDir := living.ready(t), doomed.ready(t)
	os.Symlink(outside, filepath.Join(doomedDir, "upper", "link")) // what a container might leave
	os.Chmod(filepath.Join(doomedDir, "work"), 0)
	doomed.kill(t)
	if _, err := Open(s.dir); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, s, scratchDir); !slices.Equal(got, []string{filepath.Base(livingDir)}) {
		t.Errorf("got %v, want the living one's", got)
	}
	if _, err := os.Stat(canary); err != nil {
		t.Errorf("the removal followed a link: %v", err)
	}
	living.finish(t)
	if got := entries(t, s, scratchDir); got != nil {
		t.Errorf("left after Close: %v", got)
	}
}

func TestALayerThatIsLeftIsRemovedLater(t *testing.T) {
	s := newStore(t)
	layer := func(file string) *Scratch {
		t.Helper()
		sc, err := s.NewScratch()
		if err != nil {
			t.Fatal(err)
		}
		// As the kernel leaves it, when an overlay was mounted.
		if err := os.MkdirAll(filepath.Join(sc.Work, "work", "incompat", "volatile"), 0o700); err != nil {
			t.Fatal(err)
		}
		os.Chmod(filepath.Join(sc.Work, "work"), 0)
		if file != "" {
			if err := os.WriteFile(filepath.Join(sc.Upper, file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return sc
	}
	written := layer("file")
	if err := written.Leave(); err != nil {
		t.Fatal(err)
	}
	if left := entries(t, s, scratchDir); left != nil {
		t.Errorf("what a container wrote is left: %v", left)
	}
	const empty = 3
	for range empty {
		if err := layer("").Leave(); err != nil {
			t.Fatal(err)
		}
	}
	if left := entries(t, s, scratchDir); len(left) != empty {
		t.Errorf("%d layers left, want %d", len(left), empty)
	}
	killed := layer("file")
	killed.claim.dir.Close()
	own := layer("")
	defer own.Close()

	_, swept, err := OpenToRun(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	swept()
	left := entries(t, s, scratchDir)
	if slices.Contains(left, filepath.Base(killed.Dir)) {
		t.Error("what a killed process wrote is left")
	}
	if !slices.Contains(left, filepath.Base(own.Dir)) {
		t.Error("a living one's layer is gone")
	}
	if len(left) > empty { // at least one of them is gone, and own there
		t.Errorf("left %v: they grow in number", left)
	}
	if _, err := Open(s.dir); err != nil {
		t.Fatal(err)
	}
	if left := entries(t, s, scratchDir); !slices.Equal(left, []string{filepath.Base(own.Dir)}) {
		t.Errorf("left by Open: %v", left)
	}
}

func TestImageThatAContainerRunsOnStays(t *testing.T) {
	s := newStore(t)
	id := addImage(t, s, "debian", "base")
	p := start(t, s, "hold")
	p.ready(t)
	for _, name := range []string{"debian", id.Short()} {
		removed, err := s.Remove(name, false)
		if !errors.Is(err, ErrInUse) || removed.Deleted != nil || removed.Untagged != nil {
			t.Errorf("%s: %+v, %v", name, removed, err)
		}
	}
	if _, err := s.Image("debian"); err != nil {
		t.Error(err)
	}
	p.kill(t)
	if _, err := s.Remove("debian", false); err != nil {
		t.Errorf("after its end: %v", err)
	}
}
