package cgroup

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// A record says where a process has made a cgroup, a path a line: to look for what killed ones have left takes reading
// all mounts and hierarchies, longer than anything else in the start of a container without limits. It is a file
// by the name of the cgroup, locked while the process lives.
type record struct{ file *os.File }

// recordsDir is where this user's records are, empty if there is no place for them that a reboot clears.
func recordsDir() string {
	if os.Geteuid() == 0 {
		return "/run/weir/cgroups"
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); path.IsAbs(dir) {
		return path.Join(dir, "weir", "cgroups")
	}
	return ""
}

// newRecord makes a record in a directory. Without one only New finds what is left of the cgroup, so one that cannot
// be made is no error.
func newRecord(dir, name string) record {
	if dir == "" || os.MkdirAll(dir, 0o700) != nil {
		return record{}
	}
	f, err := os.OpenFile(path.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return record{}
	}
	unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	return record{f}
}

// add says of a directory that it is about to be made.
func (r record) add(dir string) {
	if r.file != nil {
		io.WriteString(r.file, dir+"\n")
	}
}

// close gives up a record, and removes it if nothing of the cgroup is left.
func (r record) close(left bool) {
	if r.file == nil {
		return
	}
	if !left {
		os.Remove(r.file.Name())
	}
	r.file.Close()
}

// Sweep removes the cgroups that killed processes of this user have left. What it cannot remove, the next one tries
// again.
func Sweep() { sweepRecords(recordsDir()) }

func sweepRecords(dir string) {
	if dir == "" {
		return
	}
	entries, _ := os.ReadDir(dir) // there is none before the first cgroup
	for _, e := range entries {
		f, err := os.OpenFile(path.Join(dir, e.Name()), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		r := record{f}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			f.Close() // its process lives
			continue
		}
		text, err := io.ReadAll(f)
		left := err != nil
		for line := range strings.Lines(string(text)) {
			if dir := strings.TrimSuffix(line, "\n"); ours(path.Base(dir)) {
				left = !sweepDir(dir) || left
			}
		}
		r.close(left)
	}
}

// sweepDir removes a cgroup whose process has died, and reports whether it is gone.
func sweepDir(dir string) bool {
	lock, err := locked(dir, unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer lock.Close()
	err = remove(dir)
	return err == nil || errors.Is(err, fs.ErrNotExist)
}
