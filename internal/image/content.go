package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// contentDir has small documents, each by its digest: profiles and their manifests. It is made when it is first needed.
const contentDir = "content"

// Content gives the document with this digest, which is checked again: these decide what containers may do. An error that
// is fs.ErrNotExist says that the store does not have it.
func (s *Store) Content(d Digest) ([]byte, error) {
	path := s.path(contentDir, d.Hex())
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if got := DigestOf(b); got != d {
		return nil, fmt.Errorf("%s: wrong digest: got %s", path, got)
	}
	return b, nil
}

// AddContent keeps a document.
func (s *Store) AddContent(b []byte) (Digest, error) {
	d := DigestOf(b)
	if _, err := s.Content(d); err == nil {
		return d, nil
	}
	unlock, err := s.lock()
	if err != nil {
		return "", advise(err)
	}
	defer unlock()
	if err := os.Mkdir(s.path(contentDir), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", advise(err)
	}
	return d, advise(s.writeFile(s.path(contentDir, d.Hex()), b))
}
