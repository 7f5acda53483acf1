//go:build linux

package inside

import (
	"errors"

	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// restrict makes read-only and hides what the plan names, and the root last.
func (r *Root) restrict(p *handover.Plan) error {
	for _, path := range p.Readonly {
		if err := r.makeReadonly(path); err != nil {
			return Doing("make "+path+" read-only", err)
		}
	}
	null, err := r.openNull()
	if err != nil {
		return Doing("open /dev/null", err)
	}
	defer unix.Close(null)
	for _, path := range p.Masked {
		if err := r.mask(path, null); err != nil {
			return Doing("hide "+path, err)
		}
	}
	if p.ReadonlyRoot {
		if err := setAttrs(r.fd, "", unix.MOUNT_ATTR_RDONLY, unix.AT_EMPTY_PATH); err != nil {
			return Doing("make the root read-only", err)
		}
	}
	return nil
}

// existing opens a path below /proc or /sys, -1 if this kernel does not have it.
func (r *Root) existing(path string) (int, error) {
	fd, err := r.open(path, unix.O_PATH, unix.RESOLVE_NO_SYMLINKS)
	if err == unix.ENOENT {
		return -1, nil
	}
	return fd, err
}

func (r *Root) makeReadonly(path string) error {
	fd, err := r.existing(path)
	if fd < 0 {
		return err
	}
	defer unix.Close(fd)
	var st unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, 0, &st); err != nil {
		return err
	}
	if st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0 { // a mount of the container's own
		return setAttrs(fd, "", unix.MOUNT_ATTR_RDONLY, unix.AT_EMPTY_PATH)
	}
	clone, err := cloneAt(fd)
	if err != nil {
		return err
	}
	defer unix.Close(clone)
	// Attributes are added, so nosuid, nodev and noexec stay.
	if err := setAttrs(clone, "", unix.MOUNT_ATTR_RDONLY, unix.AT_EMPTY_PATH|unix.AT_RECURSIVE); err != nil {
		return err
	}
	return attachTo(clone, fd)
}

// mask hides a directory under an empty one and anything else under null.
func (r *Root) mask(path string, null int) error {
	fd, err := r.existing(path)
	if fd < 0 {
		return err
	}
	defer unix.Close(fd)
	dir, err := isDir(fd)
	if err != nil {
		return err
	}
	var cover int
	if dir {
		cover, err = newMount("tmpfs", "tmpfs", unix.MOUNT_ATTR_RDONLY, []string{"ro"})
	} else {
		cover, err = cloneAt(null)
	}
	if err != nil {
		return err
	}
	defer unix.Close(cover)
	return attachTo(cover, fd)
}

// openNull opens /dev/null as O_PATH, and makes sure that it is what its name
// says: a mask that is something else could be read and written.
func (r *Root) openNull() (int, error) {
	fd, err := r.open("/dev/null", unix.O_PATH, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if err == nil && (st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != unix.Mkdev(1, 3)) {
		err = errors.New("it is not the null device")
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
