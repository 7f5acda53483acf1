package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrHostile marks an entry that no honest layer has: a name that leaves the layer, a hard link to a
// whiteout, a device that overlayfs would take for one.
var ErrHostile = errors.New("hostile layer")

// Unpack makes the entries of the uncompressed layer r in dir, which must exist, be empty, and be
// out of reach of every other user until Unpack returns. It reads r up to the end of the archive, which may be
// before the end of the stream.
//
// Keeping ownership, devices and overlayfs's marks takes root, or else as says what of it.
func Unpack(dir string, r io.Reader, as Privilege) (Result, error) {
	root, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return Result{}, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	u := &unpacker{dir: filepath.Clean(dir), root: root, as: as, parent: -1, buf: make([]byte, 256<<10)}
	defer u.close()

	tr := tar.NewReader(r)
	for {
		hdr, err := tr.Next()
		if err == io.EOF {
			return u.result, u.finishDirs()
		}
		if err != nil {
			return u.result, fmt.Errorf("read tar: %w", err)
		}
		if err := u.entry(hdr, tr); err != nil {
			return u.result, fmt.Errorf("entry %q: %w", hdr.Name, err)
		}
	}
}

type unpacker struct {
	dir    string // the layer
	root   int    // the same, O_PATH
	as     Privilege
	result Result
	buf    []byte

	// The directory of the last entry, kept open because neighbours come together. -1: none.
	parent     int
	parentName string

	// Directories get their attributes last: making an entry in one changes its mtime, its
	// final mode may forbid that, and its default ACL would spread to what comes after.
	dirs []dirEntry
}

type dirEntry struct {
	name string
	hdr  *tar.Header
}

func (u *unpacker) close() {
	u.forgetParent()
	unix.Close(u.root)
}

// entry makes one entry of the archive.
func (u *unpacker) entry(hdr *tar.Header, content io.Reader) error {
	if hdr.Typeflag == tar.TypeXGlobalHeader {
		return nil // a comment, as git archive writes
	}
	name, err := localName(hdr.Name)
	if err != nil || name == "." {
		return err
	}
	kind, err := classify(name)
	if err != nil || kind == aufsMetadata {
		return err
	}
	parent, err := u.openParent(path.Dir(name))
	if err != nil {
		return err
	}
	base := path.Base(name)
	switch kind {
	case opaqueMark:
		return u.setOpaque(parent, ".")
	case whiteout:
		return u.whiteout(parent, strings.TrimPrefix(base, whiteoutPrefix))
	}

	err = u.make(parent, base, hdr, content)
	if errors.Is(err, unix.EEXIST) {
		err = u.replace(parent, base, hdr, content)
	}
	if errors.Is(err, unix.EPERM) && u.as != Root && isDevice(hdr) {
		u.result.Devices++
		return nil
	}
	if err != nil {
		return err
	}
	switch hdr.Typeflag {
	case tar.TypeDir:
		u.dirs = append(u.dirs, dirEntry{name, hdr})
		return nil
	case tar.TypeLink:
		return nil // attributes belong to the file, which has them already
	}
	return u.setAttributes(parent, base, hdr)
}

// make creates base in parent, with no attributes yet; EEXIST if there is something by that name.
func (u *unpacker) make(parent int, base string, hdr *tar.Header, content io.Reader) error {
	switch hdr.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		return u.makeFile(parent, base, hdr.Size, content)
	case tar.TypeDir:
		return call("mkdirat", unix.Mkdirat(parent, base, 0o700))
	case tar.TypeSymlink:
		return call("symlinkat", unix.Symlinkat(hdr.Linkname, parent, base))
	case tar.TypeLink:
		return u.makeLink(parent, base, hdr.Linkname)
	case tar.TypeFifo:
		return call("mknodat", unix.Mknodat(parent, base, unix.S_IFIFO|0o600, 0))
	case tar.TypeChar:
		return makeDevice(parent, base, unix.S_IFCHR, hdr)
	case tar.TypeBlock:
		return makeDevice(parent, base, unix.S_IFBLK, hdr)
	}
	return fmt.Errorf("tar type %q is not one that layers have", hdr.Typeflag)
}

