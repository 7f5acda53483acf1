package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
)

// comparisons are the command lines that both get, behind "run --rm"; DIR is a
// directory of the host.
var comparisons = []struct{ name, flags string }{
	{"plain", "--network none reveal /reveal"},
	{"user", "--network none -u 1000 reveal /reveal"},
	{"input", "--network none -i reveal /reveal"},
	{"terminal", "--network none -t reveal /reveal"},
	{"init", "--network none --init reveal /reveal"},
	{"host's network", "--network host reveal /reveal"},
	{"image's settings", "--network none configured"},
	{"flags", "--network none -u user:extra --group-add 4321 -h box -w /made/here -e A=1 -e PATH=/bin --read-only --shm-size 1m" +
		" --tmpfs /run --tmpfs /t:size=1m,exec,mode=700 --ulimit nofile=100:200 --ulimit core=0 --cap-drop ALL --cap-add CHOWN" +
		" --security-opt no-new-privileges -v DIR:/data:ro --mount type=bind,src=DIR,dst=/m" +
		" --mount type=tmpfs,dst=/mt,tmpfs-size=2m,tmpfs-mode=1770 reveal /reveal"},
	{"limits", "--network none -m 64m --cpus 0.5 --pids-limit 50 reveal /reveal"},
}

func TestAContainerIsDockersPointByPoint(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("busybox"), kerneltest.Tool("dockerd"), kerneltest.Tool("docker"))
	if version := command(t, "dockerd", "--version"); !strings.Contains(version, " "+dockerVersion) {
		if os.Getenv("WEIR_TEST_MUST_RUN") == "1" {
			t.Fatalf("the page is about Docker %s, and this is %s", dockerVersion, version)
		}
		t.Skipf("the page is about Docker %s, and this is %s", dockerVersion, version)
	}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		t.Skip("the page is about a host with cgroup v1, and this one has v2 alone")
	}
	dir := t.TempDir()
	image := filepath.Join(dir, "image")
	revealImage(t, image)
	data := filepath.Join(dir, "a directory of the host's")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WEIR_ROOT", filepath.Join(dir, "store"))
	docker := startDocker(t, filepath.Join(dir, "docker"))

	tar := filepath.Join(dir, "image.tar")
	command(t, "tar", "-C", image, "-cf", tar, ".")
	docker("import", tar, "reveal")
	docker("import", "-c", "ENV IMAGE=its PATH=/bin:/usr/bin", "-c", "WORKDIR /tmp/new", "-c", "USER user", "-c", `ENTRYPOINT ["/bin/sh"]`, "-c", `CMD ["/reveal"]`, tar, "configured")
	docker("save", "-o", filepath.Join(dir, "saved.tar"), "reveal", "configured")
	command(t, "weir", "load", "-i", filepath.Join(dir, "saved.tar"))

	found := &comparison{}
	for _, c := range comparisons {
		args := append([]string{"run", "--rm"}, strings.Fields(c.flags)...)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "DIR", data)
		}
		found.add(c.name, revealed(t, docker(args...), dir), revealed(t, command(t, "weir", args...), dir))
	}
	found.check(t)
}

// revealImage makes a root file system with a program that prints what it finds.
func revealImage(t *testing.T, root string) {
	t.Helper()
	busyboxRoot(t, root)
	for _, name := range strings.Fields("cat sed tr awk stat readlink ls env sort hostname head wc ip tty stty") {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	reveal, err := os.ReadFile("testdata/docker/reveal.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"etc", "tmp", "run"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{
		"reveal":     string(reveal),
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n",
		"etc/group":  "root:x:0:\nuser:x:1000:\nextra:x:1001:user\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
}

// startDocker starts a daemon of the test's own, which leaves the host's network
// alone, and returns a client of it. The daemon ends with the test.
func startDocker(t *testing.T, dir string) func(args ...string) string {
	t.Helper()
	socket := "unix://" + filepath.Join(dir, "socket")
	log := &bytes.Buffer{}
	daemon := exec.Command("dockerd", "--host", socket, "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"), "--bridge=none", "--iptables=false", "--ip-forward=false")
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	t.Cleanup(func() {
		daemon.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			t.Error("dockerd does not end")
			daemon.Process.Kill()
		}
		// What Docker leaves behind.
		syscall.Unmount(filepath.Join(dir, "exec/netns/default"), syscall.MNT_DETACH)
		groups, _ := filepath.Glob("/sys/fs/cgroup/*/docker")
		for _, group := range groups {
			syscall.Rmdir(group)
		}
	})
	for end := time.Now().Add(30 * time.Second); exec.Command("docker", "-H", socket, "version").Run() != nil; time.Sleep(50 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatalf("dockerd has ended:\n%s", log)
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("dockerd does not answer:\n%s", log)
		}
	}
	return func(args ...string) string {
		t.Helper()
		return command(t, "docker", append([]string{"-H", socket}, args...)...)
	}
}

