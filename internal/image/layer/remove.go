package layer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Remove removes the tree at dir, which may be gone already. It never follows a symbolic link
// below dir's own parent, never steps into another mount (that is an error: what is mounted there is
// somebody's, and is not removed), needs no permission bits of what it removes, and uses a bounded
// number of descriptors however deep a container has nested its directories.
func Remove(dir string) error {
	parent, err := unix.Open(filepath.Dir(dir), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	defer unix.Close(parent)
	if err := removeAt(parent, filepath.Base(dir)); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

// maxDepth is how many directories are open at once, at most.
const maxDepth = 100

// removeAt removes base and all below it.
func removeAt(parent int, base string) error {
	r := &remover{top: -1}
	return r.remove(parent, base, 0)
}

type remover struct {
	top   int // the outermost directory, where what is too deep is moved to
	moved int
}

func (r *remover) remove(parent int, base string, depth int) error {
	err := unix.Unlinkat(parent, base, 0)
	switch err {
	case nil, unix.ENOENT:
		return nil
	case unix.EISDIR:
	case unix.EPERM: // what POSIX says of a directory; and what Linux says of an immutable file
		var st unix.Stat_t
		if lstatat(parent, base, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
			return fmt.Errorf("unlink %q: %w", base, err)
		}
	default:
		return fmt.Errorf("unlink %q: %w", base, err)
	}
	if unix.Unlinkat(parent, base, unix.AT_REMOVEDIR) == nil { // it was empty
		return nil
	}
	dir, err := openToEmpty(parent, base)
	if err != nil {
		return err
	}
	defer dir.Close()
	if r.top < 0 {
		r.top = int(dir.Fd())
	}
	for {
		last, err := r.empty(dir, depth)
		if err != nil {
			return fmt.Errorf("%s/%w", base, err)
		}
		switch err := unix.Unlinkat(parent, base, unix.AT_REMOVEDIR); {
		case err == nil || err == unix.ENOENT:
			return nil
		case last || err != unix.ENOTEMPTY && err != unix.EEXIST:
			return fmt.Errorf("rmdir %q: %w", base, err)
		}
	}
}

// empty removes what it finds in dir: more may be there after it, since removing while reading may make
// the kernel skip names, and since r.top grows. It reports whether it found nothing.
func (r *remover) empty(dir *os.File, depth int) (nothing bool, err error) {
	if _, err := dir.Seek(0, 0); err != nil {
		return false, err
	}
	names, err := dir.Readdirnames(1024)
	if len(names) == 0 {
		if err == io.EOF {
			return true, nil
		}
		return false, err
	}
	for _, name := range names {
		if depth >= maxDepth && r.raise(dir, name) {
			continue
		}
		if err := r.remove(int(dir.Fd()), name, depth+1); err != nil {
			return false, err
		}
	}
	return false, nil
}

// raise moves a directory up to the outermost one, whose loop then finds it there.
func (r *remover) raise(dir *os.File, name string) bool {
	var st unix.Stat_t
	if lstatat(int(dir.Fd()), name, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return false
	}
	for {
		r.moved++
		err := unix.Renameat2(int(dir.Fd()), name, r.top, ".deep-"+strconv.Itoa(r.moved), unix.RENAME_NOREPLACE)
		if err != unix.EEXIST {
			return err == nil
		}
	}
}

// openToEmpty opens the directory base for reading. RESOLVE_NO_XDEV stops at mounts, bind mounts of the
// same file system included.
func openToEmpty(parent int, base string) (*os.File, error) {
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	fd, err := unix.Openat2(parent, base, &how)
	if err == unix.EACCES {
		// Only an owner without privilege gets here. It is a directory, so chmod follows no link.
		if err := unix.Fchmodat(parent, base, 0o700, 0); err != nil {
			return nil, fmt.Errorf("chmod %q: %w", base, err)
		}
		fd, err = unix.Openat2(parent, base, &how)
	}
	if errors.Is(err, unix.EXDEV) {
		return nil, fmt.Errorf("open %q: something is mounted there: %w", base, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", base, err)
	}
	return os.NewFile(uintptr(fd), base), nil
}
