package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/weir-dev/weir/internal/image"
)

// Loaded is an image that an archive held.
type Loaded struct {
	Refs []image.Reference // none if the archive gave it no name
	ID   image.Digest
}

// Load reads all images of an archive as docker save and skopeo write them: docker-archive or OCI layout, the tar
// as it is or compressed. An *os.File that is a plain tar is read where it lies. Beside an error are the images that
// went in before it.
func Load(ctx context.Context, s *image.Store, r io.Reader, o Options) ([]Loaded, error) {
	loaded, err := load(ctx, s, r, o)
	if err != nil {
		from := "archive"
		if f, ok := r.(*os.File); ok {
			from = f.Name()
		}
		err = fmt.Errorf("load %s: %w", from, explain(err))
	}
	return loaded, err
}

func load(ctx context.Context, s *image.Store, r io.Reader, o Options) ([]Loaded, error) {
	a, err := openArchive(s, r)
	if err != nil {
		return nil, err
	}
	defer a.close()
	entries, err := list(a, o.platform())
	if err != nil {
		return nil, err
	}
	var loaded []Loaded
	for i, e := range entries {
		l, err := e.load(ctx, s, o)
		if err != nil {
			return loaded, fmt.Errorf("image %d of %d (%s): %w", i+1, len(entries), e, err)
		}
		loaded = append(loaded, l)
	}
	return loaded, nil
}

// PullLocal brings in the image that l names. With named, the names that it has in its archive stand for it from now
// on, as with Load.
func PullLocal(ctx context.Context, s *image.Store, l image.Local, named bool, o Options) (image.Digest, error) {
	id, err := pullLocal(ctx, s, l, named, o)
	if err != nil {
		return "", fmt.Errorf("pull %s: %w", l, explain(err))
	}
	return id, nil
}

func pullLocal(ctx context.Context, s *image.Store, l image.Local, named bool, o Options) (image.Digest, error) {
	entries, closeFiles, err := listLocal(s, l, o.platform())
	if err != nil {
		return "", err
	}
	defer closeFiles()
	e, err := pick(entries, l.Name)
	if err != nil {
		return "", err
	}
	if !named {
		e.refs = nil
	}
	loaded, err := e.load(ctx, s, o)
	return loaded.ID, err
}

func listLocal(s *image.Store, l image.Local, want Platform) (entries []entry, closeFiles func(), err error) {
	if l.Archive {
		f, err := os.Open(l.Path)
		if err != nil {
			return nil, nil, err
		}
		defer f.Close()
		a, err := openArchive(s, f)
		if err != nil {
			return nil, nil, err
		}
		if entries, err = list(a, want); err != nil {
			a.close()
		}
		return entries, a.close, err
	}
	root, err := os.OpenRoot(l.Path)
	if err != nil {
		return nil, nil, err
	}
	d := directory{root}
	if !d.has("index.json") {
		err = errors.New("no OCI layout: the directory has no index.json")
	} else {
		entries, err = listLayout(d, want)
	}
	if err != nil {
		root.Close()
	}
	return entries, func() { root.Close() }, err
}

// pick finds the one image of that name, or the only one there is.
func pick(entries []entry, name string) (entry, error) {
	var found []entry
	var all []string
	for _, e := range entries {
		all = append(all, e.String())
		if name == "" || e.is(name) {
			found = append(found, e)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(all) == 0:
		return entry{}, errors.New("it has no image")
	case name == "" || len(found) > 1:
		return entry{}, fmt.Errorf("it has %d images; add the name of one: %s", len(all), strings.Join(all, ", "))
	}
	return entry{}, fmt.Errorf("it has no image of that name; it has %s", strings.Join(all, ", "))
}
