package container

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/userns"
)

// Every test of this package that needs no root of its own.
func TestAllAgainAsPlainUsers(t *testing.T) {
	kerneltest.AgainAsPlainUsers(t, ".", initEnv+"="+initFile)
}

// one reports whether the tests run as a user who can map one id.
func one(t *testing.T) bool {
	t.Helper()
	if !userns.Needed() {
		return false
	}
	ids, err := userns.Mine()
	if err != nil {
		t.Fatal(err)
	}
	return ids.One()
}

// needIDs skips a test of another user than root where one id is mapped: what
// becomes of it there has a test of its own.
func needIDs(t *testing.T, user string) {
	t.Helper()
	if user != "" && user != "0" && user != "root" && one(t) {
		t.Skip("one id is mapped")
	}
}

// users are root and another one, where there is another.
func users(t *testing.T) []string {
	t.Helper()
	if one(t) {
		return []string{"0"}
	}
	return []string{"0", "1000"}
}

// asRoot undoes what is different in a plain user's container, in what it shows of
// its mounts and devices. The list is the whole of it, but for what some kernels are
// configured to show.
func asRoot(text string) string {
	text = strings.ReplaceAll(text, ",inode64 ", " ")
	if !userns.Needed() {
		return text
	}
	for _, d := range []struct{ there, here string }{
		// A file system of a user namespace's names the owner of its root.
		{`(tmpfs .*),uid=\d+,gid=\d+ `, "$1 "},
		// The group of terminals is a subordinate id, or is not mapped.
		{`,(gid=\d+,)?mode=620,`, ",gid=5,mode=620,"},
		// Devices are the host's, whose owner is not mapped.
		{`devtmpfs (/\S+) devtmpfs rw,\S+`, "weir $1 tmpfs rw,relatime,mode=700"},
		{` 65534:65534 `, " 0:0 "},
	} {
		text = regexp.MustCompile(d.there).ReplaceAllString(text, d.here)
	}
	return text
}

func plainUser(t *testing.T) *userns.IDs {
	t.Helper()
	if !userns.Needed() {
		t.Skip("plain users run this")
	}
	ids, err := userns.Mine()
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestTheCallerIsRootOfAPlainUsersContainer(t *testing.T) {
	ids := plainUser(t)
	volume := t.TempDir()
	write(t, volume, "mine", "")
	s := shell(t, "cat /proc/self/uid_map; stat -c %u:%g /volume/mine /etc/passwd; echo x > /volume/theirs")
	s.Volumes = []Mount{{Source: volume, Target: "/volume"}}
	want := ""
	for _, r := range ids.UIDs {
		want += fmt.Sprintf("%10d %10d %10d\n", r.Inside, r.Outside, r.Count)
	}
	equal(t, "output", output(t, s), want+"0:0\n0:0\n")
	st, err := os.Stat(filepath.Join(volume, "theirs"))
	if err != nil {
		t.Fatal(err)
	}
	if uid := int(st.Sys().(*syscall.Stat_t).Uid); uid != os.Getuid() {
		t.Errorf("a file of its root is user %d's here", uid)
	}
}

func TestAnotherUserOfAPlainUsersContainerIsASubordinateId(t *testing.T) {
	ids := plainUser(t)
	needIDs(t, "alice")
	volume := t.TempDir()
	if err := os.Chmod(volume, 0o777); err != nil {
		t.Fatal(err)
	}
	s := shell(t, "id -u; echo x > /volume/theirs; echo y > /volume/theirs; stat -c %u:%g /volume/theirs")
	s.User, s.Volumes = "alice", []Mount{{Source: volume, Target: "/volume"}}
	equal(t, "output", output(t, s), "1000\n1000:1000\n")
	st, err := os.Stat(filepath.Join(volume, "theirs"))
	if err != nil {
		t.Fatal(err)
	}
	if uid := st.Sys().(*syscall.Stat_t).Uid; uid != ids.UIDs[1].Outside+999 {
		t.Errorf("her file is user %d's here", uid)
	}
}

func TestAnIdThatIsNotMappedIsAnErrorThatSaysWhatToDo(t *testing.T) {
	ids := plainUser(t)
	s := shell(t, "true")
	s.User = fmt.Sprint(ids.Users()) // one too many
	wantError(t, run(t, s), CodeSetup, "user "+s.User+": you have no id for it; newuidmap (package uidmap) and lines for you in /etc/subuid and /etc/subgid give ids")
	s = shell(t, "true")
	s.User = "0:" + fmt.Sprint(ids.Groups())
	message := "set group " + fmt.Sprint(ids.Groups()) + ": you have no id for it"
	if !ids.One() {
		message = "set the supplementary groups: you have no id for it" // of which it is one
	}
	wantError(t, run(t, s), CodeSetup, message)
	if ids.One() {
		s = shell(t, "true")
		s.Groups = []string{"audio"}
		wantError(t, run(t, s), CodeSetup, `supplementary groups ["audio"]: you have no ids for them; newuidmap`)
	}
}

func TestWithTheHostsNetworkSysIsTheHostsAndReadOnly(t *testing.T) {
	s := shell(t, "cat /sys/class/net/lo/address; echo 1 > /sys/kernel/mm/ksm/run; ls /sys/firmware /sys/fs/cgroup; awk '$2 ~ \"^/sys\" && $4 !~ \"^ro,\"' /proc/mounts")
	s.HostNetwork = true
	r := run(t, s)
	if r.out != "00:00:00:00:00:00\n/sys/firmware:\n\n/sys/fs/cgroup:\n" || !strings.Contains(r.errOut, "Read-only file system") {
		t.Errorf("%v %+v", r.err, r)
	}
}
