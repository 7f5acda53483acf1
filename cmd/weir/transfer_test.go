package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
