package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Removed is what Remove did, in Docker's words: names that no longer stand for an image, images and layers that
// are gone.
type Removed struct {
	Untagged []string
	Deleted  []Digest
}

// Remove removes what name stands for. A reference is untagged; with its last reference the image
// goes, and with their last image its layers. An image ID untags and removes at once, if the image has at
// most one reference. An image that a container runs on is left as it is, and the error is ErrInUse.
func (s *Store) Remove(name string) (Removed, error) {
	unlock, err := s.lock()
	if err != nil {
		return Removed{}, err
	}
	removed, doomed, err := s.removeLocked(name)
	unlock()
	// The layers are out of sight by now; emptying them takes its time, and nobody has to wait for it.
	for _, c := range doomed {
		err = errors.Join(err, c.release())
	}
	return removed, err
}

func (s *Store) removeLocked(name string) (removed Removed, doomed []*claim, err error) {
	id, err := s.resolve(name)
	if err != nil {
		return removed, nil, err
	}
	names, err := s.refs()
	if err != nil {
		return removed, nil, err
	}
	names = slices.DeleteFunc(names, func(n namedImage) bool { return n.id != id })
	if ref, err := ParseReference(name); err == nil {
		is := func(n namedImage) bool { return n.ref == ref }
		if slices.ContainsFunc(names, is) && len(names) > 1 {
			removed.Untagged = []string{ref.Familiar()}
			return removed, nil, s.untag(ref)
		}
	}
	if len(names) > 1 {
		var all []string
		for _, n := range names {
			all = append(all, n.ref.Familiar())
		}
		return removed, nil, fmt.Errorf("image %s has several names; remove them one by one: %s", name, strings.Join(all, " "))
	}

	path := s.imagePath(id)
	f, err := openLocked(path, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return removed, nil, fmt.Errorf("image %s: %w: a container runs on it; stop that first", name, ErrInUse)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return removed, nil, notFound(name)
	}
	if err != nil {
		return removed, nil, err
	}
	defer f.Close()
	// The reference goes first: one that stands for nothing would be worse than an image without one.
	for _, n := range names {
		if err := s.untag(n.ref); err != nil {
			return removed, nil, err
		}
		removed.Untagged = append(removed.Untagged, n.ref.Familiar())
	}
	if err := os.Remove(path); err != nil {
		return removed, nil, err
	}
	removed.Deleted = append(removed.Deleted, id)
	layers, doomed, err := s.takeUnused()
	removed.Deleted = append(removed.Deleted, layers...)
	return removed, doomed, err
}

// untag removes a reference and the directories that only it needed.
func (s *Store) untag(r Reference) error {
	path := s.refPath(r)
	if err := os.Remove(path); err != nil {
		return err
	}
	for dir := filepath.Dir(path); dir != s.path(refsDir); dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			break // another reference is in it
		}
	}
	return nil
}

// takeUnused moves the layers that no image has to tmp/, claimed. Layers that some process holds for an image
// that it is about to commit stay.
func (s *Store) takeUnused() (taken []Digest, claims []*claim, err error) {
	used, err := s.usedLayers()
	if err != nil {
		return nil, nil, err
	}
	dirs, err := os.ReadDir(s.path(layersDir))
	if err != nil {
		return nil, nil, err
	}
	for _, d := range dirs {
		if used[d.Name()] {
			continue
		}
		dir, err := openLocked(s.path(layersDir, d.Name()), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) {
			continue
		}
		if err != nil {
			return taken, claims, err
		}
		// The lock moves along with the directory and makes it a claim there.
		path := s.path(tmpDir, randomName())
		if err := os.Rename(dir.Name(), path); err != nil {
			dir.Close()
			return taken, claims, err
		}
		taken = append(taken, Digest(digestPrefix+d.Name()))
		claims = append(claims, &claim{path, dir})
	}
	return taken, claims, nil
}

// usedLayers tells which layers some image has, by the hex digits of their diff IDs.
func (s *Store) usedLayers() (map[string]bool, error) {
	files, err := os.ReadDir(s.path(imagesDir))
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, f := range files {
		b, err := os.ReadFile(s.path(imagesDir, f.Name()))
		if err != nil {
			return nil, err
		}
		c, err := ParseConfig(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		for _, d := range c.RootFS.DiffIDs {
			used[d.Hex()] = true
		}
	}
	return used, nil
}
