package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const xattrRecord = "SCHILY.xattr." // the PAX record by which tars carry xattrs

// setAttributes gives base what the header says of it. The order matters: chown clears setuid bits
// and security.capability, and writing to a file is over by now.
//
// chmod and setxattr by name are safe here although chmod follows links: base was made a moment ago by
// a call that fails if the name exists, as something that is no link, in a directory that nobody else can enter.
func (u *unpacker) setAttributes(parent int, base string, hdr *tar.Header) error {
	const maxID = 1<<32 - 2 // -1 means "leave alone" to chown
	if hdr.Uid < 0 || hdr.Uid > maxID || hdr.Gid < 0 || hdr.Gid > maxID {
		return fmt.Errorf("owner %d:%d is out of range", hdr.Uid, hdr.Gid)
	}
	if err := u.chown(parent, base, hdr); err != nil {
		return err
	}
	if hdr.Typeflag != tar.TypeSymlink { // a link has no mode
		if err := unix.Fchmodat(parent, base, uint32(hdr.Mode)&0o7777, 0); err != nil {
			return call("fchmodat", err)
		}
	}
	if err := u.setXattrs(parent, base, hdr.PAXRecords); err != nil {
		return err
	}
	return setTimes(parent, base, hdr)
}

func (u *unpacker) setXattrs(parent int, base string, records map[string]string) error {
	var names []string
	for record := range records {
		if name, ok := strings.CutPrefix(record, xattrRecord); ok && !isOverlayXattr(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names) // the same error for the same layer
	for _, name := range names {
		err := setxattr(parent, base, name, []byte(records[xattrRecord+name]))
		if u.as != Root && errors.Is(err, unix.EPERM) && rootsXattr(name) {
			u.result.Attributes++
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isOverlayXattr holds for the names by which overlayfs is told to look elsewhere (redirect, metacopy,
// origin, opaque, whiteout). They are its private state, and a layer that brings some would have the kernel
// follow it out of the layer: kernel, fs/overlayfs/overlayfs.h, enum ovl_xattr.
func isOverlayXattr(name string) bool {
	return strings.HasPrefix(name, "trusted.overlay.") || strings.HasPrefix(name, "user.overlay.")
}

func (u *unpacker) setOpaque(parent int, base string) error {
	return setxattr(parent, base, OpaqueXattr(u.as != Root), []byte("y"))
}

// setxattr sets an xattr of base itself. There is no setxattrat before Linux 6.13; the descriptor's own
// path in /proc is the same thing.
func setxattr(parent int, base, name string, value []byte) error {
	err := unix.Lsetxattr("/proc/self/fd/"+strconv.Itoa(parent)+"/"+base, name, value, 0)
	if err != nil {
		return fmt.Errorf("setxattr %s: %w", name, privilege(err))
	}
	return nil
}

func setTimes(parent int, base string, hdr *tar.Header) error {
	atime := hdr.AccessTime
	if atime.IsZero() {
		atime = hdr.ModTime
	}
	times := []unix.Timespec{timespec(atime), timespec(hdr.ModTime)}
	return call("utimensat", unix.UtimesNanoAt(parent, base, times, unix.AT_SYMLINK_NOFOLLOW))
}

// timespec does not go through nanoseconds since 1970, which end in 2262.
func timespec(t time.Time) unix.Timespec {
	ts, err := unix.TimeToTimespec(t)
	if err != nil { // a 32-bit machine, after 2038
		return unix.Timespec{}
	}
	return ts
}

// finishDirs gives directories their attributes. One that a later entry replaced is left alone.
func (u *unpacker) finishDirs() error {
	for _, d := range u.dirs {
		if err := u.finishDir(d); err != nil {
			return fmt.Errorf("entry %q: %w", d.hdr.Name, err)
		}
	}
	return nil
}

func (u *unpacker) finishDir(d dirEntry) error {
	parent, err := openInRoot(u.root, path.Dir(d.name))
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(parent)
	var st unix.Stat_t
	err = lstatat(parent, path.Base(d.name), &st)
	if errors.Is(err, unix.ENOENT) || err == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return nil
	}
	if err != nil {
		return err
	}
	return u.setAttributes(parent, path.Base(d.name), d.hdr)
}

// privilege adds the usual reason to a refusal.
func privilege(err error) error {
	if err == unix.EPERM {
		return fmt.Errorf("%w (keeping owners, devices and xattrs needs root)", err)
	}
	return err
}
