package container

import (
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
	"golang.org/x/sys/unix"
)

// An outside is a directory of the host that no container is to reach: it has a
// canary, and nothing else may appear in it.
type outside struct {
	t   *testing.T
	dir string
}

func newOutside(t *testing.T) outside {
	t.Helper()
	o := outside{t, t.TempDir()}
	write(t, o.dir, "canary", "alive\n")
	return o
}

func (o outside) untouched() {
	o.t.Helper()
	entries, err := os.ReadDir(o.dir)
	if err != nil {
		o.t.Fatal(err)
	}
	canary, _ := os.ReadFile(filepath.Join(o.dir, "canary"))
	if len(entries) != 1 || string(canary) != "alive\n" {
		o.t.Errorf("the host's directory was reached: %v, canary %q", entries, canary)
	}
}

// replace puts a symbolic link into an image in place of what is there.
func replace(t *testing.T, image, name, target string) {
	t.Helper()
	path := filepath.Join(image, name)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// Where the image has a link at a mount point, a launcher that follows it mounts
// on, or makes, something of the host's (CVE-2019-19921, CVE-2021-30465).
func TestLinksAtTheKernelsMountPointsAreRefused(t *testing.T) {
	for _, c := range []struct{ link, target, message string }{
		{"proc", "{}", "mount proc at /proc: the image has a symbolic link there"},
		{"sys", "{}", "mount sysfs at /sys: the image has a symbolic link there"},
		{"dev", "{}", "mount tmpfs at /dev: the image has a symbolic link there"},
		{"proc", "tmp", "mount proc at /proc: the image has a symbolic link there"},
		{"proc", "/proc/self/fd/3", "mount proc at /proc: the image has a symbolic link there"},
		{"dev", "../../../../../..{}", "mount tmpfs at /dev: the image has a symbolic link there"},
	} {
		t.Run(c.link+" to "+c.target, func(t *testing.T) {
			o, dir := newOutside(t), image(t)
			replace(t, dir, c.link, strings.ReplaceAll(c.target, "{}", o.dir))
			wantError(t, run(t, over(t, dir, "true")), CodeSetup, c.message)
			o.untouched()
			s := over(t, dir, "true")
			s.Layers, s.Rootfs = nil, dir
			wantError(t, run(t, s), CodeSetup, c.message)
			o.untouched()
		})
	}
}

func TestAFileAtAMountPointIsAnError(t *testing.T) {
	dir := image(t)
	write(t, dir, "proc", "no directory")
	wantError(t, run(t, over(t, dir, "true")), CodeSetup, "mount proc at /proc: not a directory")
}

// Links at the files of /etc, the working directory and the targets of volumes are
// followed, as in Docker: within the container.
func TestLinksThatAreFollowedStayInside(t *testing.T) {
	volume := t.TempDir()
	write(t, volume, "v", "volume\n")
	for _, up := range []string{"", "../../../../../../.."} {
		for _, target := range []string{"/canary", "/new", "/deep/new"} {
			o := newOutside(t)
			to := up + o.dir + target
			t.Run("/etc/resolv.conf to "+up+target, func(t *testing.T) {
				dir := image(t)
				replace(t, dir, "etc/resolv.conf", to)
				output(t, over(t, dir, "sh", "-c", "echo overwritten > /etc/resolv.conf"))
				o.untouched()
			})
			t.Run("a volume's target to "+up+target, func(t *testing.T) {
				dir := image(t)
				replace(t, dir, "data", to)
				s := over(t, dir, "sh", "-c", "echo more > /data/x/w; cat /data/x/v")
				s.Volumes = []Mount{{Source: volume, Target: "/data/x"}}
				if target != "/canary" { // which is in no image
					equal(t, "output", output(t, s), "volume\n")
				} else {
					run(t, s)
				}
				o.untouched()
			})
			t.Run("the working directory to "+up+target, func(t *testing.T) {
				dir := image(t)
				replace(t, dir, "work", to)
				s := over(t, dir, "sh", "-c", "echo there > file; pwd -P")
				s.Cwd = "/work"
				equal(t, "output", output(t, s), o.dir+target+"\n") // of the container
				o.untouched()
			})
		}
	}
}

// A descriptor of the host's that the launcher has open is not a way to it
// (CVE-2024-21626), under whatever number and name.
func TestLeakedDescriptorsAreOutOfReach(t *testing.T) {
	leak, err := unix.Open("/", unix.O_DIRECTORY, 0) // without O_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leak)
	dir := image(t)
	for fd := range 12 {
		for _, base := range []string{"/proc/self/fd/", "/proc/1/fd/", "/proc/self/task/1/fd/"} {
			path := base + string(rune('0'+fd%10))
			if fd >= 10 {
				path = base + "1" + string(rune('0'+fd-10))
			}
			s := over(t, dir, "sh", "-c", "cd ..; ls -d etc/shadow bin/busybox")
			s.Cwd = path
			if r := run(t, s); r.err == nil {
				t.Errorf("the working directory can be %s: %q", path, r.out)
			}
			if fd > 5 {
				break
			}
		}
	}
	for _, path := range []string{"/proc/self/cwd", "/proc/self/root", "/proc/self/exe"} {
		s := over(t, dir, "true")
		s.Cwd = path
		if r := run(t, s); r.err == nil {
			t.Errorf("the working directory can be %s", path)
		}
	}
	t.Run("nor by a link of the image", func(t *testing.T) {
		dir := image(t)
		replace(t, dir, "work", "/proc/self/fd/3")
		s := over(t, dir, "true")
		s.Cwd = "/work"
		wantError(t, run(t, s), CodeSetup, "make the working directory /work: ")
		replace(t, dir, "etc/hosts", "/proc/self/fd/4")
		wantError(t, run(t, over(t, dir, "true")), CodeSetup, "mount file at /etc/hosts: ")
	})
}

// A launcher whose executable the container reaches can be overwritten by it, for
// the next to run (CVE-2019-5736).
func TestTheLaunchersExecutableCannotBeOverwritten(t *testing.T) {
	binary, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	init := sha256.Sum256(initELF)
	dir := image(t)
	write(t, dir, "entry", "#!/proc/self/exe\n")
	// What runs is what was there before the program, from a sealed memory file, in the container.
	r := run(t, over(t, dir, "/entry"))
	if r.err != nil || r.Status() != 125 || !strings.Contains(r.errOut, "weir-init: not started by weir") {
		t.Errorf("%v %+v", r.err, r)
	}
	if again, _ := os.ReadFile("/proc/self/exe"); sha256.Sum256(again) != sha256.Sum256(binary) || sha256.Sum256(initELF) != init {
		t.Error("the launcher was overwritten")
	}
}

func TestTheMemoryFileOfTheFirstProcessIsSealed(t *testing.T) {
	f, err := openFirst()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("x"), 0); err == nil {
		t.Error("it can be written")
	}
	if err := f.Truncate(0); err == nil {
		t.Error("it can be truncated")
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, 0); err == nil {
		t.Error("its seals can be changed")
	}
	if again, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(int(f.Fd())), os.O_RDWR, 0); err == nil {
		if _, err := again.Write([]byte("x")); err == nil {
			t.Error("it can be opened again and written")
		}
		again.Close()
	}
}

