package layer

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	"golang.org/x/sys/unix"
)

// localName turns an archive's name into one relative to the layer: "/etc//passwd" is "etc/passwd". A
// name that climbs out by ".." is hostile; one that climbs and stays inside is not.
func localName(name string) (string, error) {
	clean := path.Clean(strings.TrimLeft(name, "/"))
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", fmt.Errorf("name leaves the layer: %w", ErrHostile)
	}
	return clean, nil
}

// openInRoot opens the directory name as if root were "/": the kernel keeps "..", absolute and
// magic links inside, and refuses to step into another mount.
func openInRoot(root int, name string) (int, error) {
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	}
	for {
		fd, err := unix.Openat2(root, name, &how)
		switch err {
		case nil:
			return fd, nil
		case unix.EAGAIN, unix.EINTR:
			// A rename or mount anywhere on the machine made the kernel unsure of a "..": openat2(2).
			continue
		case unix.ENOSYS:
			return -1, fmt.Errorf("openat2: %w (Linux 5.6 or later is needed)", err)
		}
		return -1, &os.PathError{Op: "openat2", Path: name, Err: err}
	}
}

// openParent opens the directory that an entry goes into, and makes it if the archive has not named it
// yet. The descriptor stays the unpacker's.
func (u *unpacker) openParent(name string) (int, error) {
	if u.parent >= 0 && u.parentName == name {
		return u.parent, nil
	}
	fd, err := openInRoot(u.root, name)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		fd, err = u.makeParents(name)
	}
	if err != nil {
		return -1, err
	}
	u.forgetParent()
	u.parent, u.parentName = fd, name
	return fd, nil
}

func (u *unpacker) forgetParent() {
	if u.parent >= 0 {
		unix.Close(u.parent)
	}
	u.parent = -1
}

// makeParents makes name's missing components, owned by the caller with mode 0755, as Docker
// does. A whiteout on the way gives way to an opaque directory; any other file is an error.
func (u *unpacker) makeParents(name string) (int, error) {
	dir, err := openInRoot(u.root, ".")
	if err != nil {
		return -1, err
	}
	for end := range len(name) + 1 {
		if end < len(name) && name[end] != '/' {
			continue
		}
		next, err := u.makeParent(dir, name[:end])
		unix.Close(dir)
		if err != nil {
			return -1, err
		}
		dir = next
	}
	return dir, nil
}

// makeParent opens the directory name, whose parent is dir, and makes it first if need be. It is opened by its
// whole name, so that a link that is already there leads where it leads inside the layer.
func (u *unpacker) makeParent(dir int, name string) (int, error) {
	fd, err := openInRoot(u.root, name)
	if err == nil || !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) {
		return fd, err
	}
	base := path.Base(name)
	var st unix.Stat_t
	hides := false
	if lstatat(dir, base, &st) == nil {
		if st.Mode&unix.S_IFMT == unix.S_IFLNK {
			return u.makeTarget(name, err)
		}
		if !isWhiteout(&st) {
			return -1, err
		}
		if err := removeAt(dir, base); err != nil {
			return -1, err
		}
		hides = true
	}
	if err := unix.Mkdirat(dir, base, 0o700); err != nil {
		return -1, call("mkdirat", err)
	}
	if err := unix.Fchmodat(dir, base, 0o755, 0); err != nil {
		return -1, call("fchmodat", err)
	}
	if hides {
		if err := u.setOpaque(dir, base); err != nil {
			return -1, err
		}
	}
	return openInRoot(u.root, name)
}

// makeTarget makes the directory that the dangling link name leads to, inside the layer, as Docker does.
func (u *unpacker) makeTarget(name string, cause error) (int, error) {
	target, err := securejoin.SecureJoin(u.dir, name)
	if err != nil {
		return -1, err
	}
	resolved, err := filepath.Rel(u.dir, target)
	if err != nil {
		return -1, err
	}
	if resolved == name {
		return -1, cause
	}
	return u.makeParents(resolved) // has no link left in it
}

func lstatat(dir int, base string, st *unix.Stat_t) error {
	return call("fstatat", unix.Fstatat(dir, base, st, unix.AT_SYMLINK_NOFOLLOW))
}

// call names the system call that failed; nil stays nil.
func call(name string, err error) error {
	if err == nil {
		return nil
	}
	return os.NewSyscallError(name, err)
}
