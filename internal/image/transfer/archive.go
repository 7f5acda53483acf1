package transfer

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/weir-dev/weir/internal/image"
)

// archive is a tar of files that refer to each other by name, in no particular order: what docker save and OCI
// layouts are. Its files are read where they lie, nothing is unpacked.
type archive struct {
	file  *os.File
	files map[string]extent
	links map[string]string // old docker save names a layer that two images share by a symbolic link
}

type extent struct{ offset, size int64 }

// openArchive reads the table of contents of r. A regular file that is not compressed is read in place; anything else
// is first spooled, plain, to the store's disk. The result must be closed; r is not.
func openArchive(s *image.Store, r io.Reader) (*archive, error) {
	spool := true
	f, ok := r.(*os.File)
	if ok {
		var magic [magicLen]byte
		_, err := f.ReadAt(magic[:], 0) // a pipe cannot
		spool = err != nil || detect(magic[:]) != plain
	}
	a := &archive{files: map[string]extent{}, links: map[string]string{}}
	if !spool {
		// Its own position, so that r stays where it is.
		again, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
		if err != nil {
			return nil, err
		}
		a.file = again
	} else {
		var err error
		if a.file, err = spoolPlain(s, r); err != nil {
			return nil, err
		}
	}
	if err := a.index(); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func spoolPlain(s *image.Store, r io.Reader) (*os.File, error) {
	body, err := decompress(r)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	f, err := s.TempFile()
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(f, body)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (a *archive) close() { a.file.Close() }

// index notes where each file lies. tar.Reader reads a regular file only to skip it, and skips by seeking.
func (a *archive) index() error {
	tr := tar.NewReader(a.file)
	for {
		hdr, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read tar: %w", err)
		}
		name := path.Clean(hdr.Name)
		switch hdr.Typeflag {
		case tar.TypeReg:
			offset, err := a.file.Seek(0, io.SeekCurrent)
			if err != nil {
				return err
			}
			a.files[name] = extent{offset, hdr.Size}
		case tar.TypeSymlink:
			a.links[name] = path.Join(path.Dir(name), hdr.Linkname)
		case tar.TypeLink:
			a.links[name] = path.Clean(hdr.Linkname)
		}
	}
}

func (a *archive) has(name string) bool {
	_, ok := a.files[name]
	return ok
}

func (a *archive) open(name string) (io.ReadCloser, int64, error) {
	name = path.Clean(name)
	if target, ok := a.links[name]; ok {
		name = target
	}
	e, ok := a.files[name]
	if !ok {
		return nil, 0, fmt.Errorf("the archive has no file %q", name)
	}
	return io.NopCloser(io.NewSectionReader(a.file, e.offset, e.size)), e.size, nil
}
