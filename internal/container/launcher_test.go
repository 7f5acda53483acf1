package container

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/kerneltest"
	"golang.org/x/sys/unix"
)

// What stands beside the program has no descriptor that it does not need: with the control
// socket of the launcher, say, it would keep the container from learning of its death.
func TestWhatStandsBesideTheProgramHoldsNothingOfTheLaunchers(t *testing.T) {
	descriptors := func(pid int) string {
		t.Helper()
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, e := range entries {
			if inherited(e.Name()) {
				continue
			}
			link, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, e.Name()+" "+regexp.MustCompile(`\d+`).ReplaceAllString(link, "N"))
		}
		return strings.Join(list, "\n")
	}
	cmd, _ := started(t, reaped(shell(t, "echo started; while true; do sleep .01; done")))
	guards := children(t, cmd.Process.Pid, handover.GuardName)
	if len(guards) != 1 {
		t.Fatalf("%d guards", len(guards))
	}
	equal(t, "the guard's", descriptors(guards[0]), "0 anon_inode:[pidfd]\n1 anon_inode:[pidfd]\n5 /memfd:weir-init (deleted)")
	equal(t, "the reaper's", descriptors(firstProcess(t, cmd.Process.Pid)), "0 /dev/null\n1 pipe:[N]\n2 pipe:[N]")
}

// inherited reports whether this process has got a descriptor from its own parent, which
// whatever it starts has then, too.
func inherited(fd string) bool {
	info, err := os.ReadFile("/proc/self/fdinfo/" + fd)
	if err != nil || fd <= "2" && len(fd) == 1 {
		return false
	}
	_, flags, _ := strings.Cut(string(info), "flags:\t")
	flags, _, _ = strings.Cut(flags, "\n")
	n, err := strconv.ParseUint(flags, 8, 32)
	return err == nil && n&unix.O_CLOEXEC == 0
}

// firstProcess finds the reaper of a launcher's container.
func firstProcess(t *testing.T, launcher int) int {
	t.Helper()
	for _, path := range must(filepath.Glob("/proc/[0-9]*/cmdline")) {
		var pid int
		fmt.Sscanf(path, "/proc/%d/", &pid)
		cmdline, _ := os.ReadFile(path)
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, rest, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(rest); strings.HasPrefix(string(cmdline), handover.ReaperName+"\x00") && len(f) > 1 && f[1] == fmt.Sprint(launcher) {
			return pid
		}
	}
	t.Fatal("there is no reaper")
	return 0
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// What a process beside the program is sent that is meant for all that is called weir, or
// by who freezes all processes for a while, ends nothing.
func TestSignalsToWhatStandsBesideTheProgramEndNothing(t *testing.T) {
	cmd, out := started(t, reaped(shell(t, "trap 'echo ended; exit 9' TERM; echo started; while true; do sleep .01; done")))
	guards := children(t, cmd.Process.Pid, handover.GuardName)
	if len(guards) != 1 {
		t.Fatalf("%d guards", len(guards))
	}
	signal := func(pid int, list ...syscall.Signal) {
		for _, sig := range list {
			if err := syscall.Kill(pid, sig); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond) // to be heeded by itself
		}
	}
	signal(guards[0], syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGALRM, syscall.SIGSTOP, syscall.SIGCONT)
	signal(firstProcess(t, cmd.Process.Pid), syscall.SIGSTOP, syscall.SIGCONT)
	time.Sleep(20 * time.Millisecond)
	cmd.Process.Signal(syscall.SIGTERM)
	if line, err := out.ReadString('\n'); err != nil || line != "ended\n" {
		t.Errorf("%q %v", line, err)
	}
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != 9 {
		t.Errorf("status %d", got)
	}
}

// The process that starts weir may have any umask, and capabilities that it passes on.
func TestTheLaunchersUmaskAndCapabilitiesAreNotTheContainers(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("setpriv")) // package util-linux
	for _, user := range []string{"0", "1000"} {
		s := shell(t, "umask; grep -E '^Cap(Inh|Amb)' /proc/self/status; stat -c %a /dev/null")
		s.User = user
		weir := launched(t, s, false)
		cmd := exec.Command("sh", "-c", `umask 077; exec setpriv --inh-caps +chown,+net_raw --ambient-caps +chown "$0"`, must(os.Executable()))
		cmd.Env = weir.Env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v", err)
		}
		equal(t, "as user "+user, string(out), "0022\nCapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n666\n")
	}
}