// command runs a command that is to succeed and returns its output.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, &out, &errOut)
	}
	return out.String()
}

// What is another each time, by what it is.
var changing = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`[0-9a-f]{64}`), "ID"},
	{regexp.MustCompile(`lowerdir=[^ ,]*,upperdir=[^ ,]*,workdir=[^ ,]*(,uuid=\w+)?`), "LAYERS"},
	{regexp.MustCompile(`fsync=volatile`), "volatile"}, // kernels name it in two ways
	{regexp.MustCompile(`pipe:\[\d+\]`), "a pipe"},
	{regexp.MustCompile(` master:\d+`), ", slave"},
	{regexp.MustCompile(`(?m)( = )\w+ \S+, (root DIR/[^,]*, [^ ]*, r[ow]).*$`), "${1}host, $2"},
	{regexp.MustCompile(`weir-reaper \d+`), "weir-reaper PID"},
	{regexp.MustCompile(`(?m)^(mount /sbin/docker-init = ).*$`), "${1}a program of the host's, tini"},
	// Of runc's C library, whose own signals are 32 and 33. It is not there each time.
	{regexp.MustCompile(`(?m)^(status SigIgn = 00000000)80000000$`), "${1}00000000"},
	{regexp.MustCompile(`(entries of / = )\.dockerenv `), "$1"}, // it has a line of its own
}

// revealed reads what reveal.sh has printed.
func revealed(t *testing.T, out, dir string) map[string]string {
	t.Helper()
	out = strings.ReplaceAll(out, "\r", "")
	out = strings.ReplaceAll(out, strings.ReplaceAll(dir, " ", `\040`), "DIR")
	for _, c := range changing {
		out = c.pattern.ReplaceAllString(out, c.name)
	}
	if m := regexp.MustCompile(`(?m)^hostname = ([0-9a-f]{12})$`).FindStringSubmatch(out); m != nil {
		out = strings.ReplaceAll(out, m[1], "HOSTNAME")
	}
	var hierarchies []string // of v1, by the host
	mounted, _ := os.ReadDir("/sys/fs/cgroup")
	for _, d := range mounted {
		if d.Name() != "unified" {
			hierarchies = append(hierarchies, d.Name())
		}
	}
	values := map[string]string{}
	for line := range strings.Lines(out) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " = ")
		if !ok {
			t.Fatalf("a line without a name: %q", line)
		}
		switch kind, what, _ := strings.Cut(name, " "); {
		case kind == "namespace":
			if host, _ := os.Readlink("/proc/self/ns/" + what); host == value {
				value = "the host's"
			} else {
				value = "its own"
			}
		case name == "entries of /sys/fs/cgroup" && value == strings.Join(hierarchies, " ")+" ":
			value = "all hierarchies"
		case kind == "cgroup":
			name = "cgroup of each hierarchy"
		case kind == "mount" && strings.HasPrefix(what, "/sys/fs/cgroup/"):
			name = "mount /sys/fs/cgroup/HIERARCHY"
			value = value[:strings.LastIndexByte(value, ',')] + ",HIERARCHY"
		case kind == "mount":
			value = strings.Replace(value, "/"+filepath.Base(what)+",", "/NAME,", 1)
		}
		values[name] = value
	}
	return values
}
