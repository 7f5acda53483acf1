package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/layer"
)

// Layer is an unpacked layer, held: nobody removes it before Close.
type Layer struct {
	DiffID Digest
	dir    *os.File
}

// Close lets go of the layer. It stays in the store if an image that has it was committed.
func (l *Layer) Close() error { return l.dir.Close() }

func (s *Store) layerPath(diffID Digest, elem ...string) string {
	return s.path(append([]string{layersDir, diffID.Hex()}, elem...)...)
}

// Layer gives the layer with this diff ID; an error that is fs.ErrNotExist says that the store does not have it.
func (s *Store) Layer(diffID Digest) (*Layer, error) {
	path := s.layerPath(diffID)
	dir, err := openLocked(path, unix.LOCK_SH)
	if err != nil {
		return nil, err
	}
	if !isAt(dir, path) {
		dir.Close()
		return nil, &os.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &Layer{diffID, dir}, nil
}

// Fill unpacks a layer into dir, an empty directory, by Store.Unpack, and tells the diff ID of what it unpacked.
type Fill func(dir string) (diffID Digest, result layer.Result, err error)

// AddLayer gives the layer with this diff ID, by fill if the store does not have it. Each layer is filled once:
// while another process is at it, AddLayer waits for the outcome. What fill makes is taken only if its
// diff ID is the wanted one. An empty diffID takes whatever fill makes.
func (s *Store) AddLayer(ctx context.Context, diffID Digest, fill Fill) (*Layer, error) {
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		name := randomName()
		if diffID != "" {
			l, err := s.Layer(diffID)
			if !errors.Is(err, fs.ErrNotExist) {
				return l, err
			}
			name = diffID.Hex()
		}
		c, err := s.newClaim(tmpDir, name)
		if err == nil {
			var l *Layer
			if l, err = s.fillLayer(c, diffID, fill); err == nil {
				return l, nil
			}
		}
		if err != errClaimed {
			return nil, advise(err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// fillLayer fills the claimed directory and moves it to its place. The claim is over in any case.
func (s *Store) fillLayer(c *claim, want Digest, fill Fill) (*Layer, error) {
	if want != "" {
		// Another process may have finished this layer just before the claim was made.
		if l, err := s.Layer(want); !errors.Is(err, fs.ErrNotExist) {
			return l, errors.Join(err, c.release())
		}
	}
	got, err := s.fillClaim(c, want, fill)
	if err != nil {
		return nil, errors.Join(err, c.release())
	}
	l, err := s.placeLayer(c, got)
	if err != nil {
		return nil, errors.Join(err, c.release())
	}
	if l.dir != c.dir {
		return l, c.release()
	}
	return l, nil
}

// placeLayer moves a filled claim to its place, or gives the layer that has been there all along: an import
// of what was imported before. Whoever removes layers that no image has needs the lock, and so finds this one
// held.
func (s *Store) placeLayer(c *claim, id Digest) (*Layer, error) {
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	err = os.Rename(c.path, s.layerPath(id))
	if errors.Is(err, fs.ErrExist) || errors.Is(err, unix.ENOTEMPTY) {
		return s.Layer(id)
	}
	if err != nil {
		return nil, err
	}
	return &Layer{id, c.dir}, errors.Join(flock(c.dir, unix.LOCK_SH), syncDir(s.path(layersDir)))
}

func (s *Store) fillClaim(c *claim, want Digest, fill Fill) (Digest, error) {
	dir := filepath.Join(c.path, "fs")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o755)); err != nil {
		return "", err
	}
	got, result, err := fill(dir)
	if err != nil {
		return "", err
	}
	if want != "" && got != want {
		return "", fmt.Errorf("wrong diff ID: the layer unpacks to %s, the image's configuration says %s", got, want)
	}
	if err := os.WriteFile(filepath.Join(c.path, "size"), strconv.AppendInt(nil, result.Size, 10), 0o600); err != nil {
		return "", err
	}
	if err := markGivenAway(c.path, result); err != nil {
		return "", err
	}
	// One syncfs is cheaper than an fsync for each of thousands of files, and makes sure that no power cut
	// leaves a layer that is there by name with empty files in it.
	return got, os.NewSyscallError("syncfs", unix.Syncfs(int(c.dir.Fd())))
}

// layerSize reads the bytes of a layer's regular files.
func (s *Store) layerSize(diffID Digest) (int64, error) {
	path := s.layerPath(diffID, "size")
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w: it should hold a number of bytes", path, ErrDamaged)
	}
	return n, nil
}

// TempFile makes an unnamed file on the store's file system, gone when it is closed or the process dies.
func (s *Store) TempFile() (*os.File, error) {
	f, err := os.CreateTemp(s.path(tmpDir), "spool-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.Close()
		return nil, err
	}
	return f, nil
}