// replace makes an entry whose name is taken: a later entry of an archive wins over an earlier one, and
// two directories are one.
func (u *unpacker) replace(parent int, base string, hdr *tar.Header, content io.Reader) error {
	var st unix.Stat_t
	if err := lstatat(parent, base, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR && hdr.Typeflag == tar.TypeDir {
		return nil
	}
	// What is removed lies below parent, so parent stays what it is.
	if err := removeAt(parent, base); err != nil {
		return err
	}
	if err := u.make(parent, base, hdr, content); err != nil {
		return err
	}
	if hdr.Typeflag == tar.TypeDir {
		// A directory in the place of something else, a whiteout most of all, hides what lower
		// layers have by that name.
		return u.setOpaque(parent, base)
	}
	return nil
}

func (u *unpacker) makeFile(parent int, base string, size int64, content io.Reader) error {
	if err := u.checkSpace(size); err != nil {
		return err
	}
	fd, err := unix.Openat(parent, base, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return call("openat", err)
	}
	f := os.NewFile(uintptr(fd), base)
	n, err := io.CopyBuffer(struct{ io.Writer }{f}, content, u.buf)
	u.result.Size += n
	return errors.Join(err, f.Close())
}

// checkSpace refuses a file that cannot fit before its first byte is written: a few bytes of
// sparse archive can claim exabytes of zeros.
func (u *unpacker) checkSpace(size int64) error {
	if size < 16<<20 {
		return nil
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(u.root, &fs); err != nil {
		return call("fstatfs", err)
	}
	if free := fs.Bavail * uint64(fs.Bsize); uint64(size) > free {
		return fmt.Errorf("its size is given as %d bytes, and %d are free: %w", size, free, unix.ENOSPC)
	}
	return nil
}

// makeLink makes a hard link to an earlier entry of the same archive. The target's own directory is
// resolved inside the layer like any other, and a link to a symbolic link is one to that link itself.
func (u *unpacker) makeLink(parent int, base, target string) error {
	name, err := localName(target)
	if err != nil {
		return fmt.Errorf("hard link to %q: %w", target, err)
	}
	dir, err := openInRoot(u.root, path.Dir(name))
	if err != nil {
		return fmt.Errorf("hard link to %q: %w", target, err)
	}
	defer unix.Close(dir)
	var st unix.Stat_t
	if err := lstatat(dir, path.Base(name), &st); err != nil {
		return fmt.Errorf("hard link to %q: %w", target, err)
	}
	if isWhiteout(&st) {
		return fmt.Errorf("hard link to %q, which is a whiteout: %w", target, ErrHostile)
	}
	return call("linkat", unix.Linkat(dir, path.Base(name), parent, base, 0))
}

func isDevice(hdr *tar.Header) bool {
	return hdr.Typeflag == tar.TypeChar || hdr.Typeflag == tar.TypeBlock
}

func makeDevice(parent int, base string, kind uint32, hdr *tar.Header) error {
	// A dev_t of the kernel's has 12 and 20 bits (include/linux/kdev_t.h). What is above, mknod(2) cuts off: of
	// 4096:0 it would make 0:0.
	const maxMajor, maxMinor = 1<<12 - 1, 1<<20 - 1
	if hdr.Devmajor < 0 || hdr.Devmajor > maxMajor || hdr.Devminor < 0 || hdr.Devminor > maxMinor {
		return fmt.Errorf("device number %d:%d is out of range", hdr.Devmajor, hdr.Devminor)
	}
	dev := unix.Mkdev(uint32(hdr.Devmajor), uint32(hdr.Devminor))
	if kind == unix.S_IFCHR && dev == 0 {
		return fmt.Errorf("character device 0:0 is overlayfs's own mark for a removed file: %w", ErrHostile)
	}
	return call("mknodat", unix.Mknodat(parent, base, kind|0o600, int(dev)))
}
