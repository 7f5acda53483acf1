package container

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
	"golang.org/x/sys/unix"
)

// hostSetting reads a setting of the host that a container must not change.
func hostSetting(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// devVolume is a directory to mount as a container's /dev, with what it needs there.
func devVolume(t *testing.T) string {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root)
	dir := t.TempDir()
	for _, name := range []string{"pts", "shm", "mqueue"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func makeNull(dir string) error {
	return unix.Mknod(filepath.Join(dir, "null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3)))
}

func nullInput(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// What is hidden is hidden under /dev/null. If the image or a volume has something
// else by that name, a launcher that binds it hands out that instead: a file of
// the host's to write to, or nothing hidden at all (CVE-2025-31133).
func TestWhatIsCalledNullMustBeTheNullDevice(t *testing.T) {
	pattern := hostSetting(t, "/proc/sys/kernel/core_pattern")
	for name, plant := range map[string]func(dir, outside string) error{
		"a link to a file of the host":   func(dir, outside string) error { return os.Symlink(outside+"/canary", dir+"/null") },
		"a link to core_pattern":         func(dir, _ string) error { return os.Symlink("/proc/sys/kernel/core_pattern", dir+"/null") },
		"a link to what is to be hidden": func(dir, _ string) error { return os.Symlink("/proc/kcore", dir+"/null") },
		"a file":                         func(dir, _ string) error { return os.WriteFile(dir+"/null", []byte("x"), 0o666) },
		"another device":                 func(dir, _ string) error { return unix.Mknod(dir+"/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))) },
		"nothing":                        func(string, string) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			o, dev := newOutside(t), devVolume(t)
			if err := plant(dev, o.dir); err != nil {
				t.Fatal(err)
			}
			s := shell(t, "echo started")
			s.Volumes = []Mount{{Source: dev, Target: "/dev"}}
			s.Stdin = nullInput(t)
			if r := run(t, s); r.err == nil || strings.Contains(r.out, "started") {
				t.Errorf("%+v", r)
			}
			o.untouched()
		})
	}
	t.Run("of an image it counts for nothing, since /dev is mounted over it", func(t *testing.T) {
		o, dir := newOutside(t), image(t)
		replace(t, dir, "dev/null", o.dir+"/canary")
		replace(t, dir, "dev/console", o.dir+"/canary")
		equal(t, "hidden", output(t, over(t, dir, "sh", "-c", "echo x > /dev/null; cat /proc/keys /proc/timer_list; stat -c %t:%T /dev/null")), "1:3\n")
		o.untouched()
	})
	if hostSetting(t, "/proc/sys/kernel/core_pattern") != pattern {
		t.Error("core_pattern of the host was changed")
	}
}

// While one container swaps what is called null in a volume that is its /dev, others
// start with it.
func TestARaceAtTheNullDeviceHidesAllTheSame(t *testing.T) {
	o, dev := newOutside(t), devVolume(t)
	if err := makeNull(dev); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dev, "link")
	if err := os.Symlink(o.dir+"/canary", link); err != nil {
		t.Fatal(err)
	}
	stop, swapped := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { swapped <- n }()
		for {
			select {
			case <-stop:
				return
			default:
				unix.Renameat2(unix.AT_FDCWD, link, unix.AT_FDCWD, filepath.Join(dev, "null"), unix.RENAME_EXCHANGE)
				n++
				time.Sleep(time.Millisecond)
			}
		}
	}()
	dir := image(t)
	started, refused := 0, 0
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		s := over(t, dir, "sh", "-c", "cat /proc/keys; echo x > /proc/keys; stat -c %t:%T /proc/keys")
		s.Volumes = []Mount{{Source: dev, Target: "/dev"}}
		s.Stdin = nullInput(t) // or its own would be opened, on a volume that has no devices
		if r := run(t, s); r.err != nil {
			refused++
		} else if started++; r.out != "1:3\n" {
			t.Fatalf("not hidden: %q %q", r.out, r.errOut)
		}
		o.untouched()
	}
	close(stop)
	t.Logf("%d started, %d were refused, %d swaps", started, refused, <-swapped)
}

// The terminal is bound to /dev/console: where a volume has a link by that name, a
// launcher that follows it mounts on something else (CVE-2025-52565).
func TestALinkAtTheConsoleIsRefused(t *testing.T) {
	o, dev := newOutside(t), devVolume(t)
	if err := makeNull(dev); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/proc/sys/kernel/core_pattern", filepath.Join(dev, "console")); err != nil {
		t.Fatal(err)
	}
	s := shell(t, "true")
	s.TTY = true
	s.Volumes = []Mount{{Source: dev, Target: "/dev"}}
	wantError(t, run(t, s), CodeSetup, "bind /dev/console: the image has a symbolic link there")
	o.untouched()
}

// A volume inside of /proc could make of a write to /proc/self/attr, or to a sysctl,
// a write to something else (CVE-2019-19921, CVE-2023-27561, CVE-2025-52881).
func TestNoVolumeIsMountedInsideProc(t *testing.T) {
	volume := t.TempDir()
	write(t, volume, "v", "volume\n")
	for _, target := range []string{"/link/sys", "/link/self/attr", "/link/1", "/link"} {
		t.Run(target, func(t *testing.T) {
			dir := image(t)
			replace(t, dir, "link", "/proc")
			s := over(t, dir, "sh", "-c", "echo started")
			s.Volumes = []Mount{{Source: volume, Target: target}}
			wantError(t, run(t, s), CodeSetup, "nothing can be mounted inside /proc")
		})
	}
}

// What a container's root could turn the host's kernel with.
func TestTheSwitchesOfTheKernelCannotBeWritten(t *testing.T) {
	paths := []string{
		"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug", "/proc/sys/vm/overcommit_memory",
		"/proc/sys/fs/suid_dumpable", "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity", "/proc/keys",
		"/sys/kernel/uevent_helper", "/sys/kernel/mm/ksm/run", "/sys/power/state", "/sys/kernel/profiling", "/sys/block/vda/uevent",
	}
	before := hostSetting(t, "/proc/sys/kernel/core_pattern")
	got := output(t, shell(t, `
		for f in `+strings.Join(paths, " ")+`; do
			[ -e $f ] && (echo 0 > $f) 2>/dev/null && echo wrote $f
		done
		for m in /proc/sys /proc/sysrq-trigger /sys /proc/irq; do
			mount -o remount,rw $m 2>/dev/null && echo remounted $m
			umount $m 2>/dev/null && echo unmounted $m
		done
		mount -t proc proc /tmp 2>/dev/null && echo a new proc
		mount -t sysfs sysfs /tmp 2>/dev/null && echo a new sysfs
		true`))
	// What is hidden by /dev/null takes what is written to it.
	equal(t, "what could be done", got, "wrote /proc/keys\n")
	if after := hostSetting(t, "/proc/sys/kernel/core_pattern"); after != before {
		t.Errorf("core_pattern was %q, is %q", before, after)
	}
}

// Without a filter a program can make a user namespace and be root in it. The kernel
// gives it no new proc and sysfs there, as long as something of the old is hidden.
func TestAUserNamespaceDoesNotUncoverWhatIsHidden(t *testing.T) {
	dir := image(t)
	if err := os.Symlink("busybox", filepath.Join(dir, "bin/unshare")); err != nil {
		t.Fatal(err)
	}
	got := output(t, over(t, dir, "sh", "-c", `unshare -Urmpf sh -c '
		echo root of a namespace
		mount -t proc proc /tmp 2>/dev/null && echo a new proc
		mount -t sysfs sysfs /tmp 2>/dev/null && echo a new sysfs
		umount /proc/keys 2>/dev/null && echo uncovered
		mount -o remount,rw /proc/sys 2>/dev/null && echo remounted
		true'`))
	equal(t, "what could be done", got, "root of a namespace\n")
}

func TestASetuidProgramOfALayerGivesNothingUnderNoNewPrivileges(t *testing.T) {
	needIDs(t, "1000")
	dir := image(t)
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "setuid", string(self))
	if err := os.Chmod(filepath.Join(dir, "setuid"), 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	for _, nnp := range []bool{false, true} {
		s := over(t, dir, "/setuid")
		s.User, s.NoNewPrivs, s.Env = "1000", nnp, []string{insideEnv + "=euid"}
		want := "0\n" // as in Docker
		if nnp {
			want = "1000\n"
		}
		equal(t, fmt.Sprint("no new privileges ", nnp), output(t, s), want)
	}
}

// A program that makes processes without end is over when its container is.
func TestAForkBombEndsWithItsContainer(t *testing.T) {
	needIDs(t, "4711")
	mark := fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano())
	s := shell(t, "for i in 1 2 3 4 5 6 7 8; do (while true; do sleep 1000 & done) & done; sleep 0.3; # "+mark)
	s.Rlimits = []Rlimit{{Name: "nproc", Resource: unix.RLIMIT_NPROC, Soft: 300, Hard: 300}}
	s.User = "4711" // whose processes are counted
	run(t, s)
	if left := alive(t, mark); len(left) > 0 {
		t.Errorf("%d processes are left", len(left))
	}
	if out, _ := exec.Command("pgrep", "-u", "4711").Output(); len(out) > 0 {
		t.Errorf("processes of the container's user are left: %s", out)
	}
}
