package container

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// defaultDevices are the nodes that every container has, bound from a file system
// of their own because that of /dev has no devices.
func defaultDevices() []handover.Device {
	node := func(path string, major, minor uint32) handover.Device {
		return handover.Device{Path: path, Mode: unix.S_IFCHR | 0o666, Rdev: unix.Mkdev(major, minor), Bind: true}
	}
	return []handover.Device{
		node("null", 1, 3), node("zero", 1, 5), node("full", 1, 7),
		node("random", 1, 8), node("urandom", 1, 9), node("tty", 5, 0),
	}
}

// overDev fits a plan to dir, a directory of the host that is mounted at /dev: of what
// a container has there it gets what has a place in dir, as nothing is made in it. The
// usual devices are bound over those of dir, which do not work, as none does in a
// volume; a privileged container needs that for none.
func overDev(p *handover.Plan, dir string) {
	kind := func(name string) (st unix.Stat_t, mode uint32) {
		if unix.Lstat(filepath.Join(dir, name), &st) != nil {
			return st, 0
		}
		return st, st.Mode & unix.S_IFMT
	}
	p.Links = nil
	p.Devices = slices.DeleteFunc(p.Devices, func(d handover.Device) bool {
		st, mode := kind(d.Path)
		return !d.Bind || mode != unix.S_IFCHR || uint64(st.Rdev) != d.Rdev
	})
	p.Mounts = slices.DeleteFunc(p.Mounts, func(m handover.Mount) bool {
		name, below := strings.CutPrefix(m.Target, "/dev/")
		_, mode := kind(name)
		return below && m.Kind == handover.KindNew && mode != unix.S_IFDIR
	})
}

// links are the symbolic links of /dev.
func links() []handover.Link {
	list := []handover.Link{
		{Path: "fd", Target: "/proc/self/fd"},
		{Path: "stdin", Target: "/proc/self/fd/0"},
		{Path: "stdout", Target: "/proc/self/fd/1"},
		{Path: "stderr", Target: "/proc/self/fd/2"},
		{Path: "ptmx", Target: "pts/ptmx"},
	}
	if _, err := os.Stat("/proc/kcore"); err == nil {
		list = append(list, handover.Link{Path: "core", Target: "/proc/kcore"})
	}
	return list
}

// hostDevices lists the nodes of the host's /dev, for a privileged container, but
// those that a container has of its own: terminals of a devpts, shm, mqueue and
// the console.
func hostDevices(dev string) ([]handover.Device, error) {
	var list []handover.Device
	err := filepath.WalkDir(dev, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrPermission) {
			return nil // nor could a plain user's container use what is in there
		}
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dev, path)
		switch rel {
		case "pts", "shm", "mqueue", "fd":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case "console", "ptmx":
			return nil
		}
		if d.Type()&fs.ModeDevice == 0 {
			return nil
		}
		info, err := d.Info()
		if os.IsNotExist(err) {
			return nil // unplugged meanwhile
		}
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		list = append(list, handover.Device{Path: rel, Mode: st.Mode, Rdev: uint64(st.Rdev), Uid: st.Uid, Gid: st.Gid})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the devices of the host: %w", err)
	}
	return list, nil
}
