package layer

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Pack writes the tree at dir as a layer's tar: names in order, owners by number, times to
// the nanosecond, hard links, xattrs and device nodes kept. Sockets are left out, being nothing without
// their process, and so is what lies on other file systems: a mount point is packed as an empty directory.
// The same tree gives the same bytes. Unless it is nil, owner tells what to write for a file's user and group.
//
// A name that starts with ".wh." cannot be said in a layer and is an error.
func Pack(dir string, w io.Writer, owner func(uid, gid uint32) (uint32, uint32)) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	p := &packer{dir: dir, w: tar.NewWriter(w), owner: owner, seen: map[inode]string{}, buf: make([]byte, 256<<10)}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	p.dev = st.Dev
	// The trailing "/." makes a dir that is itself a symbolic link mean its target.
	if err := filepath.WalkDir(dir+"/.", p.visit); err != nil {
		return err
	}
	return p.w.Close()
}

type inode struct{ dev, ino uint64 }

type packer struct {
	dir  string
	dev  uint64
	w    *tar.Writer
	seen map[inode]string // files with several names, by the first one
	buf  []byte

	owner func(uid, gid uint32) (uint32, uint32) // nil leaves them as they are
}

func (p *packer) visit(file string, _ fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if file == p.dir+"/." {
		return nil // Unpack would ignore it
	}
	name := strings.TrimPrefix(file[len(p.dir):], "/")
	var st unix.Stat_t
	if err := unix.Lstat(file, &st); err != nil {
		return &os.PathError{Op: "lstat", Path: file, Err: err}
	}
	if err := p.add(file, name, &st); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Dev != p.dev {
		return fs.SkipDir
	}
	return nil
}

// add writes one file.
func (p *packer) add(file, name string, st *unix.Stat_t) error {
	if strings.HasPrefix(filepath.Base(name), whiteoutPrefix) {
		return fmt.Errorf("names that start with %q are reserved in layers; rename or remove the file", whiteoutPrefix)
	}
	hdr := &tar.Header{
		Format:  tar.FormatPAX,
		Name:    name,
		Mode:    int64(st.Mode & 0o7777),
		Uid:     int(st.Uid),
		Gid:     int(st.Gid),
		ModTime: time.Unix(st.Mtim.Unix()),
	}
	if p.owner != nil {
		uid, gid := p.owner(st.Uid, st.Gid)
		hdr.Uid, hdr.Gid = int(uid), int(gid)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFSOCK:
		return nil
	case unix.S_IFREG:
		hdr.Typeflag, hdr.Size = tar.TypeReg, st.Size
	case unix.S_IFDIR:
		hdr.Typeflag, hdr.Name = tar.TypeDir, name+"/"
	case unix.S_IFLNK:
		hdr.Typeflag = tar.TypeSymlink
		target, err := os.Readlink(file)
		if err != nil {
			return err
		}
		hdr.Linkname = target
	case unix.S_IFIFO:
		hdr.Typeflag = tar.TypeFifo
	case unix.S_IFBLK, unix.S_IFCHR:
		hdr.Typeflag = tar.TypeBlock
		if st.Mode&unix.S_IFMT == unix.S_IFCHR {
			hdr.Typeflag = tar.TypeChar
		}
		hdr.Devmajor, hdr.Devminor = int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
	}
	if first, ok := p.link(name, st); ok {
		hdr.Typeflag, hdr.Linkname, hdr.Size = tar.TypeLink, first, 0
		return p.w.WriteHeader(hdr)
	}
	var err error
	if hdr.PAXRecords, err = xattrs(file); err != nil {
		return err
	}
	if err := p.w.WriteHeader(hdr); err != nil || hdr.Typeflag != tar.TypeReg {
		return err
	}
	return p.content(file, st.Size)
}

// link tells the first name of a file that has been packed under another one.
func (p *packer) link(name string, st *unix.Stat_t) (first string, ok bool) {
	if st.Nlink < 2 || st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return "", false
	}
	id := inode{st.Dev, st.Ino}
	if first, ok = p.seen[id]; !ok {
		p.seen[id] = name
	}
	return first, ok
}

func (p *packer) content(file string, size int64) error {
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.CopyBuffer(struct{ io.Writer }{p.w}, struct{ io.Reader }{io.LimitReader(f, size)}, p.buf)
	if err == nil && n < size {
		err = errors.New("the file shrank while it was read")
	}
	return err
}

// xattrs reads the extended attributes of a file as PAX records.
func xattrs(file string) (map[string]string, error) {
	var records map[string]string
	list, err := grow(func(b []byte) (int, error) { return unix.Llistxattr(file, b) })
	if err == unix.ENOTSUP {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listxattr: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		if name == "" || isOverlayXattr(name) {
			continue
		}
		value, err := grow(func(b []byte) (int, error) { return unix.Lgetxattr(file, name, b) })
		if err != nil {
			return nil, fmt.Errorf("getxattr %s: %w", name, err)
		}
		if records == nil {
			records = map[string]string{}
		}
		records[xattrRecord+name] = string(value)
	}
	return records, nil
}

// grow calls read with a buffer that is large enough.
func grow(read func([]byte) (int, error)) ([]byte, error) {
	for size := 256; ; size *= 4 {
		b := make([]byte, size)
		n, err := read(b)
		if err != unix.ERANGE {
			return b[:max(n, 0)], err
		}
	}
}
