package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/layer"
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
	c, _, err := s.config(id)
	var dirs []string
	if err == nil {
		dirs, err = s.layerDirs(id, c.RootFS.DiffIDs)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(name)
	}
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", name, err)
	}
	if err := s.checkOwners(name, c.RootFS.DiffIDs); err != nil {
		return nil, err
	}
	return &Image{
		ID:           id,
		OS:           c.OS,
		Architecture: c.Architecture,
		Variant:      c.Variant,
		Config:       c.Config,
		LayerDirs:    dirs,
		path:         s.imagePath(id),
	}, nil
}

// config reads an image's configuration, also as it was written. One that is not there is fs.ErrNotExist, one
// whose bytes are not those of its ID is ErrDamaged.
func (s *Store) config(id Digest) (*ConfigFile, []byte, error) {
	path := s.imagePath(id)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if got := DigestOf(b); got != id {
		return nil, nil, damagedImage(id, "%s: its digest is %s", path, got)
	}
	c, err := ParseConfig(b)
	return c, b, err
}

// missingLayer is the error of an image without one of its layers: fs.ErrNotExist if the whole image was removed
// meanwhile.
func (s *Store) missingLayer(id, diffID Digest) error {
	if _, err := os.Lstat(s.imagePath(id)); err != nil {
		return err
	}
	return damagedImage(id, "%s: no such layer, or a part of it is missing", s.layerPath(diffID))
}

// damagedImage says what is wrong with an image, and what to do.
func damagedImage(id Digest, format string, args ...any) error {
	return fmt.Errorf("%w: %s; `weir rmi %s` removes the image, then pull, load or import it again", ErrDamaged, fmt.Sprintf(format, args...), id.Short())
}

// layerDirs gives the directories to stack. Overlayfs refuses to have one of them twice; the upper one
// wins over all that the lower one could add, so the lower one is left out. And it has no notion of a layer
// whose root is opaque (it always merges the roots), so that what lies below one is left out too.
func (s *Store) layerDirs(id Digest, diffIDs []Digest) ([]string, error) {
	var dirs []string
	for i := len(diffIDs) - 1; i >= 0; i-- {
		if slices.Contains(diffIDs[i+1:], diffIDs[i]) {
			continue
		}
		dir := s.layerPath(diffIDs[i], "fs")
		dirs = append(dirs, dir)
		var opaque [1]byte
		n, err := unix.Lgetxattr(dir, layer.OpaqueXattr(s.mapped != nil), opaque[:])
		if err == unix.ENOENT {
			return nil, s.missingLayer(id, diffIDs[i])
		}
		if n == 1 && opaque[0] == 'y' {
			break
		}
	}
	slices.Reverse(dirs)
	return dirs, nil
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
	ids, err := s.ids()
	if err != nil {
		return "", err
	}
	ids = slices.DeleteFunc(ids, func(id Digest) bool { return !strings.HasPrefix(id.Hex(), prefix) })
	switch len(ids) {
	case 0:
		return "", notFound(name)
	case 1:
		return ids[0], nil
	}
	return "", fmt.Errorf("image %s: %w: %d images begin so, give more digits", name, ErrAmbiguous, len(ids))
}

// ids lists all images.
func (s *Store) ids() ([]Digest, error) {
	files, err := os.ReadDir(s.path(imagesDir))
	if err != nil {
		return nil, err
	}
	var ids []Digest
	for _, f := range files {
		if id, err := ParseDigest(digestPrefix + f.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
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
		return "", fmt.Errorf("%w reference: %s: %w; pull, load or import it again, or `weir rmi %[4]s` removes it", ErrDamaged, path, err, path[len(s.path(refsDir))+1:])
	}
	return id, nil
}
