package container

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

// These are compared with what Docker 20.10 showed with --network none.

func TestTheMountsAreDockers(t *testing.T) {
	got := output(t, shell(t, "cat /proc/self/mounts"))
	got = regexp.MustCompile(`(?m)^(overlay / overlay) .*$`).ReplaceAllString(got, "$1 OPTIONS 0 0")
	// What a kernel does not have is neither masked nor made read-only; these are had by this one or that.
	got = regexp.MustCompile(`(?m)^\S+ (/proc/(acpi|asound|kcore|keys|latency_stats|sched_debug|scsi|timer_list|timer_stats|interrupts)|/sys/devices/\S+) (dev)?tmpfs .*\n`).ReplaceAllString(got, "")
	got = strings.Replace(got, "proc /proc/sysrq-trigger proc ro,nosuid,nodev,noexec,relatime 0 0\n", "", 1)
	// Kernels differ in their order. What lies over what is told by the rest.
	equal(t, "mounts", sortedLines(asRoot(got)), sortedLines(`overlay / overlay OPTIONS 0 0
weir /etc/resolv.conf tmpfs rw,relatime,mode=700 0 0
weir /etc/hostname tmpfs rw,relatime,mode=700 0 0
weir /etc/hosts tmpfs rw,relatime,mode=700 0 0
weir /dev/null tmpfs rw,relatime,mode=700 0 0
weir /dev/zero tmpfs rw,relatime,mode=700 0 0
weir /dev/full tmpfs rw,relatime,mode=700 0 0
weir /dev/random tmpfs rw,relatime,mode=700 0 0
weir /dev/urandom tmpfs rw,relatime,mode=700 0 0
weir /dev/tty tmpfs rw,relatime,mode=700 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
tmpfs /dev tmpfs rw,nosuid,nodev,size=65536k,mode=755 0 0
sysfs /sys sysfs ro,nosuid,nodev,noexec,relatime 0 0
devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666 0 0
mqueue /dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime 0 0
shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k 0 0
tmpfs /sys/fs/cgroup tmpfs ro,nosuid,nodev,noexec,relatime,mode=755 0 0
proc /proc/bus proc ro,nosuid,nodev,noexec,relatime 0 0
proc /proc/fs proc ro,nosuid,nodev,noexec,relatime 0 0
proc /proc/irq proc ro,nosuid,nodev,noexec,relatime 0 0
proc /proc/sys proc ro,nosuid,nodev,noexec,relatime 0 0
tmpfs /sys/firmware tmpfs ro,relatime 0 0
`))
}

