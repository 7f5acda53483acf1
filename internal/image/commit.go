package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Commit makes an image of its configuration and its layers, which the caller holds, and lets ref, if there is
// one, stand for it.
func (s *Store) Commit(ref *Reference, config []byte, layers []*Layer) (Digest, error) {
	c, err := ParseConfig(config)
	if err != nil {
		return "", err
	}
	held := func(id Digest) bool {
		return slices.ContainsFunc(layers, func(l *Layer) bool { return l.DiffID == id })
	}
	for i, id := range c.RootFS.DiffIDs {
		if !held(id) {
			return "", fmt.Errorf("image configuration: rootfs.diff_ids[%d]: layer %s is not among those that came with it", i, id)
		}
	}
	unlock, err := s.lock()
	if err != nil {
		return "", advise(err)
	}
	defer unlock()
	id := DigestOf(config)
	path := s.imagePath(id)
	_, _, err = s.config(id)
	missing := err != nil
	if missing { // a whole image is never written twice: it may be held
		if err := s.writeFile(path, config); err != nil {
			return "", advise(err)
		}
	}
	if ref == nil {
		return id, nil
	}
	if err := s.writeRef(*ref, id); err != nil {
		if missing {
			err = errors.Join(err, os.Remove(path))
		}
		return "", advise(err)
	}
	return id, nil
}

func (s *Store) writeRef(ref Reference, id Digest) error {
	path := s.refPath(ref)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return s.writeFile(path, []byte(id+"\n"))
}
