package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// descriptors lists what this process has open.
func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			list = append(list, e.Name()+" "+to)
		}
	}
	return list
}

// threadKinds lists the namespaces, directories and rights of this process's threads,
// each kind once.
func threadKinds(t *testing.T) []string {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, task := range tasks {
		var kind strings.Builder
		for _, name := range []string{"mnt", "uts", "ipc", "net", "cgroup", "pid", "user"} {
			to, err := os.Readlink(task + "/ns/" + name)
			if err != nil {
				to = name
			}
			kind.WriteString(to + " ")
		}
		for _, name := range []string{"root", "cwd"} {
			to, _ := os.Readlink(task + "/" + name)
			kind.WriteString(to + " ")
		}
		status, err := os.ReadFile(task + "/status")
		if err != nil {
			continue // it has ended
		}
		for line := range strings.Lines(string(status)) {
			switch name, _, _ := strings.Cut(line, ":"); name {
			case "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Umask":
				kind.WriteString(strings.Join(strings.Fields(line), " ") + " ")
			}
		}
		kinds = append(kinds, kind.String())
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// What a container is made with stays in the launcher neither as a descriptor nor as a
// thread, however the run ends: probe runs hundreds in one process.
func TestRunsLeaveNothingInTheLauncher(t *testing.T) {
	dir := image(t)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	volume := t.TempDir()
	init := NewInit(initELF, nil)
	for _, c := range []struct {
		name   string
		ctx    context.Context
		change func(*Spec)
		code   int // of the error
	}{
		{"a program that ends", t.Context(), func(*Spec) {}, 0},
		{"a user's program", t.Context(), func(s *Spec) { s.User = "1000" }, 0},
		{"a terminal", t.Context(), func(s *Spec) { s.TTY = true }, 0},
		{"a program that is missing", t.Context(), func(s *Spec) { s.Args = []string{"missing"} }, CodeNotFound},
		{"a program that is missing, on a terminal", t.Context(), func(s *Spec) { s.Args, s.TTY = []string{"missing"}, true }, CodeNotFound},
		{"a program that cannot be executed", t.Context(), func(s *Spec) { s.Args = []string{"/etc/passwd"} }, CodeExec},
		{"a user who is missing", t.Context(), func(s *Spec) { s.User, s.TTY = "nobody", true }, CodeSetup},
		{"a volume that is missing", t.Context(), func(s *Spec) {
			s.Volumes = []Mount{{Source: volume, Target: "/a"}, {Source: volume + "/missing", Target: "/b"}}
		}, CodeSetup},
		{"a volume that is a directory, on a file", t.Context(), func(s *Spec) {
			s.Volumes = []Mount{{Source: volume, Target: "/bin/busybox"}, {Source: volume, Target: "/a"}}
		}, CodeSetup},
		{"a filter that fails", t.Context(), func(s *Spec) {
			s.Filter = func() (bpf.Program, seccomp.Flag, error) { return nil, 0, errors.New("it fails") }
		}, CodeSetup},
		{"a container that is ended at once", cancelled, func(s *Spec) { s.TTY = true }, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := &Spec{}
			c.change(of)
			needIDs(t, of.User)
			once := func() {
				s := &Spec{Init: init, Rootfs: dir, Args: []string{"true"}, Caps: seccomp.DefaultCaps, Stdout: null, Stderr: null}
				c.change(s)
				status, err := Run(c.ctx, s)
				var failed *Error
				switch {
				case c.code < 0:
				case c.code == 0 && (err != nil || status.Status() != 0),
					c.code > 0 && (!errors.As(err, &failed) || failed.Code != c.code):
					t.Errorf("status %d, error %v", status.Status(), err)
				}
			}
			once()
			before := descriptors(t)
			for range 4 {
				once()
			}
			var together sync.WaitGroup
			for range 4 {
				together.Go(once)
			}
			together.Wait()
			var after, threads []string
			for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
				after, threads = descriptors(t), threadKinds(t) // guards and threads end beside us
				if len(after) <= len(before) && len(threads) == 1 || time.Now().After(end) {
					break
				}
			}
			if len(after) > len(before) {
				t.Errorf("descriptors before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
			if len(threads) != 1 {
				t.Errorf("threads of %d kinds:\n%s", len(threads), strings.Join(threads, "\n"))
			}
		})
	}
}

// A /proc of another PID namespace has another process under the number of the first one.
func TestTheLaunchersProcMayBeOfAnotherPIDNamespace(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	s := &Spec{Rootfs: image(t), Args: []string{"echo", "started"}, Caps: seccomp.DefaultCaps}
	cmd := launched(t, s, false)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "started\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAProcessWithAnotherRootIsNotStarted(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	dir := image(t)
	for _, c := range []struct {
		root string
		ok   bool
	}{{"/", true}, {dir, false}} {
		cmd := exec.Command("/bin/busybox", "cat") // until its input ends
		if !c.ok {
			cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: c.root}
		}
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		pidfd, err := unix.PidfdOpen(cmd.Process.Pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(pidfd)
		proc, err := openProc(pidfd)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(proc)
		if err := inRoot(proc); (err == nil) != c.ok {
			t.Errorf("a process whose root is %s: %v", c.root, err)
		}
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// What the caller removes after the end of a container is in use no more, also when it
// ended before it was made: as by a filter that fails.
func TestNothingIsMadeForAContainerThatHasEnded(t *testing.T) {
	dir, volume := image(t), t.TempDir()
	made := func() int {
		entries, err := os.ReadDir(dir + "/volumes")
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return len(entries)
	}
	for delay := 500 * time.Microsecond; delay < 6*time.Millisecond; delay += 500 * time.Microsecond {
		s := &Spec{Init: NewInit(initELF, nil), Rootfs: dir, Args: []string{"true"}, Caps: seccomp.DefaultCaps}
		for i := range 200 {
			s.Volumes = append(s.Volumes, Mount{Source: volume, Target: fmt.Sprintf("/volumes/%d", i)})
		}
		s.Filter = func() (bpf.Program, seccomp.Flag, error) {
			time.Sleep(delay)
			return nil, 0, errors.New("it fails")
		}
		wantError(t, run(t, s), CodeSetup, "run container: it fails")
		before := made()
		time.Sleep(20 * time.Millisecond)
		if after := made(); after != before {
			t.Errorf("the volumes' directories are %d at the end, and %d after it", before, after)
		}
		if err := os.RemoveAll(dir + "/volumes"); err != nil {
			t.Fatal(err)
		}
	}
}

// A socket whose other side had something to read when it was closed is an error to the
// kernel, and to nobody else.
func TestAFirstProcessThatEndsBeforeItReadsIsAnEnd(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	if _, err := unix.Write(pair[0], []byte("unread")); err != nil {
		t.Fatal(err)
	}
	unix.Close(pair[1])
	if fd, ok, err := receiveFd(pair[0]); fd != -1 || ok || err != nil {
		t.Errorf("got %d, %v, %v", fd, ok, err)
	}
	pair, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{control: os.NewFile(uintptr(pair[0]), "control")}
	defer c.control.Close()
	if err := c.send([]byte("unread")); err != nil {
		t.Error(err)
	}
	unix.Close(pair[1])
	for range 2 { // to the kernel the first is another error than the second
		if err := c.send([]byte("late")); err != nil {
			t.Error(err)
		}
	}
}

// execve takes arguments of 6 MiB, counting their addresses, if the limit of the stack lets
// it. The reaper has them, too.
func TestAsManyArgumentsAsExecveTakes(t *testing.T) {
	const each = 2 + 8 // bytes to execve of "x"
	s := over(t, image(t), append([]string{"sh", "-c", "echo $#", "sh"}, slices.Repeat([]string{"x"}, 6<<20/each-1000)...)...)
	s.Reaper = true
	s.Rlimits = []Rlimit{{Name: "stack", Resource: unix.RLIMIT_STACK, Soft: unix.RLIM_INFINITY, Hard: unix.RLIM_INFINITY}}
	equal(t, "output", output(t, s), fmt.Sprintln(len(s.Args)-4))
}
