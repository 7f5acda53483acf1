package image

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// partialDir has beginnings of blobs, each by its digest: what a pull that was cut short leaves to the next one.
// It is made when it is first needed.
const partialDir = "partial"

// partialAge is how long a beginning waits for its pull to be tried again.
const partialAge = 7 * 24 * time.Hour

// Partial is the beginning of a blob, kept from one process to the next. Nothing says that its bytes are right,
// or that they survived a power cut: the whole blob must be held against its digest.
type Partial struct {
	f    *os.File // locked
	size int64
}

// Partial gives what there is of a blob, which may be nothing, or nil if another process is at it. Beginnings that nobody
// came back for go.
func (s *Store) Partial(blob Digest) (*Partial, error) {
	if err := os.Mkdir(s.path(partialDir), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	_ = s.removePartials(partialAge) // what cannot be removed costs disk space and nothing else
	path := s.path(partialDir, blob.Hex())
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, err
		}
		err = flock(f, unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && !isAt(f, path) {
			f.Close()
			continue // removed since it was opened
		}
		var st os.FileInfo
		if err == nil {
			st, err = f.Stat()
		}
		if err != nil {
			f.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, nil
			}
			return nil, err
		}
		return &Partial{f, st.Size()}, nil
	}
}

// Size is how many bytes there are.
func (p *Partial) Size() int64 { return p.size }

// Reader reads what there is at this moment.
func (p *Partial) Reader() io.Reader { return io.NewSectionReader(p.f, 0, p.size) }

// Write appends.
func (p *Partial) Write(b []byte) (int, error) {
	n, err := p.f.Write(b)
	p.size += int64(n)
	return n, err
}

// Close leaves the bytes to the next pull.
func (p *Partial) Close() error { return p.f.Close() }

// Remove removes them.
func (p *Partial) Remove() error { return errors.Join(os.Remove(p.f.Name()), p.f.Close()) }

// removePartials removes beginnings of that age that nobody is at.
func (s *Store) removePartials(age time.Duration) error {
	list, err := os.ReadDir(s.path(partialDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range list {
		info, e2 := e.Info()
		if e2 != nil || time.Since(info.ModTime()) < age {
			continue // or gone
		}
		if e2 := removeIfDead(s.path(partialDir, e.Name()), remove); e2 != errClaimed {
			err = errors.Join(err, e2)
		}
	}
	return err
}
