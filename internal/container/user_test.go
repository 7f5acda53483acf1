package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

func TestTheUserIsLookedUpInTheContainer(t *testing.T) {
	dir := image(t)
	write(t, dir, "etc/passwd", `root:x:0:0:root:/root:/bin/sh
# a comment:x:7:7::/:

broken
bad:x:notanumber:5::/bad:
alice:x:1000:1000::/home/alice:/bin/sh
alice:x:1001:1001::/second:/bin/sh
123:x:77:78::/digits:/bin/sh
`)
	write(t, dir, "etc/group", `root:x:0:
alice:x:1000:
wheel:x:10:root,alice
audio:x:29:bob,alice,root
55:x:66:
nonumber:x:y:alice
`)
	for _, c := range []struct {
		name, user, want, message string
	}{
		{"none is root", "", "0 0 0 10 29 /root", ""},
		{"a name", "alice", "1000 1000 10 29 1000 /home/alice", ""},
		{"a uid that is known", "1000", "1000 1000 10 29 1000 /home/alice", ""},
		{"a uid that is not known has group 0", "4321", "4321 0 0 /", ""},
		{"a uid is a uid even where a name is the same", "123", "123 0 0 /", ""},
		{"a name and a group", "alice:audio", "1000 29 29 /home/alice", ""},
		{"a name and a gid", "alice:4321", "1000 4321 4321 /home/alice", ""},
		{"a uid and a gid", "5:6", "5 6 6 /", ""},
		{"a gid is a gid even where a name is the same", "5:55", "5 55 55 /", ""},
		{"a group alone", ":audio", "0 29 29 /root", ""},
		{"a name that is not there", "nobody", "", "unable to find user nobody: no matching entries in passwd file"},
		{"an entry whose uid is no number is no entry", "bad", "", "unable to find user bad: no matching entries in passwd file"},
		{"a group that is not there", "alice:nogroup", "", "unable to find group nogroup: no matching entries in group file"},
		{"a uid that is too high", "4294967295", "", "uids and gids must be in range 0-2147483647"},
		{"a uid that is far too high", "99999999999999999999", "", "uids and gids must be in range 0-2147483647"},
		{"a negative gid", "0:-1", "", "uids and gids must be in range 0-2147483647"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := over(t, dir, "sh", "-c", `echo $(id -u) $(id -g) $(awk '/^Groups/ {$1=""; print}' /proc/self/status) $HOME`)
			s.User = c.user
			if one(t) && c.message == "" {
				t.Skip("one id is mapped")
			}
			if c.message != "" {
				wantError(t, run(t, s), CodeSetup, c.message)
				return
			}
			equal(t, "ids", output(t, s), c.want+"\n")
		})
	}
}

func TestHostileUserFilesAreHarmless(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(secret, []byte("alice:x:0:0::/:\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		make    func(t *testing.T, path string) error
		message string
	}{
		{"a FIFO", func(t *testing.T, path string) error { return unix.Mkfifo(path, 0o644) }, "not a regular file"},
		{"a directory", func(t *testing.T, path string) error { return os.Mkdir(path, 0o755) }, "not a regular file"},
		{"a device", func(t *testing.T, path string) error {
			kerneltest.Require(t, kerneltest.Root)
			return unix.Mknod(path, unix.S_IFCHR|0o644, int(unix.Mkdev(1, 5)))
		}, "not a regular file"},
		{"a link out of the image", func(t *testing.T, path string) error { return os.Symlink(secret, path) }, "no matching entries in passwd file"},
		{"a link up and out of the image", func(t *testing.T, path string) error { return os.Symlink("../../../../../../.."+secret, path) }, "no matching entries in passwd file"},
		{"a link to itself", func(t *testing.T, path string) error { return os.Symlink("passwd", path) }, "too many levels of symbolic links"},
		{"a link to a descriptor", func(t *testing.T, path string) error { return os.Symlink("/proc/self/fd/3", path) }, ""},
		{"a gigabyte of nothing", func(t *testing.T, path string) error {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				return err
			}
			return os.Truncate(path, 1<<30)
		}, "larger than 16 MiB"},
		{"one long line", func(t *testing.T, path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("alice:", 1<<20)), 0o644)
		}, "no matching entries in passwd file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := image(t)
			path := filepath.Join(dir, "etc/passwd")
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := c.make(t, path); err != nil {
				t.Fatal(err)
			}
			uid := func(user string) result { // of a program that does not read the file itself
				s := over(t, dir, "grep", "-o", "^Uid:.[0-9]*", "/proc/self/status")
				s.User = user
				return run(t, s)
			}
			r := uid("alice")
			wantError(t, r, CodeSetup, "unable to find user alice: ")
			wantError(t, r, CodeSetup, c.message)
			if r := uid(""); r.out != "Uid:\t0\n" {
				t.Errorf("as root: %v %+v", r.err, r)
			}
			if r := uid("1000"); !one(t) && r.out != "Uid:\t1000\n" {
				t.Errorf("as a number: %v %+v", r.err, r)
			}
		})
	}
}

