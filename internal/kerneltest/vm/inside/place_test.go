package inside

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// one starts a container with limits, and returns the cgroup above what weir has made for it.
func one(t *testing.T, attr *syscall.SysProcAttr) string {
	t.Helper()
	started(t, attr, "run", "-m", "64m", "--rootfs", rootfs(t), "sh", "-c", "echo started; exec sleep 1000")
	return filepath.Dir(filepath.Dir(cgroup(t)))
}

func TestTheCgroupIsMadeBelowTheNearestThatHasNoProcesses(t *testing.T) {
	t.Run("beside a session with processes in it, which stays as it is", func(t *testing.T) {
		before := read(t, session, "cgroup.subtree_control") + read(t, session, "cgroup.type")
		if got := one(t, nil); got != slice {
			t.Errorf("it is in %s", got)
		}
		if after := read(t, session, "cgroup.subtree_control") + read(t, session, "cgroup.type"); after != before {
			t.Errorf("the session was %q and is %q", before, after)
		}
	})
	t.Run("in the root, where nothing nearer will do", func(t *testing.T) {
		busy := made(t, top+"/busy")
		below := made(t, busy+"/below")
		occupant := exec.Command("sleep", "1000")
		occupant.SysProcAttr = in(t, busy)
		check(t, occupant.Start())
		defer func() { occupant.Process.Kill(); occupant.Wait() }()
		if got := one(t, in(t, below)); got != top {
			t.Errorf("it is in %s", got)
		}
	})
	t.Run("in the root, for who is there", func(t *testing.T) {
		if got := one(t, in(t, top)); got != top {
			t.Errorf("it is in %s", got)
		}
	})
	t.Run("and nowhere in a container with processes in the root of what it sees", func(t *testing.T) {
		cmd := exec.Command("sh", "-c", `umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && weir run -m 64m --rootfs "$0" true`, rootfs(t))
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWCGROUP | syscall.CLONE_NEWNS}
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 125 || !strings.Contains(string(out), "has processes in it") {
			t.Errorf("exit code %d\n%s", code, out)
		}
	})
	nothingLeft(t)
}

func TestAKilledWeirEndsItsContainerAndTheNextRemovesItsCgroup(t *testing.T) {
	dir := rootfs(t)
	for _, flag := range []string{"--init=false", "--init"} { // without a reaper and with one
		t.Run(flag, func(t *testing.T) {
			cmd := started(t, nil, "run", flag, "-m", "64m", "--pids-limit", "9", "--rootfs", dir, "sh", "-c", "sleep 1000 & echo started; sleep 1000")
			group := cgroup(t)
			if read(t, group, "cgroup.procs") == "" {
				t.Error("the container is not in its cgroup")
			}
			check(t, cmd.Process.Kill())
			cmd.Wait()
			eventually(t, "no process is left", func() bool { return read(t, group, "cgroup.procs") == "" })
			ends(t, nil, 0, nil, "run", "--rootfs", dir, "true") // from another place, without limits of its own
			nothingLeft(t)
		})
	}
}

func TestLimitsOfAPlainUser(t *testing.T) {
	dir := rootfs(t)
	oom := []string{"run", "-m", "16m", "--memory-swap", "16m", "--rootfs", dir, "dd", "if=/dev/zero", "of=/dev/null", "count=1", "bs=64M"}
	t.Run("hold in a cgroup that was delegated", func(t *testing.T) {
		write(t, slice, "cgroup.subtree_control", "+memory +cpu +pids")
		delegated := made(t, slice+"/alice.scope")
		below := made(t, delegated+"/shell")
		for _, name := range []string{"", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads", "shell", "shell/cgroup.procs"} {
			check(t, os.Chown(filepath.Join(delegated, name), int(alice.Uid), int(alice.Gid)))
		}
		attr := in(t, below)
		attr.Credential = alice
		ends(t, attr, 137, nil, oom...)
		ends(t, attr, 0, []string{"67108864\n50000 100000\n9\n"}, "run", "-m", "64m", "--cpus", "0.5", "--pids-limit", "9", "--rootfs", dir,
			"sh", "-c", "cd /sys/fs/cgroup; cat memory.max cpu.max pids.max")
	})
	t.Run("are refused elsewhere", func(t *testing.T) {
		ends(t, &syscall.SysProcAttr{Credential: alice}, 125, []string{"permission denied", "a cgroup that was delegated"}, oom...)
	})
	nothingLeft(t)
}
