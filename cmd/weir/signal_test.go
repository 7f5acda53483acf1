package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/kerneltest"
)

func TestASignalIsReadAsDockerWritesIt(t *testing.T) {
	for text, want := range map[string]syscall.Signal{
		"TERM": 15, "SIGTERM": 15, "sigint": 2, "9": 9, "64": 64, "RTMIN": 34, "SIGRTMIN+3": 37, "RTMAX-1": 63, "rtmax": 64,
		"": 0, "0": 0, "65": 0, "-1": 0, "NONE": 0, "SIG": 0, "RTMIN3": 0, "RTMIN+": 0, "RTMIN+31": 0, "RTMAX+1": 0, "SIGSIGINT": 0,
	} {
		got, err := parseSignal(text)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestTheStopSignalIsTheFlagsBeforeTheImages(t *testing.T) {
	for _, c := range []struct {
		flag, image string
		want        syscall.Signal
		err         string
	}{
		{"", "", 0, ""},
		{"", "SIGQUIT", syscall.SIGQUIT, ""},
		{"INT", "SIGQUIT", syscall.SIGINT, ""},
		{"INT", "nonsense", syscall.SIGINT, ""},
		{"", "nonsense", 0, `the image's stop signal: "nonsense" is not a signal such as SIGINT, INT, 2 or RTMIN+3`},
	} {
		var spec container.Spec
		err := (&runFlags{stop: c.flag}).stopSignal(&spec, image.Config{StopSignal: c.image})
		if text := ""; err != nil {
			text = err.Error()
			if text != c.err {
				t.Errorf("%+v: %v", c, err)
			}
		} else if c.err != "" || spec.Stop != c.want {
			t.Errorf("%+v: signal %d", c, spec.Stop)
		}
	}
}

// Who presses Ctrl-C at a program that is deaf to it, as the first process of a container
// mostly is, learns why nothing happens.
func TestASignalThatTheProgramDoesNotGetIsSaid(t *testing.T) {
	kerneltest.Require(t, kerneltest.Containers, kerneltest.Tool("busybox"))
	root := t.TempDir()
	busyboxRoot(t, root)
	const note = "weir: note: %s does not end the program: the first process of a container gets none that it does not handle\nhint: weir run --init starts another one first; kill -9 %d ends this container\n"
	for _, c := range []struct {
		what   string
		args   []string
		sig    syscall.Signal
		said   bool
		status int
	}{
		{"a program without a handler", []string{"--rootfs", root, "sleep", "60"}, syscall.SIGINT, true, -1},
		{"one that gets another signal to stop", []string{"--stop-signal", "QUIT", "--rootfs", root, "sleep", "60"}, syscall.SIGTERM, true, -1},
		{"a program with a handler", []string{"--rootfs", root, "sh", "-c", "trap 'exit 3' INT; while true; do sleep .01; done"}, syscall.SIGINT, false, 3},
		{"another first process", []string{"--init", "--rootfs", root, "sleep", "60"}, syscall.SIGINT, false, 130},
	} {
		t.Run(c.what, func(t *testing.T) {
			cmd := weirSelf(t, append([]string{"run"}, c.args...)...)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			awaitSleep(t, cmd.Process.Pid)
			times := 20 // the first ones may come before it sleeps, and are not looked at then
			if !c.said {
				times = 500 // it ends by itself
			}
			go func() {
				for range times {
					cmd.Process.Signal(c.sig)
					time.Sleep(20 * time.Millisecond)
				}
				cmd.Process.Kill()
			}()
			cmd.Wait()
			want := ""
			if c.said {
				name := "SIGINT"
				if c.sig == syscall.SIGTERM {
					name = "SIGQUIT"
				}
				want = fmt.Sprintf(note, name, cmd.Process.Pid)
			}
			if code := cmd.ProcessState.ExitCode(); stderr.String() != want || code != c.status {
				t.Errorf("exit code %d, %q", code, stderr.String())
			}
		})
	}
}

// awaitSleep waits until a process has a child that sleeps: the program runs.
func awaitSleep(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !sleeps(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the program does not start")
		}
	}
}

// sleeps reports whether a process has come to start sleep, or one that it has started has.
func sleeps(pid int) bool {
	if cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.HasPrefix(string(cmdline), "sleep\x00") {
		return true
	}
	return slices.ContainsFunc(childrenOf(pid), sleeps)
}

// A container goes on under nohup, and in the background of a script, as any program would.
func TestASignalThatTheCallerIgnoresIsNotForwarded(t *testing.T) {
	kerneltest.Require(t, kerneltest.Containers, kerneltest.Tool("busybox"))
	root := t.TempDir()
	busyboxRoot(t, root)
	weir := weirSelf(t, "run", "--init", "--rootfs", root, "sh", "-c", "trap 'exit 3' HUP INT; trap 'exit 4' USR1; while true; do sleep .01; done")
	cmd := exec.Command("sh", append([]string{"-c", `trap "" HUP INT; exec "$0" "$@"`, weir.Path}, weir.Args[1:]...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	awaitSleep(t, cmd.Process.Pid)
	for range 20 {
		cmd.Process.Signal(syscall.SIGHUP)
		cmd.Process.Signal(syscall.SIGINT)
		time.Sleep(10 * time.Millisecond)
	}
	go func() {
		for range 500 { // until it has set its traps
			cmd.Process.Signal(syscall.SIGUSR1)
			time.Sleep(20 * time.Millisecond)
		}
		cmd.Process.Kill()
	}()
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 4 {
		t.Errorf("exit code %d, want that of USR1", code)
	}
}
