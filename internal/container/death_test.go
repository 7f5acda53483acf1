package container

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// started starts a launcher of s and waits for the line "started" of its program.
func started(t *testing.T, s *Spec) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := launched(t, s, false)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	if err != nil || line != "started\n" {
		t.Fatalf("the program did not start: %q %v", line, err)
	}
	return cmd, r
}

// alive lists the processes that are not zombies whose command line has the mark.
func alive(t *testing.T, mark string) []string {
	t.Helper()
	var found []string
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		cmdline, _ := os.ReadFile(dir + "/cmdline")
		stat, _ := os.ReadFile(dir + "/stat")
		args := strings.Split(string(cmdline), "\x00")
		if strings.Contains(strings.Join(args, " "), mark) && !strings.Contains(string(stat), ") Z ") && args[0] != "/proc/self/exe" {
			found = append(found, dir+" "+strings.Join(args, " "))
		}
	}
	return found
}

func TestSIGKILLOfTheLauncherEndsTheContainerAndLeavesNoMount(t *testing.T) {
	for _, user := range []string{"0", "1000"} {
		t.Run("user "+user, func(t *testing.T) {
			needIDs(t, user)
			before, err := os.ReadFile("/proc/self/mountinfo")
			if err != nil {
				t.Fatal(err)
			}
			mark := fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano())
			s := shell(t, "echo started; while true; do sleep 1000; done # "+mark)
			s.User, s.Program = user, only(0x7fff0000)
			cmd, out := started(t, s)
			during, err := os.ReadFile("/proc/self/mountinfo")
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(during), s.Upper) || mountPoints(during) != mountPoints(before) {
				t.Errorf("a mount of the container is in the host's namespace:\n%s", during)
			}
			if len(alive(t, mark)) == 0 {
				t.Fatal("the container's program was not found")
			}
			killed(t, cmd, out, mark)
			after, err := os.ReadFile("/proc/self/mountinfo")
			if err != nil {
				t.Fatal(err)
			}
			if mountPoints(after) != mountPoints(before) {
				t.Errorf("mounts before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}

// killed kills a launcher, and fails if anything with the mark survives it.
func killed(t *testing.T, cmd *exec.Cmd, out io.Reader, mark string) {
	t.Helper()
	cmd.Process.Kill()
	// All that holds the output goes, so it ends.
	ended := make(chan struct{})
	go func() { io.Copy(io.Discard, out); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		left := alive(t, mark)
		if len(left) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("left alive: %v", left)
		}
	}
	cmd.Wait()
}

func TestSIGKILLOfTheLauncherEndsAProgramThatClings(t *testing.T) {
	mark := fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano())
	t.Run("by clearing the signal of its parent's death", func(t *testing.T) {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		s := over(t, image(t), "/self", mark)
		s.Volumes = []Mount{{Source: self, Target: "/self", ReadOnly: true}}
		s.Env = []string{insideEnv + "=cling"}
		cmd, out := started(t, s)
		killed(t, cmd, out, mark)
	})
	t.Run("by executing a setuid program, which clears it", func(t *testing.T) {
		needIDs(t, "1000")
		dir := image(t)
		busybox, err := os.ReadFile(filepath.Join(dir, "bin/busybox"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, "setuid/sh", string(busybox))
		if err := os.Chmod(filepath.Join(dir, "setuid/sh"), 0o755|os.ModeSetuid); err != nil {
			t.Fatal(err)
		}
		s := over(t, dir, "sh", "-c", "exec /setuid/sh -c 'echo started; while true; do sleep 1000; done # "+mark+"'")
		s.User = "1000"
		cmd, out := started(t, s)
		killed(t, cmd, out, mark)
	})
}

// A guard that is stopped does nothing, as one that is killed together with the launcher.
func TestSIGKILLOfTheLauncherEndsAProgramThatNobodyGuards(t *testing.T) {
	for _, user := range []string{"0", "1000"} {
		t.Run("user "+user, func(t *testing.T) {
			needIDs(t, user)
			mark := fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano())
			s := shell(t, "echo started; while true; do sleep 1000; done # "+mark)
			s.User = user
			cmd, out := started(t, s)
			guards := children(t, cmd.Process.Pid, "weir-guard")
			if len(guards) != 1 {
				t.Fatalf("%d guards", len(guards))
			}
			defer syscall.Kill(guards[0], syscall.SIGKILL)
			if err := syscall.Kill(guards[0], syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			killed(t, cmd, out, mark)
		})
	}
}

func TestTheGuardEndsWithTheContainer(t *testing.T) {
	output(t, shell(t, "true"))
	// Nothing waits for it, so it may take a moment.
	var children []byte
	for range 200 {
		var err error
		if children, err = os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid())); err != nil || strings.TrimSpace(string(children)) == "" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("children of the launcher are left: %s", children)
}

// mountPoints lists the mount points that can be of a container.
func mountPoints(mountinfo []byte) string {
	var points []string
	for line := range strings.Lines(string(mountinfo)) {
		if f := strings.Fields(line); strings.Contains(line, " - overlay ") || strings.Contains(line, " weir ") || strings.Contains(f[4], "/root/proc") {
			points = append(points, f[4])
		}
	}
	return strings.Join(points, "\n")
}

func TestSignalsAreForwardedToTheProgram(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd, out := started(t, shell(t, fmt.Sprintf("trap 'echo got; exit 9' %d; echo started; while true; do sleep .01; done", sig)))
			cmd.Process.Signal(sig)
			rest, err := io.ReadAll(out)
			if err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
			if string(rest) != "got\n" || cmd.ProcessState.ExitCode() != 9 {
				t.Errorf("output %q, status %v", rest, cmd.ProcessState)
			}
		})
	}
}

