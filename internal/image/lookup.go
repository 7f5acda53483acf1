package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Image is an image of the store.
type Image struct {
	ID           Digest // of its configuration
	OS           string // "linux"
	Architecture string // by Go's names: "amd64", "arm64"
	Variant      string // "v8", or empty
	Config       Config

	// LayerDirs are the unpacked layers, absolute paths, the lowest first. None may be the image's whole content.
	LayerDirs []string

	path string
}

// Image looks up name: a reference, an image ID, or the beginning of one. As in Docker, a reference goes before
// an ID that reads the same.
func (s *Store) Image(name string) (*Image, error) {
	id, err := s.resolve(name)
	if err != nil {
		return nil, err
	}
	path := s.imagePath(id)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(name)
	}
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", name, err)
	}
	c, err := ParseConfig(b)
	if err != nil {
		return nil, fmt.Errorf("image %s: %s: %w", name, path, err)
	}
	return &Image{
		ID:           id,
		OS:           c.OS,
		Architecture: c.Architecture,
		Variant:      c.Variant,
		Config:       c.Config,
		LayerDirs:    s.layerDirs(c.RootFS.DiffIDs),
		path:         path,
	}, nil
}

// layerDirs gives the directories to stack. Overlayfs refuses to have one of them twice; the upper one
// wins over all that the lower one could add, so the lower one is left out. And it has no notion of a layer
// whose root is opaque (it always merges the roots), so that what lies below one is left out too.
func (s *Store) layerDirs(diffIDs []Digest) []string {
	var dirs []string
	for i := len(diffIDs) - 1; i >= 0; i-- {
		if slices.Contains(diffIDs[i+1:], diffIDs[i]) {
			continue
		}
		dir := s.layerPath(diffIDs[i], "fs")
		dirs = append(dirs, dir)
		var opaque [1]byte
		if n, _ := unix.Lgetxattr(dir, "trusted.overlay.opaque", opaque[:]); n == 1 && opaque[0] == 'y' {
			break
		}
	}
	slices.Reverse(dirs)
	return dirs
}

// Hold keeps an image from being removed.
type Hold struct{ f *os.File }

// Hold keeps the image in the store until Close, or until the process ends. The descriptor is close-on-exec. If the
// image was removed since it was looked up, the error is ErrNotFound.
func (img *Image) Hold() (*Hold, error) {
	f, err := openLocked(img.path, unix.LOCK_SH)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(img.ID.Short())
	}
	if err != nil {
		return nil, fmt.Errorf("hold image %s: %w", img.ID.Short(), err)
	}
	if !isAt(f, img.path) {
		f.Close()
		return nil, notFound(img.ID.Short())
	}
	return &Hold{f}, nil
}

// Close ends the hold.
func (h *Hold) Close() error { return h.f.Close() }

func (s *Store) imagePath(id Digest) string { return s.path(imagesDir, id.Hex()) }

// refPath spells a reference as a path. A ':' or '@' is in every file's name and, the host aside, in
// no directory's, so no reference is in the way of another one.
func (s *Store) refPath(r Reference) string { return s.path(refsDir, r.String()) }

func notFound(name string) error {
	return fmt.Errorf("image %s: %w; pull, load or import it first (`weir images` lists what is there)", name, ErrNotFound)
}

// resolve finds the image ID that name stands for.
func (s *Store) resolve(name string) (Digest, error) {
	if id, err := ParseDigest(name); err == nil {
		return id, nil
	}
	ref, refErr := ParseReference(name)
	if refErr == nil {
		id, err := s.readRef(s.refPath(ref))
		if !errors.Is(err, fs.ErrNotExist) {
			return id, err
		}
	}
	prefix := strings.TrimPrefix(name, digestPrefix)
	if prefix == "" || len(prefix) > 64 || !isHex(prefix) {
		if refErr != nil {
			return "", refErr
		}
		return "", notFound(name)
	}
	return s.resolvePrefix(name, prefix)
}

func (s *Store) resolvePrefix(name, prefix string) (Digest, error) {
	files, err := os.ReadDir(s.path(imagesDir))
	if err != nil {
		return "", err
	}
	var found []string
	for _, f := range files {
		if strings.HasPrefix(f.Name(), prefix) {
			found = append(found, f.Name())
		}
	}
	switch len(found) {
	case 0:
		return "", notFound(name)
	case 1:
		return Digest(digestPrefix + found[0]), nil
	}
	return "", fmt.Errorf("image %s: %w: %d images begin so, give more digits", name, ErrAmbiguous, len(found))
}

func (s *Store) readRef(path string) (Digest, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, unix.ENAMETOOLONG) {
		return "", fs.ErrNotExist // writing it would have failed, too
	}
	if err != nil {
		return "", err
	}
	id, err := ParseDigest(strings.TrimSpace(string(b)))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return id, nil
}
