package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/kerneltest"
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

func TestTheSizeOfSharedMemory(t *testing.T) {
	for want, size := range map[string]int64{"size=65536k": 0, "size=128k": 128 << 10} {
		s := over(t, image(t), "grep", "-o", " /dev/shm .*", "/proc/mounts")
		s.ShmSize = size
		if got := output(t, s); !strings.Contains(got, want) {
			t.Errorf("%d bytes: %s", size, got)
		}
	}
}
