//go:build linux

package running_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/engines/running"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/sys"
)

// root makes a root file system of busybox alone.
func root(t *testing.T) string {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("busybox"))
	dir := filepath.Join(t.TempDir(), "rootfs")
	for _, d := range []string{"bin", "dev", "etc", "proc", "sys", "run"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program, err := os.ReadFile("/bin/busybox")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "bin/sleep"), program, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func do(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	out := filepath.Join(t.TempDir(), "output") // a pipe would stay open as long as the container
	f, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	err = cmd.Run()
	text, _ := os.ReadFile(out)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, text)
	}
	return strings.TrimSpace(string(text))
}

// finds fails unless a name leads to a container whose first process is a sleep.
func finds(t *testing.T, p running.Places, name, engine string) *running.Container {
	t.Helper()
	c, err := p.Find(name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if c.Engine != engine {
		t.Errorf("%s: the engine is %s, want %s", name, c.Engine, engine)
	}
	// The engine may have started it this very moment.
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", c.PID))
		if err == nil && bytes.HasPrefix(cmdline, []byte("/bin/sleep\x00")) {
			return c
		}
		if time.Now().After(end) {
			t.Fatalf("%s: process %d is %q, %v", name, c.PID, cmdline, err)
		}
	}
}

// fails fails unless a name leads to an error that says so.
func fails(t *testing.T, p running.Places, name, text string) *running.Error {
	t.Helper()
	c, err := p.Find(name)
	var e *running.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), text) {
		t.Fatalf("%s: %v, %v; want an error with %q", name, c, err, text)
	}
	return e
}

// runtime returns runc, or crun through a shim that hides from it the second
// version of cgroups, beside which it does not work, and its state directory.
func runtime(t *testing.T, name string) (do1 func(args ...string), state string) {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool(name))
	dir := t.TempDir()
	state = filepath.Join(dir, "state")
	command := []string{name}
	if name == "crun" {
		command = []string{"unshare", "-m", "sh", "-c", `umount /sys/fs/cgroup/unified 2>/dev/null; exec crun "$@"`, "crun"}
	}
	return func(args ...string) {
		t.Helper()
		all := append(append(command[1:len(command):len(command)], "--root", state), args...)
		do(t, command[0], all...)
	}, state
}

func bundle(t *testing.T) string {
	t.Helper()
	rootfs := root(t)
	config := map[string]any{
		"ociVersion": "1.0.2",
		"process":    map[string]any{"user": map[string]any{"uid": 0, "gid": 0}, "args": []string{"/bin/sleep", "60"}, "cwd": "/"},
		"root":       map[string]any{"path": rootfs},
		"mounts":     []any{map[string]any{"destination": "/proc", "type": "proc", "source": "proc"}},
		"linux":      map[string]any{"namespaces": []any{map[string]any{"type": "pid"}, map[string]any{"type": "mount"}}},
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(rootfs)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestContainersOfRuncAndCrun(t *testing.T) {
	for _, engine := range []string{"runc", "crun"} {
		t.Run(engine, func(t *testing.T) {
			engineDo, state := runtime(t, engine)
			p := running.Places{Runtimes: []string{state, filepath.Join(state, "nowhere")}}
			dir := bundle(t)
			pid := fmt.Sprint(os.Getpid())
			first, second := "weir-find-"+pid+"-one", "weir-find-"+pid+"-two"
			fails(t, p, first, "no container of Docker, Podman, containerd, runc or crun is called "+first)

			engineDo("create", "--bundle", dir, first)
			t.Cleanup(func() { engineDo("delete", "--force", first) })
			fails(t, p, first, "is not running: it is created and not started")
			engineDo("start", first)
			finds(t, p, first, engine)
			finds(t, p, first[:len(first)-2], engine)

			engineDo("run", "--detach", "--bundle", dir, second)
			t.Cleanup(func() { engineDo("delete", "--force", second) })
			if one, two := finds(t, p, first, engine), finds(t, p, second, engine); one.PID == two.PID {
				t.Errorf("both are process %d", one.PID)
			}
			e := fails(t, p, "weir-find-"+pid, "2 containers are called weir-find-"+pid+": "+engine+" "+first+", "+engine+" "+second)
			if e.Hint == "" {
				t.Error("no hint")
			}

			engineDo("kill", second, "KILL")
			for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				if _, err := p.Find(second); err != nil || time.Now().After(end) {
					break
				}
			}
			fails(t, p, second, "is not running: its first process has ended")
		})
	}
}

// A number that belongs to another process by now is not taken for the
// container's.
func TestANumberThatIsUsedAgain(t *testing.T) {
	state := t.TempDir()
	for id, text := range map[string]string{
		"old": fmt.Sprintf(`{"init_process_pid": %d, "init_process_start": 1}`, os.Getpid()),
		"bad": `{`,
	} {
		if err := os.Mkdir(filepath.Join(state, id), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(state, id, "state.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := running.Places{Runtimes: []string{state}}
	fails(t, p, "bad", "not all could be asked: read "+filepath.Join(state, "bad/state.json")+": unexpected end")
	if err := os.Remove(filepath.Join(state, "bad/state.json")); err != nil {
		t.Fatal(err)
	}
	fails(t, p, "old", "container old (runc) is not running: its first process has ended")
	fails(t, p, "../old", "is no name of a container")
	fails(t, p, "", "is no name of a container")
}

func TestAFirstProcessThatIsAZombieHasEnded(t *testing.T) {
	zombie := exec.Command("/bin/true")
	if err := zombie.Start(); err != nil {
		t.Fatal(err)
	}
	defer zombie.Wait()
	for code := 0; code == 0; {
		code, _, _ = sys.WaitidPeek(zombie.Process.Pid)
	}
	tasks := t.TempDir()
	task := filepath.Join(tasks, "default", "old")
	if err := os.MkdirAll(task, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(task, "init.pid"), fmt.Append(nil, zombie.Process.Pid), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, running.Places{Containerd: []string{tasks}}, "old", "container old (containerd default) is not running: its first process has ended")
}

func TestContainersOfContainerd(t *testing.T) {
	rootfs := root(t)
	kerneltest.Require(t, kerneltest.Tool("containerd"), kerneltest.Tool("ctr"))
	dir := t.TempDir()
	state, socket := filepath.Join(dir, "state"), filepath.Join(dir, "socket")
	log := &bytes.Buffer{}
	daemon := exec.Command("containerd", "--root", filepath.Join(dir, "root"), "--state", state, "--address", socket)
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		daemon.Process.Signal(syscall.SIGTERM)
		daemon.Wait()
	})
	for end := time.Now().Add(30 * time.Second); exec.Command("ctr", "-a", socket, "version").Run() != nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("containerd does not answer:\n%s", log)
		}
	}
	p := running.Places{Containerd: []string{filepath.Join(state, "io.containerd.runtime.v2.task")}}
	id := fmt.Sprintf("weir-find-%d", os.Getpid())
	fails(t, p, id, "no container ")
	do(t, "ctr", "-a", socket, "run", "--detach", "--rootfs", rootfs, id, "/bin/sleep", "60")
	t.Cleanup(func() {
		exec.Command("ctr", "-a", socket, "task", "kill", "-s", "KILL", id).Run()
		for end := time.Now().Add(10 * time.Second); exec.Command("ctr", "-a", socket, "task", "rm", id).Run() != nil && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		}
		do(t, "ctr", "-a", socket, "container", "rm", id)
	})
	finds(t, p, id, "containerd default")
	finds(t, p, id[:len(id)-1], "containerd default")
}