func TestTheSignalThatStopsTheProgramIsItsOwn(t *testing.T) {
	const realTime = syscall.Signal(37) // which systemd takes for this, SIGRTMIN+3
	for _, stop := range []syscall.Signal{syscall.SIGINT, realTime} {
		script := fmt.Sprintf("trap 'echo stop; exit 9' %d; trap 'echo got' TERM USR1; echo started; while true; do sleep .01; done", stop)
		for _, s := range []*Spec{shell(t, script), reaped(shell(t, script))} {
			s.Stop = stop
			cmd, out := started(t, s)
			cmd.Process.Signal(syscall.SIGUSR1)
			if line, err := out.ReadString('\n'); err != nil || line != "got\n" {
				t.Errorf("for SIGUSR1: %q %v", line, err)
			}
			cmd.Process.Signal(syscall.SIGTERM)
			rest, err := io.ReadAll(out)
			cmd.Wait()
			if err != nil || string(rest) != "stop\n" || cmd.ProcessState.ExitCode() != 9 {
				t.Errorf("%v: output %q %v, status %v", stop, rest, err, cmd.ProcessState)
			}
		}
	}
}

func TestASignalBeforeTheProgramRunsEndsTheContainer(t *testing.T) {
	// At whatever moment it comes: before the launcher has caught it, it ends
	// the launcher, and with it the container; later the container is ended; once
	// the program runs, it is the program's, which has a handler.
	for i := range 12 {
		s := shell(t, "trap 'exit 143' TERM; echo started; while true; do sleep .01; done")
		cmd := launched(t, s, false)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 2 * time.Millisecond)
		cmd.Process.Signal(syscall.SIGTERM)
		ended := make(chan struct{})
		go func() { cmd.Wait(); close(ended) }()
		// A shell is ignorant of the signal until its trap is set.
		for waiting := true; waiting; {
			select {
			case <-ended:
				waiting = false
			case <-time.After(200 * time.Millisecond):
				cmd.Process.Signal(syscall.SIGTERM)
			}
		}
		ws := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if !(ws.Signaled() && ws.Signal() == syscall.SIGTERM || ws.ExitStatus() == 143) {
			t.Errorf("after %d ms: %v", 2*i, cmd.ProcessState)
		}
	}
}

func TestTheContainersProcessesEndWithItsProgram(t *testing.T) {
	mark := fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano())
	output(t, shell(t, "for i in 1 2 3; do sh -c 'trap \"\" TERM HUP INT; sleep 1000 # "+mark+"' & done; sleep .05"))
	if left := alive(t, mark); len(left) > 0 {
		t.Errorf("left alive: %v", left)
	}
}

func TestTheDeathOfTheGuardEndsTheContainerAndIsToldOf(t *testing.T) {
	mark := fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano())
	cmd := launched(t, shell(t, "echo started; while true; do sleep 1000; done # "+mark), false)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errOut strings.Builder
	cmd.Stderr = &errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "started\n" {
		t.Fatalf("the program did not start: %q %v", line, err)
	}
	guards := children(t, cmd.Process.Pid, "weir-guard")
	if len(guards) != 1 {
		t.Fatalf("%d guards", len(guards))
	}
	if err := syscall.Kill(guards[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != CodeSetup || !strings.Contains(errOut.String(), "its guard has ended") {
		t.Errorf("%v, and said %q", err, errOut.String())
	}
	if left := alive(t, mark); len(left) > 0 {
		t.Errorf("left alive: %v", left)
	}
}

// children lists the processes that pid has started whose command line is args.
func children(t *testing.T, pid int, args string) (found []int) {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		cmdline, _ := os.ReadFile(dir + "/cmdline")
		stat, _ := os.ReadFile(dir + "/stat")
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest) // the state, the parent, ...
		if strings.TrimRight(string(cmdline), "\x00") != args || len(fields) < 2 || fields[1] != strconv.Itoa(pid) {
			continue
		}
		n, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, n)
	}
	return found
}
