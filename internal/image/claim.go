package image

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// claim is a directory of tmp/ or scratch/ that belongs to this process for as long as it holds the lock
// on it: when the process dies, the lock goes, and sweep removes the directory.
type claim struct {
	path string
	dir  *os.File // locked
}

// errClaimed says that a living process has the directory.
var errClaimed = errors.New("claimed by another process")

// newClaim makes and locks the directory name in part. One that a dead process has left there is
// removed first.
func (s *Store) newClaim(part, name string) (*claim, error) {
	path := s.path(part, name)
	for {
		err := os.Mkdir(path, 0o700)
		switch {
		case err == nil:
		case errors.Is(err, fs.ErrExist):
			if err := removeIfDead(path, remove); err != nil {
				return nil, err
			}
			continue
		default:
			return nil, err
		}
		dir, err := openLocked(path, unix.LOCK_EX)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// Between mkdir and flock it looked dead to everybody, and a sweep may have taken it.
		if isAt(dir, path) {
			return &claim{path, dir}, nil
		}
		dir.Close()
	}
}

// release removes the directory and gives up the claim.
func (c *claim) release() error {
	return errors.Join(remove(c.path), c.dir.Close())
}

// sweep removes what dead processes have left in part, by remove. All entries are tried; the errors are joined.
func (s *Store) sweep(part string, remove func(path string) error) error {
	dir, err := os.Open(s.path(part))
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	dir.Close()
	for _, name := range names {
		if e := removeIfDead(s.path(part, name), remove); e != errClaimed {
			err = errors.Join(err, e)
		}
	}
	return err
}

// sweepScratch sweeps the scratch layers. When enough is closed, those in which nothing is may stay, all but one.
func (s *Store) sweepScratch(enough <-chan struct{}) error {
	one := false
	return s.sweep(scratchDir, func(path string) error {
		select {
		case <-enough:
			if one && isEmpty(filepath.Join(path, upperDir)) {
				return nil
			}
		default:
		}
		if removeUnused(path) {
			one = true
			return nil
		}
		return remove(path)
	})
}

// isEmpty reports whether a directory has no entries, and can be read.
func isEmpty(path string) bool {
	dir, err := os.Open(path)
	if err != nil {
		return false
	}
	defer dir.Close()
	_, err = dir.Readdirnames(1)
	return err == io.EOF
}

// removeIfDead removes path, by remove, unless a living process has claimed it, which is errClaimed.
func removeIfDead(path string, remove func(path string) error) error {
	f, err := openLocked(path, unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return errClaimed
	case err != nil:
		return err
	}
	defer f.Close()
	if !isAt(f, path) {
		return nil // removed meanwhile, and perhaps claimed anew
	}
	return remove(path)
}

// removeUnused removes a scratch layer in which nothing is, and reports whether it was one. It knows what the kernel
// makes in the work directory of a volatile overlay, so that it need not look.
func removeUnused(path string) bool {
	var err error
	for _, dir := range []string{"work/work/incompat/volatile", "work/work/incompat", "work/work", "work", upperDir, ""} {
		err = unix.Rmdir(filepath.Join(path, dir))
	}
	return err == nil
}

// openLocked opens a file or directory of the store and locks it.
func openLocked(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := flock(f, how); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func randomName() string { return rand.Text() }

// Scratch is where a container writes: the upper and work directories of its overlay.
type Scratch struct {
	Dir   string // both, and room for what else the caller needs, a mount point say
	Upper string // mode 0755: it becomes the container's root directory
	Work  string
	claim *claim
}

const upperDir = "upper"

// NewScratch makes a scratch layer. It lives until Close, or until the process dies and some other one opens the
// store.
func (s *Store) NewScratch() (*Scratch, error) {
	c, err := s.newClaim(scratchDir, randomName())
	if err != nil {
		return nil, advise(err)
	}
	sc := &Scratch{Dir: c.path, Upper: filepath.Join(c.path, upperDir), Work: filepath.Join(c.path, "work"), claim: c}
	err = errors.Join(os.Mkdir(sc.Upper, 0o755), os.Mkdir(sc.Work, 0o700), os.Chmod(sc.Upper, 0o755))
	if err != nil {
		return nil, errors.Join(advise(err), c.release())
	}
	return sc, nil
}

// Close removes the scratch layer. Nothing may be mounted below Dir any more in the caller's mount namespace:
// what is, is not removed, and an error.
func (sc *Scratch) Close() error { return sc.claim.release() }

// Leave is Close for who has no time to wait for the disk, as the removal of a directory may: a layer to which nothing
// was written stays for the next process that opens the store.
func (sc *Scratch) Leave() error {
	if isEmpty(sc.Upper) {
		return sc.claim.dir.Close()
	}
	return sc.Close()
}
