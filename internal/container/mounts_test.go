package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const tmpfsAttrs = unix.MOUNT_ATTR_NOEXEC | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV

func TestAMemoryFileSystem(t *testing.T) {
	t.Run("has the mode of the directory that it covers, unless told otherwise", func(t *testing.T) {
		needIDs(t, "1000")
		dir := image(t)
		write(t, dir, "covered/f", "of the image")
		if err := os.Chmod(filepath.Join(dir, "covered"), 0o750|os.ModeSticky); err != nil {
			t.Fatal(err)
		}
		s := over(t, dir, "sh", "-c", "stat -c '%n %a %u' /covered /told /new/deep; ls /covered; echo x > /new/deep/f && cat /new/deep/f")
		s.Tmpfs = []Tmpfs{
			{Target: "/covered", Attrs: tmpfsAttrs},
			{Target: "/told", Attrs: tmpfsAttrs, Options: []string{"mode=700", "uid=1000"}},
			{Target: "/new/deep", Attrs: tmpfsAttrs},
		}
		equal(t, "output", output(t, s), "/covered 1750 0\n/told 700 1000\n/new/deep 1777 0\nx\n")
	})
	t.Run("is reached through a link of the image, and never outside of it", func(t *testing.T) {
		dir := image(t)
		if err := os.MkdirAll(filepath.Join(dir, "run"), 0o755); err != nil {
			t.Fatal(err)
		}
		for link, target := range map[string]string{"linked": "/run", "up": "../../../../tmp/weir-escaped"} {
			if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
		}
		s := over(t, dir, "sh", "-c", "grep -c ' /run tmpfs' /proc/mounts; grep -c ' /tmp/weir-escaped tmpfs' /proc/mounts")
		s.Tmpfs = []Tmpfs{{Target: "/linked", Attrs: tmpfsAttrs}, {Target: "/up", Attrs: tmpfsAttrs}}
		equal(t, "output", output(t, s), "1\n1\n")
		if _, err := os.Lstat("/tmp/weir-escaped"); err == nil {
			t.Error("a directory of the host was made")
		}
	})
	t.Run("takes the place of a mount of the container's", func(t *testing.T) {
		s := shell(t, "grep /dev/shm /proc/mounts")
		s.Tmpfs = []Tmpfs{{Target: "/dev/shm", Attrs: tmpfsAttrs, Options: []string{"size=1m"}}}
		equal(t, "output", asRoot(output(t, s)), "tmpfs /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k 0 0\n")
	})
	t.Run("in the place of /dev has the nodes all the same", func(t *testing.T) {
		s := shell(t, "echo gone > /dev/null; ls /dev/null /dev/fd/0; grep ' /dev tmpfs' /proc/mounts")
		s.Tmpfs = []Tmpfs{{Target: "/dev", Attrs: tmpfsAttrs}}
		equal(t, "output", asRoot(output(t, s)), "/dev/fd/0\n/dev/null\ntmpfs /dev tmpfs rw,nosuid,nodev,noexec,relatime 0 0\n")
	})
	t.Run("has no devices, whoever asks", func(t *testing.T) {
		s := shell(t, "true")
		s.Tmpfs = []Tmpfs{{Target: "/x"}}
		wantError(t, run(t, s), CodeSetup, "tmpfs /x: devices on it would be out of control")
	})
	t.Run("with an option that the kernel does not take is an error that names it", func(t *testing.T) {
		s := shell(t, "true")
		s.Tmpfs = []Tmpfs{{Target: "/x", Attrs: tmpfsAttrs, Options: []string{"size=1q"}}}
		wantError(t, run(t, s), CodeSetup, "mount tmpfs at /x: option size=1q: invalid argument")
	})
}

func TestTwoMountsAtOnePlaceAreAnError(t *testing.T) {
	s := shell(t, "true")
	s.Volumes = []Mount{{Source: "/etc", Target: "/x"}}
	s.Tmpfs = []Tmpfs{{Target: "/x/", Attrs: tmpfsAttrs}}
	wantError(t, run(t, s), CodeSetup, "duplicate mount point /x")
}

func TestLimitsAreSetForTheProgram(t *testing.T) {
	limits := []Rlimit{
		{"nofile", unix.RLIMIT_NOFILE, 4, 5}, // fewer than weir-init has open
		{"core", unix.RLIMIT_CORE, 0, 0},
		{"nproc", unix.RLIMIT_NPROC, 3000, 3000}, // of all that user 1000 has on the machine
		{"fsize", unix.RLIMIT_FSIZE, 1 << 20, 1 << 20},
	}
	for _, user := range []string{"", "alice"} {
		s := over(t, image(t), "/bin/cat", "/proc/self/limits")
		if user != "" && one(t) {
			continue
		}
		s.User, s.Rlimits = user, limits
		var got []string
		for line := range strings.Lines(output(t, s)) {
			for _, name := range []string{"Max open files", "Max core file size", "Max processes", "Max file size"} {
				if strings.HasPrefix(line, name) {
					got = append(got, strings.Join(strings.Fields(line), " "))
				}
			}
		}
		equal(t, "limits", strings.Join(got, "\n"), "Max file size 1048576 1048576 bytes\nMax core file size 0 0 bytes\nMax processes 3000 3000 processes\nMax open files 4 5 files")
	}
}

func TestALimitThatMayNotBeSetIsAnErrorThatNamesIt(t *testing.T) {
	s := shell(t, "true")
	s.Rlimits = []Rlimit{{"nofile", unix.RLIMIT_NOFILE, 1 << 40, 1 << 40}} // more than fs.nr_open
	wantError(t, run(t, s), CodeSetup, "set the limit nofile: operation not permitted")
}

func TestTheHostsRoot(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "mark", "of the host\n")
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Run("is a volume as any other directory", func(t *testing.T) {
		s := shell(t, "cat /host"+dir+"/mark; ls -d /host/upper /host/root/root")
		s.Volumes = []Mount{{Source: "/", Target: "/host", ReadOnly: true}}
		r := run(t, s)
		if r.err != nil || r.out != "of the host\n" {
			t.Errorf("%+v", r)
		}
	})
	t.Run("may be the container's", func(t *testing.T) {
		s := shell(t, "cat "+dir+"/mark")
		s.Layers, s.Upper, s.Work, s.Rootfs = nil, "", "", "/"
		equal(t, "output", output(t, s), "of the host\n")
	})
}

// No device works in a volume, so the usual ones are bound over those of /dev.
func TestTheHostsDevAsAVolume(t *testing.T) {
	places, err := os.ReadDir("/dev")
	if err != nil {
		t.Fatal(err)
	}
	s := shell(t, "echo gone > /dev/null; head -c 4 /dev/urandom | wc -c; cat; echo x > /dev/kmsg")
	s.Volumes = []Mount{{Source: "/dev", Target: "/dev"}}
	r := run(t, s)
	if r.err != nil || r.out != "4\n" || !strings.Contains(r.errOut, "/dev/kmsg: Permission denied") {
		t.Errorf("%+v", r)
	}
	if left, err := os.ReadDir("/dev"); err != nil || len(left) != len(places) {
		t.Errorf("/dev of the host had %d entries, and has %d, %v", len(places), len(left), err)
	}
}
