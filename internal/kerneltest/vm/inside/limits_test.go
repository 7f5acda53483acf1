package inside

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestMemoryBeyondItsLimitEndsTheContainerAsInDocker(t *testing.T) {
	const swap = "/swap"
	check(t, os.WriteFile(swap, make([]byte, 128<<20), 0o600))
	defer os.Remove(swap)
	for _, args := range [][]string{{"mkswap", swap}, {"swapon", swap}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args, err, out)
		}
	}
	defer func() { check(t, exec.Command("swapoff", swap).Run()) }()
	dir := rootfs(t)
	for _, c := range []struct {
		name, flags, size string
		want              int
	}{
		{"within it", "-m 32m --memory-swap 32m", "16M", 0},
		{"beyond it, without swap", "-m 32m --memory-swap 32m", "48M", 137},
		{"beyond it, with as much swap by default", "-m 32m", "48M", 0},
		{"beyond both", "-m 32m", "96M", 137},
		{"beyond it, with some swap", "-m 32m --memory-swap 48m", "64M", 137},
		{"beyond it, with any swap", "-m 32m --memory-swap -1", "96M", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append(append([]string{"run"}, strings.Fields(c.flags)...), "--rootfs", dir, "dd", "if=/dev/zero", "of=/dev/null", "count=1", "bs="+c.size)
			ends(t, nil, c.want, nil, args...)
			nothingLeft(t)
		})
	}
}

func TestAForkBombStopsAtTheLimitOfProcesses(t *testing.T) {
	dir := rootfs(t)
	started(t, nil, "run", "--pids-limit", "20", "--rootfs", dir, "sh", "-c", "bomb() { bomb | bomb & }; echo started; while true; do bomb 2>/dev/null; done")
	group := cgroup(t)
	if got := read(t, group, "pids.max"); got != "20" {
		t.Errorf("pids.max is %s", got)
	}
	eventually(t, "the kernel has refused a process", func() bool { return read(t, group, "pids.events") != "max 0" })
	if n, err := strconv.Atoi(read(t, group, "pids.current")); err != nil || n > 20 {
		t.Errorf("%d processes, %v", n, err)
	}
}

func TestAContainerGetsNoMoreOfTheProcessorsThanItMay(t *testing.T) {
	dir := rootfs(t)
	started(t, nil, "run", "--cpus", "0.5", "--rootfs", dir, "sh", "-c", "echo started; while true; do :; done")
	group := cgroup(t)
	if got := read(t, group, "cpu.max"); got != "50000 100000" {
		t.Errorf("cpu.max is %s", got)
	}
	eventually(t, "the kernel has made it wait", func() bool {
		_, rest, _ := strings.Cut(read(t, group, "cpu.stat"), "nr_throttled ")
		times, _, _ := strings.Cut(rest, "\n")
		return times != "" && times != "0"
	})
}

func TestTheContainerSeesItsOwnCgroupAloneAndCannotWriteIt(t *testing.T) {
	out, code := weir(t, nil, "run", "-m", "64m", "--cpus", "0.5", "--pids-limit", "9", "--rootfs", rootfs(t), "sh", "-c",
		`cd /sys/fs/cgroup; cat /proc/self/cgroup memory.max memory.swap.max cpu.max pids.max
		grep -o ' - cgroup2 .* ro' /proc/self/mountinfo; ls -d */ 2>&1; mkdir x 2>&1; echo max 2>&1 > memory.max`)
	const want = `0::/
67108864
67108864
50000 100000
9
ls: */: No such file or directory
mkdir: can't create directory 'x': Read-only file system
sh: can't create memory.max: Read-only file system
`
	if out != want || code != 1 {
		t.Errorf("exit code %d, got\n%swant\n%s", code, out, want)
	}
}

func TestWhoManagesTheSliceCannotTakeTheLimitsAway(t *testing.T) {
	started(t, nil, "run", "-m", "64m", "--cpus", "0.5", "--pids-limit", "9", "--rootfs", rootfs(t), "sh", "-c", "echo started; exec sleep 1000")
	for _, controller := range []string{"memory", "cpu", "pids"} {
		for _, dir := range []string{slice, top} {
			err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("-"+controller), 0)
			if !errors.Is(err, syscall.EBUSY) {
				t.Errorf("take %s from %s: %v", controller, dir, err)
			}
		}
	}
	if got := read(t, cgroup(t), "memory.max"); got != "67108864" {
		t.Errorf("memory.max is %s", got)
	}
}

func TestTheLimitsOfWhatIsAboveHoldToo(t *testing.T) {
	write(t, top, "cgroup.subtree_control", "+memory")
	small := made(t, top+"/small.slice")
	write(t, small, "memory.max", "64M")
	ends(t, in(t, made(t, small+"/session.scope")), 137, nil, "run", "-m", "512m", "--rootfs", rootfs(t), "dd", "if=/dev/zero", "of=/dev/null", "count=1", "bs=128M")
	nothingLeft(t)
}