// Podman's names are in its storage, and the processes in runc's state.
func TestContainersOfPodman(t *testing.T) {
	rootfs := root(t)
	kerneltest.Require(t, kerneltest.Tool("podman"), kerneltest.Tool("runc"))
	dir := t.TempDir()
	podman := func(args ...string) string {
		return do(t, "podman", append([]string{"--root", filepath.Join(dir, "storage"), "--runroot", filepath.Join(dir, "run"), "--runtime", "runc",
			"--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"}, args...)...)
	}
	name := fmt.Sprintf("weir-find-%d", os.Getpid())
	podman("run", "--detach", "--name", name, "--network", "none", "--ulimit", "nofile=1024:2048", "--ulimit", "nproc=1024:2048", "--rootfs", rootfs, "/bin/sleep", "60")
	t.Cleanup(func() {
		podman("rm", "--force", "--time", "0", name)
		// What Podman leaves behind, when its monitor has ended.
		left := func(pattern string) []string {
			groups, _ := filepath.Glob("/sys/fs/cgroup/*/" + pattern)
			return groups
		}
		for end := time.Now().Add(10 * time.Second); len(left("libpod_parent")) > 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			for _, group := range append(left("libpod_parent/*"), left("libpod_parent")...) {
				syscall.Rmdir(group)
			}
		}
	})
	p := running.Places{Podman: []string{filepath.Join(dir, "nowhere"), filepath.Join(dir, "storage")}, Runtimes: []string{"/run/runc"}}
	c := finds(t, p, name, "Podman")
	if again := finds(t, p, c.ID[:12], "Podman"); again.Name != name || again.PID != c.PID {
		t.Errorf("by its id: %+v, by its name: %+v", again, c)
	}
	podman("stop", "--time", "0", name)
	fails(t, p, name, "container "+name+" (Podman) is not running: ")
}

func TestWhatDoesNotAnswerAsDocker(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	p := running.Places{Docker: socket}
	fails(t, p, "web", "is called web")
	if err := os.WriteFile(socket, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, p, "web", "not all could be asked: dial unix "+socket+": connect: connection refused")
}

func TestAnotherUserIsToldWhy(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	// The directory above is root's alone, as those of engines are.
	p := running.Places{Docker: filepath.Join(dir, "socket"), Containerd: []string{dir}, Podman: []string{dir}, Runtimes: []string{dir}}
	asNobody(t, func() {
		e := fails(t, p, "web", "open "+dir+": permission denied")
		if !strings.Contains(e.Hint, "as root") {
			t.Errorf("hint %q", e.Hint)
		}
	})
}

// asNobody runs a function on a thread of another user's, which ends with it.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		goruntime.LockOSThread() // and not unlocked: the thread is not used again
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, 65534, 65534, 65534); errno != 0 {
			done <- errno
			return
		}
		f()
		done <- nil
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