func TestFurtherGroupsAreAddedToTheUsers(t *testing.T) {
	s := over(t, image(t), "id", "-G")
	needIDs(t, "alice")
	s.User, s.Groups = "alice", []string{"root", "4321", "wheel"}
	equal(t, "groups", output(t, s), "1000 0 10 29 4321\n")
	s = over(t, image(t), "true")
	s.Groups = []string{"nobody-here"}
	wantError(t, run(t, s), CodeSetup, "unable to find group nobody-here: no matching entries in group file")
}

// What the program's process could not do, the look for it does not find; and what only
// root can, entering the working directory, is done before the change of user, as in Docker.
func TestTheProgramIsLookedUpWithTheRightsOfItsUser(t *testing.T) {
	needIDs(t, "1000")
	dir := image(t)
	write(t, dir, "of-root/tool", "#!/bin/sh\necho of root\n")
	write(t, dir, "of-all/tool", "#!/bin/sh\necho of all; pwd\n")
	if err := os.Chmod(filepath.Join(dir, "of-root"), 0o700); err != nil {
		t.Fatal(err)
	}
	of := func(user, cwd, path string, args ...string) *Spec {
		s := over(t, dir, args...)
		s.User, s.Cwd, s.Env = user, cwd, []string{"PATH=" + path}
		return s
	}
	equal(t, "a directory of PATH that is not the user's", output(t, of("1000", "", "/of-root:/of-all:/bin", "tool")), "of all\n/\n")
	equal(t, "the same for root", output(t, of("0", "", "/of-root:/of-all:/bin", "tool")), "of root\n")
	equal(t, "a relative path", output(t, of("1000", "/of-all", "/bin", "./tool")), "of all\n/of-all\n")
	equal(t, "a relative directory of PATH", output(t, of("1000", "/", "of-all:/bin", "tool")), "of all\n/\n")
	equal(t, "a working directory that is not the user's", output(t, of("1000", "/of-root", "/bin", "pwd")), "/of-root\n")
}

// Root without CAP_DAC_OVERRIDE is no more than any other at the files of others.
func TestTheProgramIsLookedUpWithTheCapabilitiesGranted(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	dir := image(t)
	write(t, dir, "of-alice/tool", "#!/bin/sh\necho of alice\n")
	for name, mode := range map[string]os.FileMode{"of-alice/tool": 0o755, "of-alice": 0o700} {
		path := filepath.Join(dir, name)
		if err := os.Chown(path, 1000, 1000); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "with it", output(t, over(t, dir, "/of-alice/tool")), "of alice\n")
	s := over(t, dir, "/of-alice/tool")
	s.Caps &^= seccomp.CapSet(unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH)
	wantError(t, run(t, s), CodeExec, `exec: "/of-alice/tool": permission denied`)
}

// Under no-new-privileges execve gives root nothing that it did not have before.
func TestEveryCapabilityCanBeGranted(t *testing.T) {
	all, err := Grantable()
	if err != nil {
		t.Fatal(err)
	}
	for _, nnp := range []bool{false, true} {
		s := shell(t, "grep -E '^Cap(Prm|Eff|Bnd)' /proc/self/status")
		s.Caps, s.NoNewPrivs = all, nnp
		equal(t, fmt.Sprint("no new privileges ", nnp), output(t, s), fmt.Sprintf("CapPrm:\t%016[1]x\nCapEff:\t%016[1]x\nCapBnd:\t%016[1]x\n", uint64(all)))
	}
}

func TestTheSizeOfSharedMemory(t *testing.T) {
	for want, size := range map[string]int64{"size=65536k": 0, "size=128k": 128 << 10} {
		s := over(t, image(t), "grep", "-o", " /dev/shm .*", "/proc/mounts")
		s.ShmSize = size
		if got := output(t, s); !strings.Contains(got, want) {
			t.Errorf("%d bytes: %s", size, got)
		}
	}
}