func sortedLines(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func TestDevHasDockersNodesAndLinks(t *testing.T) {
	got := output(t, shell(t, `cd /dev; for f in *; do
		if [ -L $f ]; then echo "$f -> $(readlink $f)"; else stat -c '%n %A %u:%g %t:%T' $f; fi
	done`))
	got = strings.Replace(got, "core -> /proc/kcore\n", "", 1) // where the kernel has it
	equal(t, "/dev", asRoot(got), `fd -> /proc/self/fd
full crw-rw-rw- 0:0 1:7
mqueue drwxrwxrwt 0:0 0:0
null crw-rw-rw- 0:0 1:3
ptmx -> pts/ptmx
pts drwxr-xr-x 0:0 0:0
random crw-rw-rw- 0:0 1:8
shm drwxrwxrwt 0:0 0:0
stderr -> /proc/self/fd/2
stdin -> /proc/self/fd/0
stdout -> /proc/self/fd/1
tty crw-rw-rw- 0:0 5:0
urandom crw-rw-rw- 0:0 1:9
zero crw-rw-rw- 0:0 1:5
`)
}

func TestTheNodesOfDevWork(t *testing.T) {
	equal(t, "output", output(t, shell(t, `
		echo gone > /dev/null; cat /dev/null
		head -c 3 /dev/zero | wc -c
		head -c 5 /dev/urandom | wc -c
		echo x > /dev/full || echo full
		echo shared > /dev/shm/f; cat /dev/shm/f
		echo through > /dev/stdout
	`)), "3\n5\nfull\nshared\nthrough\n")
}

func TestWhatIsMaskedIsEmptyAndWhatIsReadonlyCannotBeWritten(t *testing.T) {
	equal(t, "output", output(t, shell(t, `
		for f in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do
			[ ! -e $f ] || head -c 1 $f 2>/dev/null | wc -c
		done | sort -u
		for d in /proc/acpi /proc/scsi /sys/firmware; do [ ! -e $d ] || ls $d; done
		for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/irq/default_smp_affinity /sys/kernel/mm/ksm/run; do
			[ ! -e $f ] || (echo 1 > $f) 2>/dev/null && [ -e $f ] && echo wrote $f
		done
		mount -o remount,rw /proc/sys 2>/dev/null && echo remounted
		umount /proc/keys 2>/dev/null && echo unmounted
		true
	`)), "0\n")
}

func TestTheStatusOfAProcessIsDockers(t *testing.T) {
	const script = `grep -E '^(Umask|Uid|Gid|Groups|NSpid|Sig|Cap|NoNewPrivs|Seccomp|Threads)' /proc/self/status | grep -v SigQ; grep NSpid /proc/1/status; pwd; umask`
	signals := "SigPnd:\t0000000000000000\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n"
	caps := func(eff string) string {
		return "CapInh:\t0000000000000000\nCapPrm:\t" + eff + "\nCapEff:\t" + eff + "\nCapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\n"
	}
	for _, c := range []struct {
		name, user, ids, caps string
		nnp, filter           bool
	}{
		{"root", "", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0 10 \n", caps("00000000a80425fb"), false, true},
		{"root, with no-new-privileges", "0", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0 10 \n", caps("00000000a80425fb"), true, true},
		{"root, unconfined", "root", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0 10 \n", caps("00000000a80425fb"), false, false},
		{"a user", "alice", "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t10 29 1000 \n", caps("0000000000000000"), false, true},
		{"a user, with no-new-privileges", "1000", "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t10 29 1000 \n", caps("0000000000000000"), true, true},
		{"a user, unconfined", "1000", "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t10 29 1000 \n", caps("0000000000000000"), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			needIDs(t, c.user)
			if one(t) {
				c.ids = strings.Replace(c.ids, "0 10 ", " ", 1) // no groups are set, and the caller has none
			}
			s := shell(t, script)
			s.User, s.NoNewPrivs = c.user, c.nnp
			tail := "NoNewPrivs:\t0\n"
			if c.nnp {
				tail = "NoNewPrivs:\t1\n"
			}
			if c.filter {
				s.Program = only(seccomp.ActAllow.Return())
				tail += "Seccomp:\t2\nSeccomp_filters:\t1\n"
			} else {
				tail += "Seccomp:\t0\nSeccomp_filters:\t0\n"
			}
			got := output(t, s)
			got = regexp.MustCompile(`NSpid:\t\d+\n`).ReplaceAllString(got, "NSpid:\tN\n")
			equal(t, "status", got, "Umask:\t0022\n"+c.ids+"NSpid:\tN\nThreads:\t1\n"+signals+c.caps+tail+"NSpid:\tN\n/\n0022\n")
		})
	}
}

func TestTheEnvironmentIsDockersAndNothingOfTheCallers(t *testing.T) {
	t.Setenv("SECRET", "of the caller")
	for _, c := range []struct {
		name, user string
		env        []string
		want       string
	}{
		{"of root", "", nil, "HOME=/root HOSTNAME=box PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"of a user", "alice", nil, "HOME=/home/alice HOSTNAME=box PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"of a user that is not known", "4321", nil, "HOME=/ HOSTNAME=box PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"the given replaces", "", []string{"PATH=/bin", "A=1", "HOME=/h", "A=2", "HOSTNAME"}, "A=2 HOME=/h PATH=/bin"},
		{"an empty HOME is none", "", []string{"PATH=/bin", "HOME=", "HOSTNAME"}, "HOME=/root PATH=/bin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			needIDs(t, c.user)
			s := over(t, image(t), "/bin/env")
			s.User, s.Env, s.Hostname = c.user, c.env, "box"
			got := strings.Split(strings.TrimSpace(output(t, s)), "\n")
			slices.Sort(got)
			equal(t, "environment", strings.Join(got, " "), c.want)
		})
	}
}

func TestTheHostnameAndTheFilesOfEtc(t *testing.T) {
	t.Run("a name is made up, of 12 hexadecimal digits", func(t *testing.T) {
		got := output(t, shell(t, "hostname; cat /etc/hostname; echo $HOSTNAME"))
		if !regexp.MustCompile(`^([0-9a-f]{12})\n$`).MatchString(got[:13]) || got != strings.Repeat(got[:13], 3) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("hosts has loopback alone, resolv.conf is the host's, and both can be written", func(t *testing.T) {
		resolv, _ := os.ReadFile("/etc/resolv.conf")
		got := output(t, shell(t, "cat /etc/hosts /etc/resolv.conf; echo x >> /etc/hosts; tail -n 1 /etc/hosts"))
		equal(t, "files", got, loopbackHosts+string(resolv)+"x\n")
	})
	t.Run("with the host's network the host's name and files", func(t *testing.T) {
		hosts, _ := os.ReadFile("/etc/hosts")
		name, _ := os.Hostname()
		s := shell(t, "hostname; cat /etc/hosts; readlink /proc/self/ns/net")
		s.HostNetwork = true
		ns, err := os.Readlink("/proc/self/ns/net")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "output", output(t, s), name+"\n"+string(hosts)+ns+"\n")
	})
}

func TestTheNamespacesAreItsOwn(t *testing.T) {
	got := output(t, shell(t, "for n in cgroup ipc mnt net pid uts; do readlink /proc/self/ns/$n; done; ip -o link | wc -l; ip addr show lo | grep -c 127.0.0.1; cat /proc/sys/net/ipv4/ip_unprivileged_port_start"))
	lines := strings.Split(got, "\n")
	for i, n := range strings.Fields("cgroup ipc mnt net pid uts") {
		host, err := os.Readlink("/proc/self/ns/" + n)
		if err != nil {
			t.Fatal(err)
		}
		if lines[i] == host {
			t.Errorf("the %s namespace is the host's", n)
		}
	}
	equal(t, "network", strings.Join(lines[6:], "\n"), "1\n1\n0\n")
}

func TestTheWorkingDirectoryIsMadeIfMissing(t *testing.T) {
	needIDs(t, "alice")
	s := over(t, image(t), "sh", "-c", "pwd; stat -c %A:%u /srv/a/b")
	s.Cwd, s.User = "/srv/a/b/", "alice"
	s.ReadonlyRootfs = true
	equal(t, "output", output(t, s), "/srv/a/b\ndrwxr-xr-x:0\n")
}

func TestTheWorkingDirectoryIsNoWayBeneathAMask(t *testing.T) {
	s := shell(t, "ls")
	s.Cwd = "/sys/firmware"
	equal(t, "what is in it", output(t, s), "")
}

func TestVolumesAndReadonlyRoots(t *testing.T) {
	volume := t.TempDir()
	write(t, volume, "f", "of the host\n")
	t.Run("a volume is bound, and made where it is missing", func(t *testing.T) {
		s := shell(t, "cat /new/place/f; echo changed > /new/place/g; cat /single")
		s.Volumes = []Mount{{Source: volume, Target: "/new/place"}, {Source: filepath.Join(volume, "f"), Target: "/single"}}
		equal(t, "output", output(t, s), "of the host\nof the host\n")
		if b, _ := os.ReadFile(filepath.Join(volume, "g")); string(b) != "changed\n" {
			t.Errorf("the host sees %q", b)
		}
	})
	t.Run("a read-only one cannot be written", func(t *testing.T) {
		s := shell(t, "(echo no > /v/f) 2>&1; (echo no > /etc/hosts) 2>&1")
		s.Volumes = []Mount{{Source: volume, Target: "/v", ReadOnly: true}, {Source: filepath.Join(volume, "f"), Target: "/etc/hosts", ReadOnly: true}}
		r := run(t, s)
		equal(t, "output", r.out, "sh: can't create /v/f: Read-only file system\nsh: can't create /etc/hosts: Read-only file system\n")
	})
	t.Run("one over a mount of the container's takes its place", func(t *testing.T) {
		s := shell(t, "cat /dev/shm/f; grep -c /dev/shm /proc/self/mounts")
		s.Volumes = []Mount{{Source: volume, Target: "/dev/shm/"}}
		equal(t, "output", output(t, s), "of the host\n1\n")
	})
	t.Run("a read-only root", func(t *testing.T) {
		s := shell(t, "(echo no > /f) 2>&1; (echo no > /etc/hosts) 2>&1; echo yes > /dev/shm/f; cat /dev/shm/f")
		s.ReadonlyRootfs = true
		equal(t, "output", output(t, s), "sh: can't create /f: Read-only file system\nsh: can't create /etc/hosts: Read-only file system\nyes\n")
	})
	t.Run("a directory as the root is written to", func(t *testing.T) {
		dir := image(t)
		s := over(t, dir, "sh", "-c", "echo here > /f")
		s.Layers, s.Upper, s.Work, s.Rootfs = nil, "", "", dir
		output(t, s)
		if b, _ := os.ReadFile(filepath.Join(dir, "f")); string(b) != "here\n" {
			t.Errorf("the host sees %q", b)
		}
	})
	t.Run("upper layers hide lower ones, five hundred of them", func(t *testing.T) {
		s := shell(t, "cat /which; ls / | grep -c layer")
		for i := range 450 {
			dir := filepath.Join(t.TempDir(), "a:name,with\\signs")
			write(t, dir, "which", "the last\n")
			if i != 449 {
				write(t, dir, "which", "another\n")
			}
			if i%10 == 0 {
				write(t, dir, "layer"+string(rune('a'+i/10)), "")
			}
			s.Layers = append(s.Layers, dir)
		}
		equal(t, "output", output(t, s), "the last\n45\n")
	})
}

func TestPrivilegedHasDevicesAndMasksNothing(t *testing.T) {
	s := shell(t, `
		grep -c 'ro,' /proc/self/mounts
		echo 1 > /proc/sys/net/ipv4/ip_forward && echo written
		stat -c %t:%T /dev/null
		ls /dev | wc -l
	`)
	s.Privileged = true
	var err error
	if s.Caps, err = Grantable(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(output(t, s), "\n")
	equal(t, "output", strings.Join(lines[:3], "\n"), "1\nwritten\n1:3") // 1: /sys/fs/cgroup
	if len(lines[3]) < 2 {
		t.Errorf("%s entries in /dev", lines[3])
	}
}