// A container's root may mknod. In Docker the devices cgroup stands behind that.
func TestDevicesThatTheContainerMakesOrBringsAreWorthNothing(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root) // a plain user's container makes none
	dir := image(t)
	if err := unix.Mknod(filepath.Join(dir, "brought"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))); err != nil {
		t.Fatal(err)
	}
	volume := t.TempDir()
	if err := os.Chmod(volume, 0o777); err != nil {
		t.Fatal(err)
	}
	s := over(t, dir, "sh", "-c", `
		head -c 1 /brought 2>&1
		for d in / /tmp /dev /dev/shm /volume /root; do
			mknod $d/node c 1 5 || continue
			head -c 1 $d/node 2>&1
		done
		mount -o remount,dev / 2>/dev/null && echo remounted
		true`)
	s.Volumes = []Mount{{Source: volume, Target: "/volume"}}
	got := output(t, s)
	for line := range strings.Lines(got) {
		if !strings.HasSuffix(line, "Permission denied\n") {
			t.Errorf("%q", line)
		}
	}
	if strings.Count(got, "\n") != 7 {
		t.Errorf("not every place was tried:\n%s", got)
	}
}

func TestNothingOfTheHostIsLeftOverTheRoot(t *testing.T) {
	o := newOutside(t)
	got := output(t, shell(t, "cat /../../../.."+o.dir+"/canary; cat /proc/1/root"+o.dir+"/canary; cat /proc/self/cwd/../.."+o.dir+"/canary; ls /.. | sort | head -n 1; grep -c . /proc/self/mountinfo; true"))
	if strings.Contains(got, "alive") || !strings.HasPrefix(got, "bin\n") {
		t.Errorf("got %q", got)
	}
}

func TestTheCallersKeysAreNotTheContainers(t *testing.T) {
	runtime.LockOSThread() // which has the keyring, and is not given back
	_, err := unix.KeyctlJoinSessionKeyring("weir-test-session")
	if err == unix.ENOSYS {
		t.Skip("this kernel has no keyrings")
	}
	if err != nil {
		t.Fatal(err)
	}
	key, err := unix.AddKey("user", "weir-test-key", []byte("secret"), unix.KEY_SPEC_SESSION_KEYRING)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.KeyctlInt(unix.KEYCTL_INVALIDATE, key, 0, 0, 0)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Without a container the key is there.
	cmd := exec.Command(self)
	cmd.Env = []string{insideEnv + "=keyring"}
	if out, err := cmd.Output(); err != nil || string(out) != "found <nil>\n" {
		t.Fatalf("%v %q", err, out)
	}
	s := over(t, image(t), "/self")
	s.Volumes = []Mount{{Source: self, Target: "/self", ReadOnly: true}}
	s.Env = []string{insideEnv + "=keyring"}
	equal(t, "key", output(t, s), "found required key not available\n")
}

// While one container swaps a directory of a shared volume for a link, others are
// started whose volume's target lies there (CVE-2021-30465).
func TestARaceAtAVolumesTargetStaysInside(t *testing.T) {
	o, shared := newOutside(t), t.TempDir()
	if err := os.Mkdir(filepath.Join(shared, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	swapped := make(chan struct{})
	go func() {
		defer close(swapped)
		target := filepath.Join(shared, "target")
		for {
			select {
			case <-stop:
				return
			default:
			}
			os.Symlink(o.dir, target)
			os.Remove(target)
			os.Mkdir(target, 0o755)
			os.Remove(target)
		}
	}()
	data := t.TempDir()
	dir := image(t)
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
		s := over(t, dir, "sh", "-c", "echo reached > /shared/target/sub/file; true")
		s.Volumes = []Mount{{Source: shared, Target: "/shared"}, {Source: data, Target: "/shared/target/sub"}}
		run(t, s) // it may fail, but not reach out
		o.untouched()
	}
	close(stop)
	<-swapped
}
