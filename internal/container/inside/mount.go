//go:build linux

package inside

import (
	"errors"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// newMount makes a file system and returns it as a detached mount.
func newMount(fsType, source string, attrs uint64, options []string) (int, error) {
	fs, err := unix.Fsopen(fsType, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer unix.Close(fs)
	if err := unix.FsconfigSetString(fs, "source", source); err != nil {
		return -1, err
	}
	for _, o := range options {
		key, value, has := strings.Cut(o, "=")
		if has {
			err = unix.FsconfigSetString(fs, key, value)
		} else {
			err = unix.FsconfigSetFlag(fs, key)
		}
		if err != nil {
			return -1, Doing("option "+o, err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, err
	}
	return unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, int(attrs))
}

// cloneTree returns what lies at path, with all that is mounted below it, as a
// detached mount.
func cloneTree(dir int, path string) (int, error) {
	return unix.OpenTree(dir, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
}

// cloneAt is cloneTree for what a descriptor stands for.
func cloneAt(fd int) (int, error) {
	return unix.OpenTree(fd, "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE|unix.AT_EMPTY_PATH)
}

// attach mounts a detached mount at path, which is not followed if a link.
func attach(mount, dir int, path string) error {
	return unix.MoveMount(mount, "", dir, path, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// attachTo mounts a detached mount on what a descriptor stands for.
func attachTo(mount, target int) error {
	return unix.MoveMount(mount, "", target, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
}

// setAttrs adds attributes to a mount, and to those below it with AT_RECURSIVE.
func setAttrs(dir int, path string, attrs uint64, flags uint) error {
	return unix.MountSetattr(dir, path, flags, &unix.MountAttr{Attr_set: attrs})
}

// mount mounts one of the plan's file systems in the container.
func (r *Root) mount(m pending) error {
	fd, err := m.fd, error(nil)
	if m.Kind == handover.KindOver {
		if fd, err = r.mountOver(m); err != nil {
			return err
		}
	}
	defer unix.Close(fd)
	dir, err := isDir(fd)
	if err != nil {
		return err
	}
	target, err := r.place(m, dir)
	if err == errInProc {
		return errOnProc
	}
	if err != nil {
		return err
	}
	defer unix.Close(target)
	if m.Kind != handover.KindNew {
		if err := offProc(target); err != nil {
			return err
		}
	}
	switch onDir, err := isDir(target); { // to the kernel either is just invalid
	case err != nil:
		return err
	case dir && !onDir:
		return unix.ENOTDIR
	case !dir && onDir:
		return unix.EISDIR
	}
	if m.Kind != handover.KindNew && m.Kind != handover.KindOver && m.Attrs != 0 {
		if err := setAttrs(fd, "", m.Attrs, unix.AT_EMPTY_PATH|unix.AT_RECURSIVE); err != nil {
			return err
		}
	}
	return attachTo(fd, target)
}

// mountOver makes a file system that has the mode of the directory at its mount
// point, if there is one and the options do not name another.
func (r *Root) mountOver(m pending) (int, error) {
	options := m.Options
	covered, err := r.open(m.Target, unix.O_PATH, 0)
	if err == nil {
		var st unix.Stat_t
		err = unix.Fstat(covered, &st)
		unix.Close(covered)
		options = append([]string{"mode=" + strconv.FormatUint(uint64(st.Mode&0o7777), 8)}, options...)
	}
	if err != nil && err != unix.ENOENT {
		return -1, err
	}
	return newMount(m.Type, m.Source, m.Attrs, options) // the last mode counts
}

// place opens the mount point of m and makes it if there is none. The kernel's
// own file systems lie where every program looks for them, so no link leads there.
func (r *Root) place(m pending, dir bool) (int, error) {
	if m.Kind == handover.KindNew {
		fd, err := r.create(m.Target, true, unix.RESOLVE_NO_SYMLINKS)
		if err == unix.ELOOP {
			err = errSymlink
		}
		return fd, err
	}
	return r.create(m.Target, dir, 0)
}

func isDir(fd int) (bool, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	return st.Mode&unix.S_IFMT == unix.S_IFDIR, err
}

var errOnProc = errors.New("nothing can be mounted inside /proc")

// offProc refuses a mount point inside of /proc, to which a link of the image may have
// led: over /proc/self/attr, say, a mount makes of a write to it something else.
func offProc(fd int) error {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return err
	}
	if fs.Type == unix.PROC_SUPER_MAGIC {
		return errOnProc
	}
	return nil
}