// Paths of the host are those that the launcher sees: its root may be another one than
// that of its mount namespace.
func TestALauncherInAChrootTakesTheFilesOfThat(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	root := t.TempDir()
	s := shell(t, "cat /mark")
	s.Volumes = []Mount{{Source: "/mnt/mark", Target: "/mark"}}
	weir := launched(t, s, false)
	cmd := exec.Command("unshare", "-m", "sh", "-c", `
		mount --rbind / "$0" && mount -t tmpfs none "$0/mnt" && echo of the chroot > "$0/mnt/mark" && exec chroot "$0" "$1"`, root, must(os.Executable()))
	cmd.Env = weir.Env
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "of the chroot\n" {
		t.Errorf("%v, %q", err, out)
	}
}

// From a chroot within the container a process gets to what is above its root, and that is
// nothing, also where the launcher is in a chroot, or something is mounted over its root.
func TestNothingIsAboveTheContainersRoot(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	root, dir := t.TempDir(), image(t)
	for _, how := range []string{`exec "$1"`, `mount -t tmpfs none / && exec "$1"`, `mount --rbind / "$0" && exec chroot "$0" "$1"`} {
		s := over(t, dir, "/test")
		s.Env = []string{insideEnv + "=leave"}
		s.Volumes = []Mount{{Source: must(os.Executable()), Target: "/test"}}
		weir := launched(t, s, false)
		cmd := exec.Command("unshare", "-m", "sh", "-c", how, root, must(os.Executable()))
		cmd.Env = weir.Env
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "<nil>\n<nil>\n") || !strings.Contains(string(out), "\nlower\n") {
			t.Errorf("%s: %v, %q", how, err, out)
		}
	}
}

// The first thread of a process cannot end, and /proc/self tells of it.
func TestWhatMakesAContainerIsNeverTheFirstThread(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe") // in which nothing has that thread
	cmd.Env = []string{insideEnv + "=first thread", "GOMAXPROCS=1"}
	out, err := cmd.CombinedOutput()
	equal(t, "what becomes of it", string(out), "it ran elsewhere, on a thread that has ended\nit ran elsewhere, on a thread that has ended\n")
	if err != nil {
		t.Error(err)
	}
}

// fromFirstThread has a goroutine on the first thread ask for another one. It tells what
// became of that, for as often as the first thread was given back.
func fromFirstThread() {
	for range 2 {
		said, release := make(chan string), make(chan struct{})
		for range 100 { // goroutines on threads of their own, until one has the first
			go func() {
				runtime.LockOSThread()
				if unix.Gettid() == unix.Getpid() {
					runtime.UnlockOSThread()
					said <- elsewhere()
					return
				}
				said <- ""
				<-release
				runtime.UnlockOSThread()
			}()
			if text := <-said; text != "" {
				fmt.Println(text)
				break
			}
		}
		close(release)
	}
}

// elsewhere has onOwnThread call a function.
func elsewhere() string {
	tid := make(chan int, 1)
	onOwnThread(func() { tid <- unix.Gettid() })
	it := <-tid
	if it == unix.Getpid() {
		return "it ran on the first thread"
	}
	for range 1000 {
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", it)); err != nil {
			return "it ran elsewhere, on a thread that has ended"
		}
		time.Sleep(time.Millisecond)
	}
	return "its thread does not end"
}

// A first process that was killed before anything was made of it: the launcher tells of
// that, and not of what it therefore could not do.
func TestAFirstProcessThatHasEndedIsWhatThereIsToTell(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	plan, err := shell(t, "true").plan(winsize{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBuilder(plan, unix.CLONE_NEWNS)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	var pidfd int
	cmd := exec.Command("true")
	cmd.SysProcAttr = &syscall.SysProcAttr{PidFD: &pidfd, Cloneflags: unix.CLONE_NEWNS}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 10_000); n != 1 {
		t.Fatal(n, err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(pair[1])
	b.begin <- process{pidfd, pair[0]}
	<-b.done
	if b.err != errGone {
		t.Errorf("it says %v", b.err)
	}
}

// The thread of a builder whose first process could not be started ends all the same.
func TestABuilderWithoutAFirstProcessEnds(t *testing.T) {
	plan, err := shell(t, "true").plan(winsize{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBuilder(plan, 0)
	if err != nil {
		t.Fatal(err)
	}
	b.close()
	select {
	case <-b.done:
		if b.err != nil {
			t.Error(b.err)
		}
	default:
		t.Error("it does not end")
	}
}
