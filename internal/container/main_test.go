package container

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	store "github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// initELF is cmd/weir-init, built as the Makefile builds it.
var initELF []byte

// initFile is where that is.
var initFile string

// launchEnv names a file with a launch: the test binary is then a launcher of its
// own, for tests that kill one or put one on a terminal.
const launchEnv = "WEIR_TEST_LAUNCH"

// insideEnv makes the test binary a program of a container; its value says which.
const insideEnv = "WEIR_TEST_INSIDE"

type launch struct {
	Spec  *Spec
	Init  string
	Stdin bool
}

func TestMain(m *testing.M) {
	if path := os.Getenv(launchEnv); path != "" {
		os.Exit(launcher(path))
	}
	if what := os.Getenv(insideEnv); what != "" {
		act(what)
		return
	}
	if os.Args[0] == store.HelperName {
		os.Exit(store.Helper(os.Args[1:]))
	}
	os.Exit(func() int {
		path, remove := os.Getenv(initEnv), func() {}
		if path == "" {
			path, remove = buildInit()
		}
		defer remove()
		var err error
		if initELF, err = os.ReadFile(path); err != nil {
			panic(err)
		}
		initFile = path
		kerneltest.DefaultSignals()
		return m.Run()
	}())
}

// initEnv names weir-init's file, for tests that run again where nothing is built.
const initEnv = "WEIR_TEST_INIT"

func buildInit() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "weir-init")
	if err != nil {
		panic(err)
	}
	path = filepath.Join(dir, "weir-init")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", path, "../../cmd/weir-init")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build weir-init: %v\n%s", err, out))
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		panic(err)
	}
	return path, func() { os.RemoveAll(dir) }
}

// act is what busybox has no program for.
func act(what string) {
	switch what {
	case "cling": // to life, when the launcher dies
		if err := unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0); err != nil {
			fmt.Println(err)
		}
		fmt.Println("started")
		time.Sleep(time.Hour)
	case "leave": // the root, as root with CAP_SYS_CHROOT can where something is above
		os.Mkdir("/lower", 0o755)
		fmt.Println(unix.Chroot("/lower"))
		for range 64 {
			unix.Chdir("..")
		}
		fmt.Println(unix.Chroot("."))
		entries, _ := os.ReadDir("/")
		for _, e := range entries {
			fmt.Println(e.Name())
		}
	case "euid":
		fmt.Println(os.Geteuid())
	case "first thread":
		fromFirstThread()
	case "keyring":
		_, err := unix.KeyctlSearch(unix.KEY_SPEC_SESSION_KEYRING, "user", "weir-test-key", 0)
		fmt.Println("found", err)
	case "push": // characters into whatever terminal there is
		for _, fd := range []int{0, 1, 2} {
			fmt.Println(unix.IoctlSetPointerInt(fd, unix.TIOCSTI, 'x'))
		}
		tty, err := unix.Open("/dev/tty", unix.O_RDWR, 0)
		fmt.Println(err)
		if err == nil {
			fmt.Println(unix.IoctlSetPointerInt(tty, unix.TIOCSTI, 'x'))
		}
	}
}

// launcher does what weir run does.
func launcher(path string) int {
	var l launch
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &l)
	}
	if err == nil {
		b, err = os.ReadFile(l.Init)
	}
	if name := os.Getenv(denyEnv); err == nil && name != "" {
		err = deny(name)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "launcher:", err)
		return 99
	}
	l.Spec.Init = NewInit(b, nil)
	l.Spec.Stdout, l.Spec.Stderr = os.Stdout, os.Stderr
	if l.Stdin {
		l.Spec.Stdin = os.Stdin
	}
	status, err := Run(context.Background(), l.Spec)
	if err != nil {
		fmt.Fprintln(os.Stderr, "launcher:", err)
		return err.(*Error).Code
	}
	return status.Status()
}

// launched returns a command that is a launcher of s in a process of its own.
func launched(t *testing.T, s *Spec, stdin bool) *exec.Cmd {
	t.Helper()
	init := filepath.Join(t.TempDir(), "weir-init")
	if err := os.WriteFile(init, initELF, 0o755); err != nil {
		t.Fatal(err)
	}
	l := launch{s, init, stdin}
	s.Stdout, s.Stderr = nil, nil
	b, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "launch.json")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), launchEnv+"="+path)
	return cmd
}

// image makes a small root file system of busybox.
func image(t *testing.T) string {
	t.Helper()
	kerneltest.Require(t, kerneltest.Containers, kerneltest.Tool("busybox")) // package busybox-static
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "bin/busybox", string(busybox))
	applets := "sh true false cat ls id env mount umount stat readlink grep head tail sleep tty stty kill mknod hostname ip touch ln mkdir dd wc yes pwd echo awk sort nc"
	for _, name := range strings.Fields(applets) {
		if err := os.Symlink("busybox", filepath.Join(dir, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n")
	write(t, dir, "etc/group", "root:x:0:\nalice:x:1000:\nwheel:x:10:root,alice\naudio:x:29:bob,alice\n")
	for _, name := range []string{"root", "home/alice", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "tmp"), 0o1777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// write makes an executable file of an image, and the directories to it.
func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// over returns a container with the layer at dir below a fresh one.
func over(t *testing.T, dir string, args ...string) *Spec {
	t.Helper()
	scratch := scratchLayer(t)
	s := &Spec{
		Init: NewInit(initELF, nil), Layers: []string{dir}, Args: args, Caps: seccomp.DefaultCaps,
		Upper: scratch.Upper, Work: scratch.Work,
	}
	return s
}

// scratchLayer is where a container writes. The store knows how to remove it, whoever
// its files belong to.
func scratchLayer(t *testing.T) *store.Scratch {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	scratch, err := s.NewScratch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := scratch.Close(); err != nil {
			t.Error(err)
		}
	})
	return scratch
}

// shell returns a container of the usual image that runs a script.
func shell(t *testing.T, script string) *Spec {
	t.Helper()
	return over(t, image(t), "sh", "-c", script)
}

// A result is what a container left.
type result struct {
	ExitStatus
	out, errOut string
	err         error
}

// run runs a container to its end.
func run(t *testing.T, s *Spec) result {
	t.Helper()
	return runContext(t, context.Background(), s)
}

func runContext(t *testing.T, ctx context.Context, s *Spec) result {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "out")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	s.Stdout, s.Stderr = files[0], files[1]
	var r result
	r.ExitStatus, r.err = Run(ctx, s)
	out, err := os.ReadFile(files[0].Name())
	if err != nil {
		t.Fatal(err)
	}
	errOut, err := os.ReadFile(files[1].Name())
	if err != nil {
		t.Fatal(err)
	}
	r.out, r.errOut = string(out), string(errOut)
	return r
}

// output runs a container that is to succeed and returns what it wrote.
func output(t *testing.T, s *Spec) string {
	t.Helper()
	r := run(t, s)
	if r.err != nil || r.Status() != 0 {
		t.Fatalf("status %d, error %v\n%s%s", r.Status(), r.err, r.out, r.errOut)
	}
	return r.out
}

// equal compares text line by line.
func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	var diff bytes.Buffer
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		a, b := "", ""
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			fmt.Fprintf(&diff, "line %d: got  %q\n         want %q\n", i+1, a, b)
		}
	}
	t.Errorf("%s:\n%s", what, diff.String())
}
