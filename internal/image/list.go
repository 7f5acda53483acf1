package image

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Summary is one line of `weir images`.
type Summary struct {
	Ref        string // the full reference; empty for an image without one
	Repository string // as people write it; "<none>" without a reference
	Tag        string // "<none>" without one
	Digest     Digest // set if the reference has one
	ID         Digest
	Created    time.Time // by its maker's word; zero if it says nothing
	Size       int64     // bytes of regular files, layers that are shared with other images included
}

// Images lists the images by repository, tag, digest and ID: one entry a reference, and one for each image that
// has none.
func (s *Store) Images() ([]Summary, error) {
	refs, err := s.refs()
	if err != nil {
		return nil, err
	}
	files, err := os.ReadDir(s.path(imagesDir))
	if err != nil {
		return nil, err
	}
	var list []Summary
	for _, f := range files {
		id := Digest(digestPrefix + f.Name())
		sum, err := s.summary(id)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		named := false
		for _, r := range refs {
			if r.id == id {
				named = true
				sum.Ref, sum.Repository, sum.Tag, sum.Digest = r.ref.String(), r.ref.FamiliarRepository(), cmp.Or(r.ref.Tag, none), r.ref.Digest
				list = append(list, sum)
			}
		}
		if !named {
			sum.Repository, sum.Tag = none, none
			list = append(list, sum)
		}
	}
	slices.SortFunc(list, func(a, b Summary) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

const none = "<none>"

// summary reads what an image is, whatever it is called.
func (s *Store) summary(id Digest) (sum Summary, err error) {
	b, err := os.ReadFile(s.imagePath(id))
	if err != nil {
		return sum, err
	}
	c, err := ParseConfig(b)
	if err != nil {
		return sum, err
	}
	sum.ID, sum.Created = id, c.Created
	for _, d := range c.RootFS.DiffIDs {
		n, err := s.layerSize(d)
		if err != nil {
			return sum, err
		}
		sum.Size += n
	}
	return sum, nil
}

type namedImage struct {
	ref Reference
	id  Digest
}

// refs reads all references.
func (s *Store) refs() ([]namedImage, error) {
	var refs []namedImage
	top := s.path(refsDir)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil || d.IsDir() {
			return err
		}
		ref, err := ParseReference(path[len(top)+1:])
		if err != nil {
			return err
		}
		id, err := s.readRef(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		refs = append(refs, namedImage{ref, id})
		return err
	})
	return refs, err
}
