package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	weir "github.com/weir-dev/weir"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// The chain from the file to the kernel, read from its far end: the filter of a
// container's process is, byte for byte, what the profile compiles to.
func TestTheKernelRunsTheVeryProgramThatWasCompiled(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	root := t.TempDir()
	busyboxRoot(t, root)

	pid := startContainer(t, "--rootfs", root, "sleep", "60")
	filters, err := kernel.ReadBack(pid)
	if err != nil {
		t.Fatal(err)
	}
	arch, err := hostArch()
	if err != nil {
		t.Fatal(err)
	}
	release, err := hostKernel()
	if err != nil {
		t.Fatal(err)
	}
	facts := seccomp.Facts{Arch: arch, Kernel: release, Caps: seccomp.DefaultCaps}
	want, err := weir.Compile(profile.Default(), facts, weir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(filters) != 1 {
		t.Fatalf("%d filters, want 1", len(filters))
	}
	if !slices.Equal(filters[0].Program, want.Program) {
		t.Errorf("the kernel has another program:\n%s", filters[0].Program.Disassemble(arch.ByteOrder(), nil))
	}
}

// SIGKILL of weir ends the container and leaves no mount and no scratch layer
// behind the next start.
func TestAKilledWeirLeavesNothing(t *testing.T) {
	kerneltest.Require(t, kerneltest.Containers, kerneltest.Tool("busybox"))
	root := t.TempDir()
	busyboxRoot(t, root)
	store := filepath.Join(t.TempDir(), "store")
	t.Setenv("WEIR_ROOT", store)
	weirCommand(t, "import", root, "busybox")
	before, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}

	pid := startContainer(t, "busybox", "sh", "-c", ": > /written; exec sleep 60")
	parent := parentOf(t, pid)
	if err := killProcess(parent); err != nil {
		t.Fatal(err)
	}
	waitGone(t, pid)
	after, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if string(after) != string(before) {
		t.Errorf("mounts changed:\n%s", after)
	}
	weirCommand(t, "run", "busybox", "true")
	if left := writtenLayers(t, store); left != nil {
		t.Errorf("what it wrote is left: %v", left)
	}
	weirCommand(t, "images")
	left, err := os.ReadDir(filepath.Join(store, "scratch"))
	if err != nil || len(left) > 0 {
		t.Errorf("scratch layers are left: %v, %v", left, err)
	}
}

// writtenLayers lists the scratch layers of a store to which something was written.
func writtenLayers(t *testing.T, store string) (list []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(store, "scratch", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, layer := range all {
		entries, err := os.ReadDir(filepath.Join(layer, "upper"))
		if err != nil || len(entries) > 0 {
			list = append(list, layer)
		}
	}
	return list
}

// A cgroup outlives weir's SIGKILL, which the kernel cannot do anything about; the
// next container with limits removes it, and none that a living container is in.
func TestTheCgroupOfAKilledWeirIsRemovedByTheNext(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("busybox"))
	root := t.TempDir()
	busyboxRoot(t, root)
	before := ownCgroups(t)
	limited := []string{"-m", "64m", "--cpus", "1", "--pids-limit", "50", "--rootfs", root}

	once := append(append([]string{"run"}, limited...), "true")
	t.Cleanup(func() { // the last that is killed, too
		for range 100 {
			weirCommand(t, once...)
			if slices.Equal(ownCgroups(t), before) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("left %q, want %q", ownCgroups(t), before)
	})
	startContainer(t, append(limited, "sleep", "60")...)
	living := ownCgroups(t)
	if len(living) <= len(before) {
		t.Fatalf("no cgroup was made: %q", living)
	}
	for name, next := range map[string][]string{"with limits": once, "without": {"run", "--rootfs", root, "true"}} {
		pid := startContainer(t, append(limited, "sleep", "60")...)
		if err := killProcess(parentOf(t, pid)); err != nil {
			t.Fatal(err)
		}
		waitGone(t, pid)
		if left := ownCgroups(t); len(left) <= len(living) {
			t.Fatalf("the killed one leaves nothing, so this test shows nothing: %q", left)
		}
		weirCommand(t, next...)
		if left := ownCgroups(t); !slices.Equal(left, living) {
			t.Errorf("%s: left %q, want %q", name, left, living)
		}
	}
}

// ownCgroups lists the cgroups of containers on this machine.
func ownCgroups(t *testing.T) []string {
	t.Helper()
	var list []string
	filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), "weir-run-") {
			list = append(list, path)
		}
		return nil // what vanishes meanwhile is another's
	})
	return list
}

func busyboxRoot(t *testing.T, root string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(root, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "bin/busybox"), b, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sh", "sleep", "true"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
}

// weirSelf is this test binary as the command weir, which TestMain registers.
func weirSelf(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("weir")
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(path, args...)
}

func weirCommand(t *testing.T, args ...string) {
	t.Helper()
	if out, err := weirSelf(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("weir %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// startContainer starts `weir run` and returns the process ID of the container's
// program, once that has been executed.
func startContainer(t *testing.T, args ...string) int {
	t.Helper()
	cmd := weirSelf(t, append([]string{"run"}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for _, pid := range childrenOf(cmd.Process.Pid) {
			if cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.HasPrefix(string(cmdline), "sleep\x00") {
				return pid
			}
		}
	}
	t.Fatal("the container does not start")
	return 0
}

func childrenOf(pid int) []int {
	var pids []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		list, _ := os.ReadFile(task)
		for _, f := range strings.Fields(string(list)) {
			if child, err := strconv.Atoi(f); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// stat returns the fields of /proc/PID/stat from the state on.
func stat(pid int) []string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(b), ") ")
	return strings.Fields(rest)
}

func parentOf(t *testing.T, pid int) int {
	t.Helper()
	fields := stat(pid)
	if len(fields) < 2 {
		t.Fatalf("process %d is gone", pid)
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	return parent
}

func killProcess(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}

// waitGone waits until a process has ended; who reaps it may take its time.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if fields := stat(pid); len(fields) == 0 || fields[0] == "Z" || fields[0] == "X" {
			return
		}
	}
	t.Fatalf("process %d does not end", pid)
}

func TestTheHelpOfRunShowsEachFlagOnceOnOneScreen(t *testing.T) {
	var out bytes.Buffer
	if code := Main([]string{"run", "--help"}, nil, &out, &out); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &out)
	}
	runCommand().Flags().VisitAll(func(f *pflag.Flag) {
		if n := strings.Count(out.String(), "--"+f.Name+" "); n < 1 {
			t.Errorf("--%s is not shown", f.Name)
		}
		if slices.Contains(elsewhere, f.Name) {
			t.Errorf("--%s is said to be Docker's alone", f.Name)
		}
	})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) > 50 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if len(line) > 100 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

func TestSizesAreWrittenAsInDocker(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "1b": 1, "2k": 2 << 10, "64m": 64 << 20, "64MB": 64 << 20, "1g": 1 << 30, "1T": 1 << 40,
		"": 0, "0": 0, "-1": 0, "m": 0, "1x": 0, "1kk": 0, "99999999999999999999": 0, "9000p": 0,
	} {
		if n, err := parseSize(text); n != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
}
