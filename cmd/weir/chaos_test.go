package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
)

// chaosRounds is how often a container is ended: some hundred times in a minute.
const chaosRounds = 300

// A footprint is what containers could leave behind on this machine.
type footprint struct {
	processes  []string // of this store's containers, zombies aside
	namespaces int      // PID namespaces that those are in
	mounts     int      // in the namespace of the test
	scratch    int      // layers of the store to which something was written
}

func takeFootprint(t *testing.T, store, mark string) footprint {
	t.Helper()
	var f footprint
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	namespaces := map[string]bool{}
	for _, dir := range dirs {
		environ, _ := os.ReadFile(dir + "/environ")
		cmdline, _ := os.ReadFile(dir + "/cmdline")
		stat, _ := os.ReadFile(dir + "/stat")
		ours := strings.Contains(string(environ), mark) || strings.Contains(string(cmdline), mark)
		if !ours || strings.Contains(string(stat), ") Z ") {
			continue
		}
		f.processes = append(f.processes, dir+" "+strings.ReplaceAll(string(cmdline), "\x00", " "))
		if ns, err := os.Readlink(dir + "/ns/pid"); err == nil {
			namespaces[ns] = true
		}
	}
	f.namespaces = len(namespaces)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, store) || strings.Contains(line, " weir ") {
			f.mounts++
		}
	}
	f.scratch = len(writtenLayers(t, store))
	return f
}

func (f footprint) String() string {
	return fmt.Sprintf("%d PID namespaces, %d mounts, %d scratch layers, processes %q", f.namespaces, f.mounts, f.scratch, f.processes)
}

// endings are the ways in which a container ends here, the frequent one several times.
var endings = []func(weir int){
	killWeir, killWeir, killWeir,
	func(weir int) { syscall.Kill(weir, syscall.SIGTERM) },
	// Its children are the container's first process and the guard.
	func(weir int) {
		var children []string
		lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", weir))
		for _, list := range lists {
			b, _ := os.ReadFile(list)
			children = append(children, strings.Fields(string(b))...)
		}
		if len(children) == 0 { // none yet
			killWeir(weir)
			return
		}
		if pid, err := strconv.Atoi(children[rand.N(len(children))]); err == nil {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	},
}

func killWeir(pid int) { syscall.Kill(pid, syscall.SIGKILL) }

// endWith ends a container, and waits until weir has ended, too. A shell is ignorant of
// SIGTERM until its trap is set, so that is sent again.
func endWith(t *testing.T, cmd *exec.Cmd, ending func(weir int)) {
	t.Helper()
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	for range 100 {
		ending(cmd.Process.Pid)
		select {
		case <-ended:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	killWeir(cmd.Process.Pid)
	t.Fatal("weir does not end")
}

// Weir, its guard or the container's first process is killed or told
// to end at whatever moment; what cannot end by itself, a directory on disk or a
// cgroup, the next start removes.
func TestSIGKILLAtAnyMomentLeavesNothingBehind(t *testing.T) {
	rounds, users := chaosRounds, []string{"0", "1000"}
	if testing.Short() {
		rounds = 60
	}
	if ids, err := condition("ids"); err != nil {
		t.Fatal(err)
	} else if !ids {
		users = []string{"0"}
	}
	kerneltest.Require(t, kerneltest.Containers, kerneltest.Tool("busybox"))
	dir := t.TempDir()
	store, root := filepath.Join(dir, "store"), filepath.Join(dir, "root")
	if err := os.MkdirAll(filepath.Join(root, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	// Where every user can leave what its owner alone can enter.
	tmp := filepath.Join(root, "tmp")
	if err := errors.Join(os.Mkdir(tmp, 0o777), os.Chmod(tmp, 0o777)); err != nil {
		t.Fatal(err)
	}
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "bin/sh"), busybox, 0o755); err != nil {
		t.Fatal(err)
	}
	mark := fmt.Sprintf("chaos-%d-%d", os.Getpid(), time.Now().UnixNano())
	weir := func(args ...string) *exec.Cmd {
		cmd := exec.Command("weir", args...)
		cmd.Env = append(os.Environ(), "WEIR_ROOT="+store, "CHAOS="+mark)
		return cmd
	}
	if out, err := weir("import", root, "box").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	start := time.Now()
	if out, err := weir("run", "box", "sh", "-c", "true").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(start) // of a start, so that most are hit while they start
	before := takeFootprint(t, store, mark)
	if before.String() != (footprint{}).String() {
		t.Fatalf("left by a run that ended: %v", before)
	}

	script := "trap exit TERM; mkdir -p /tmp/closed/written; chmod 0 /tmp/closed; while :; do sleep 1000 & wait; done # " + mark
	var limits []string
	if os.Geteuid() == 0 { // a plain user may make no cgroups
		limits = []string{"-m", "64m", "--pids-limit", "100"}
	}
	kinds := [][]string{nil, limits, {"--init"}, append([]string{"--init"}, limits...)}
	cgroups := ownCgroups(t)
	for i := range rounds {
		args := slices.Concat([]string{"run", "-e", "CHAOS=" + mark, "-u", users[i%len(users)]}, kinds[i/len(users)%len(kinds)], []string{"box", "sh", "-c", script})
		cmd := weir(args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(whole * 2))
		endWith(t, cmd, endings[rand.N(len(endings))])
		if i%20 != 19 {
			continue
		}
		// The kernel has ended everything but the directories.
		var after footprint
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			if after = takeFootprint(t, store, mark); len(after.processes) == 0 {
				break
			}
		}
		after.scratch = 0
		if after.String() != before.String() {
			t.Fatalf("after %d rounds: %v", i+1, after)
		}
	}
	if out, err := weir("run", "box", "sh", "-c", "true").CombinedOutput(); err != nil {
		t.Fatalf("the run after all that: %v\n%s", err, out)
	}
	if left := ownCgroups(t); !slices.Equal(left, cgroups) {
		t.Errorf("cgroups left: %q, want %q", left, cgroups)
	}
	if after := takeFootprint(t, store, mark); after.String() != before.String() {
		t.Errorf("after the next run: %v", after)
	}
}
