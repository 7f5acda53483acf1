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

// Removed is what Remove and Prune did, in Docker's words: names that no longer stand for an image, images
// and layers that are gone.
type Removed struct {
	Untagged []string
	Deleted  []Digest
	Freed    int64 // bytes of the regular files of the layers
}

// Remove removes what name stands for. A reference is untagged; with its last reference the image
// goes, and with their last image its layers. A reference with a digest goes along with the last tag of its
// repository. An image ID untags and removes at once, if the image has at most one tag, or all of them
// with force. An image that a container runs on is left as it is, and the error is ErrInUse.
func (s *Store) Remove(name string, force bool) (Removed, error) {
	return s.removing(func(r *removal) error { return r.name(name, force) })
}

// Prune removes the images that have no tag, or all of them, but for those that a container runs on; the layers
// that no image has and beginnings of blobs, which a pull that was cut off leaves; and references to images that are not
// there. With all, profiles go, too.
func (s *Store) Prune(all bool) (Removed, error) {
	removed, err := s.removing(func(r *removal) error { return r.prune(all) })
	// Open does the same, and does not fail if it cannot.
	return removed, errors.Join(err, s.sweep(tmpDir, remove), s.sweepScratch(nil), s.removePartials(0))
}

// DropLayers removes the layers that no image has, and beginnings of blobs. It is for a pull that the disk had no
// room for: others keep what they have, for the next try.
func (s *Store) DropLayers() error {
	_, err := s.removing((*removal).unusedLayers)
	return errors.Join(err, s.removePartials(0))
}

// A removal is Remove or Prune under way, with the lock held.
type removal struct {
	s      *Store
	done   Removed
	names  []namedImage // all references that are not damaged
	doomed []*claim     // layers that are out of sight, to be emptied
}

func (s *Store) removing(what func(*removal) error) (Removed, error) {
	unlock, err := s.lock()
	if err != nil {
		return Removed{}, advise(err)
	}
	r := &removal{s: s}
	err = what(r)
	unlock()
	// To empty the layers takes its time, and nobody has to wait for it.
	for _, c := range r.doomed {
		err = errors.Join(err, c.release())
	}
	return r.done, advise(err)
}

func (r *removal) name(name string, force bool) (err error) {
	if r.names, err = r.s.refs(); err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	id, err := r.s.resolve(name)
	if errors.Is(err, ErrDamaged) {
		ref, err := ParseReference(name)
		if err != nil {
			return err
		}
		return r.untag(ref)
	}
	if err != nil {
		return err
	}
	names, err := r.going(id, name, force)
	if err != nil {
		return err
	}
	if len(names) < len(r.namesOf(id)) {
		return r.untag(names...)
	}
	if err := r.image(id, names); err != nil {
		return fmt.Errorf("image %s: %w", name, err)
	}
	return r.unusedLayers()
}

func (r *removal) namesOf(id Digest) []Reference {
	var names []Reference
	for _, n := range r.names {
		if n.id == id {
			names = append(names, n.ref)
		}
	}
	return names
}

// going tells which names of an image go when it is removed by name.
func (r *removal) going(id Digest, name string, force bool) ([]Reference, error) {
	all := r.namesOf(id)
	ref, err := ParseReference(name)
	if err == nil && slices.Contains(all, ref) {
		lastTag := !slices.ContainsFunc(all, func(o Reference) bool {
			return o.Repository() == ref.Repository() && o.Tag != "" && o != ref
		})
		return slices.DeleteFunc(all, func(o Reference) bool {
			return o != ref && (o.Repository() != ref.Repository() || o.Digest == "" || ref.Digest != "" || !lastTag)
		}), nil
	}
	tags := 0
	var spelled []string
	for _, n := range all {
		spelled = append(spelled, n.Familiar())
		if n.Tag != "" {
			tags++
		}
	}
	if tags > 1 && !force {
		return nil, fmt.Errorf("image %s has several names; remove them one by one, or all with -f: %s", name, strings.Join(spelled, " "))
	}
	return all, nil
}

// image removes an image and these names, all that it has.
func (r *removal) image(id Digest, names []Reference) error {
	path := r.s.imagePath(id)
	f, err := openLocked(path, unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return fmt.Errorf("%w: a container runs on it; stop that first", ErrInUse)
	case errors.Is(err, fs.ErrNotExist):
		return r.untag(names...)
	case err != nil:
		return err
	}
	defer f.Close()
	// The references go first: one that stands for nothing would be worse than an image without one.
	if err := r.untag(names...); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	r.done.Deleted = append(r.done.Deleted, id)
	return syncDir(filepath.Dir(path)) // before its layers
}

// untag removes references.
func (r *removal) untag(refs ...Reference) error {
	for _, ref := range refs {
		path := r.s.refPath(ref)
		if err := errors.Join(os.Remove(path), syncDir(filepath.Dir(path))); err != nil {
			return err
		}
		r.done.Untagged = append(r.done.Untagged, ref.Familiar())
		for dir := filepath.Dir(path); dir != r.s.path(refsDir); dir = filepath.Dir(dir) {
			if os.Remove(dir) != nil {
				break // another reference is in it
			}
		}
	}
	return nil
}

func (r *removal) prune(all bool) (err error) {
	// What a damaged reference stands for is not known, and must not pass for an image without a tag.
	if r.names, err = r.s.refs(); err != nil {
		return err
	}
	ids, err := r.s.ids()
	if err != nil {
		return err
	}
	for _, id := range ids {
		names := r.namesOf(id)
		if !all && slices.ContainsFunc(names, func(r Reference) bool { return r.Tag != "" }) {
			continue
		}
		if err := r.image(id, names); err != nil && !errors.Is(err, ErrInUse) {
			return err
		}
	}
	for _, n := range r.names {
		if !slices.Contains(ids, n.id) {
			if err := r.untag(n.ref); err != nil {
				return err
			}
		}
	}
	if all {
		if err := os.RemoveAll(r.s.path(contentDir)); err != nil {
			return err
		}
	}
	return r.unusedLayers()
}

// unusedLayers moves the layers that no image has to tmp/, claimed. Layers that some process holds for an image
// that it is about to commit stay.
func (r *removal) unusedLayers() error {
	used, err := r.s.usedLayers()
	if err != nil {
		return fmt.Errorf("layers stay, since it is not known which of them are in use: %w", err)
	}
	dirs, err := os.ReadDir(r.s.path(layersDir))
	if err != nil {
		return err
	}
	for _, d := range dirs {
		id, err := ParseDigest(digestPrefix + d.Name())
		if err != nil || used[id] {
			continue
		}
		dir, err := openLocked(r.s.layerPath(id), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) {
			continue
		}
		if err != nil {
			return err
		}
		size, _ := r.s.layerSize(id) // of a damaged one nobody knows
		// The lock moves along with the directory and makes it a claim there.
		path := r.s.path(tmpDir, randomName())
		if err := os.Rename(dir.Name(), path); err != nil {
			dir.Close()
			return err
		}
		r.doomed = append(r.doomed, &claim{path, dir})
		r.done.Deleted = append(r.done.Deleted, id)
		r.done.Freed += size
	}
	return nil
}

// usedLayers tells which layers some image has.
func (s *Store) usedLayers() (map[Digest]bool, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	used := map[Digest]bool{}
	for _, id := range ids {
		c, _, err := s.config(id)
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", id.Short(), err)
		}
		for _, d := range c.RootFS.DiffIDs {
			used[d] = true
		}
	}
	return used, nil
}
