package container

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
