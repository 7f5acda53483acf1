package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/container/handover"
)

// compile builds weir-init as the Makefile does.
func compile(t *testing.T, goarch string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weir-init")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goarch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func TestWeirInitLinksNothingThatInitialisesAnything(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range strings.Fields(string(out)) {
		switch pkg {
		case "os", // raises the limit of open files, which the container would inherit
			"fmt", "net", "encoding/json", "runtime/debug", "regexp":
			t.Errorf("it links %s", pkg)
		}
	}
}

func TestWeirInitIsSmallAndReproducible(t *testing.T) {
	a, err := os.ReadFile(compile(t, "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if len(a) > 1_700_000 {
		t.Errorf("it has %d bytes", len(a))
	}
	b, err := os.ReadFile(compile(t, "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Error("two builds differ")
	}
}

func TestWeirInitBuildsForOtherArchitectures(t *testing.T) {
	for _, goarch := range []string{"386", "arm64"} {
		t.Run(goarch, func(t *testing.T) { compile(t, goarch) })
	}
}

func TestItSaysSoWhenItWasNotStartedByWeir(t *testing.T) {
	out, err := exec.Command(compile(t, "")).CombinedOutput()
	if err == nil || !strings.HasPrefix(string(out), "weir-init: not started by weir: ") {
		t.Errorf("%v %q", err, out)
	}
}

// The guard that weir-init is where there is no package first.
func TestTheGuardKillsTheFirstProcessWhenTheLauncherHasEnded(t *testing.T) {
	path := compile(t, "")
	for _, c := range []struct {
		name string
		do   func(launcher, first *os.Process)
		want syscall.Signal // that ends the first process
	}{
		{"at once", func(launcher, _ *os.Process) { launcher.Kill() }, syscall.SIGKILL},
		{"and not when it ends by itself", func(_, first *os.Process) { first.Signal(syscall.SIGTERM) }, syscall.SIGTERM},
	} {
		t.Run(c.name, func(t *testing.T) {
			guard := exec.Command(path)
			guard.Env = []string{handover.GuardEnv + "="}
			var others [2]*exec.Cmd
			for i := range others {
				var pidfd int
				others[i] = exec.Command("sleep", "1000")
				others[i].SysProcAttr = &syscall.SysProcAttr{PidFD: &pidfd}
				if err := others[i].Start(); err != nil {
					t.Fatal(err)
				}
				defer others[i].Process.Kill()
				f := os.NewFile(uintptr(pidfd), "pidfd")
				defer f.Close()
				switch i {
				case handover.LauncherFd:
					guard.Stdin = f
				case handover.FirstProcessFd:
					guard.Stdout = f
				}
			}
			launcher, first := others[handover.LauncherFd], others[handover.FirstProcessFd]
			if err := guard.Start(); err != nil {
				t.Fatal(err)
			}
			c.do(launcher.Process, first.Process)
			timer := time.AfterFunc(10*time.Second, func() { guard.Process.Kill(); first.Process.Kill() })
			defer timer.Stop()
			first.Wait()
			if ws := first.ProcessState.Sys().(syscall.WaitStatus); ws.Signal() != c.want {
				t.Errorf("the first process: %v", first.ProcessState)
			}
			if guard.Wait(); guard.ProcessState.ExitCode() != 0 {
				t.Errorf("the guard: %v", guard.ProcessState)
			}
		})
	}
}
