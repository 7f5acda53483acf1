package image

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
// has none. A digest is left out where the image has a tag in the same repository. What is damaged is left out
// too, and the error, beside the list, says so.
func (s *Store) Images() ([]Summary, error) {
	refs, damaged := s.refs()
	if damaged != nil && !errors.Is(damaged, ErrDamaged) {
		return nil, damaged
	}
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	var list []Summary
	for _, id := range ids {
		d, err := s.details(id, refs)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			damaged = errors.Join(damaged, err)
			continue
		}
		list = append(list, d.summaries()...)
	}
	slices.SortFunc(list, func(a, b Summary) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.ID, b.ID))
	})
	return list, damaged
}

const none = "<none>"

// Details are all that the store knows of an image.
type Details struct {
	ID     Digest
	Refs   []Reference // in order, those with a tag and those with a digest
	File   *ConfigFile
	Config json.RawMessage // File.Config as it was written, with what weir has no use for; nil if there was none
	Size   int64           // as in Summary
}

// Inspect tells all about the image that name stands for.
func (s *Store) Inspect(name string) (*Details, error) {
	id, err := s.resolve(name)
	if err != nil {
		return nil, err
	}
	refs, err := s.refs()
	if err != nil && !errors.Is(err, ErrDamaged) { // those of other images may be
		return nil, err
	}
	d, err := s.details(id, refs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(name)
	}
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", name, err)
	}
	return d, nil
}

func (s *Store) details(id Digest, refs []namedImage) (*Details, error) {
	c, b, err := s.config(id)
	if err != nil {
		return nil, err
	}
	var raw struct{ Config json.RawMessage }
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, err
	}
	d := &Details{ID: id, File: c, Config: raw.Config}
	for _, r := range refs {
		if r.id == id {
			d.Refs = append(d.Refs, r.ref)
		}
	}
	for _, l := range c.RootFS.DiffIDs {
		n, err := s.layerSize(l)
		if errors.Is(err, fs.ErrNotExist) {
			err = s.missingLayer(id, l)
		}
		if err != nil {
			return nil, err
		}
		d.Size += n
	}
	return d, nil
}

// summaries are the lines of `weir images` for this image.
func (d *Details) summaries() []Summary {
	var list []Summary
	for _, r := range d.Refs {
		tagged := func(o Reference) bool { return o.Tag != "" && o.Repository() == r.Repository() }
		if r.Digest != "" && slices.ContainsFunc(d.Refs, tagged) {
			continue
		}
		list = append(list, Summary{r.String(), r.FamiliarRepository(), cmp.Or(r.Tag, none), r.Digest, d.ID, d.File.Created, d.Size})
	}
	if len(list) == 0 {
		list = append(list, Summary{"", none, none, "", d.ID, d.File.Created, d.Size})
	}
	return list
}

type namedImage struct {
	ref Reference
	id  Digest
}

// refs reads all references, in order. Damaged ones are left out; beside the list, the error says so.
func (s *Store) refs() ([]namedImage, error) {
	var refs []namedImage
	top := s.path(refsDir)
	var damaged error
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil || d.IsDir() {
			return err
		}
		name := path[len(top)+1:]
		ref, err := ParseReference(name)
		if err != nil || ref.String() != name {
			return nil // nothing of weir's
		}
		id, err := s.readRef(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case errors.Is(err, ErrDamaged):
			damaged = errors.Join(damaged, err)
			return nil
		}
		refs = append(refs, namedImage{ref, id})
		return err
	})
	if err != nil {
		return nil, err
	}
	return refs, damaged
}
