package image

import (
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
		return "", err
	}
	defer unlock()
	id := DigestOf(config)
	if _, err := os.Lstat(s.imagePath(id)); err != nil { // an image is never written twice: it may be held
		if err := s.writeFile(s.imagePath(id), config); err != nil {
			return "", err
		}
	}
	if ref == nil {
		return id, nil
	}
	path := s.refPath(*ref)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return id, s.writeFile(path, []byte(id+"\n"))
}
