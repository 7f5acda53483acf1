package transfer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/weir-dev/weir/internal/image"
)

// entry is an image in an archive or a directory, by its table of contents.
type entry struct {
	refs  []string // full names
	label string   // what else it is called: a tag alone, in an OCI layout
	parts func(ctx context.Context) (config []byte, blobs []blob, err error)
}

func (e entry) String() string {
	return cmp.Or(strings.Join(e.refs, " "), e.label, "without a name")
}

func (e entry) is(name string) bool {
	if e.label == name {
		return true
	}
	want, err := image.ParseReference(name)
	return err == nil && slices.ContainsFunc(e.refs, func(s string) bool {
		ref, err := image.ParseReference(s)
		return err == nil && ref == want
	})
}

// load brings the image into the store.
func (e entry) load(ctx context.Context, s *image.Store, o Options) (l Loaded, err error) {
	for _, name := range e.refs {
		ref, err := image.ParseReference(name)
		if err != nil {
			return l, err
		}
		l.Refs = append(l.Refs, ref)
	}
	config, blobs, err := e.parts(ctx)
	if err != nil {
		return l, err
	}
	l.ID, err = commit(ctx, s, l.Refs, config, blobs, o)
	return l, err
}

// list reads the table of contents of an archive.
func list(f files, want Platform) ([]entry, error) {
	switch {
	case f.has("manifest.json"): // since version 25, Docker writes both; its own names the tags
		return listDocker(f)
	case f.has("index.json"):
		return listLayout(f, want)
	}
	return nil, errors.New("no image archive: it has neither manifest.json (docker save) nor index.json (OCI); a root file system goes in by weir import")
}

// listDocker reads manifest.json. It has no digests: the configuration's diff IDs are what layers are held against.
func listDocker(f files) ([]entry, error) {
	b, err := read(f, "manifest.json")
	if err != nil {
		return nil, err
	}
	var images []dockerImage
	if err := json.Unmarshal(b, &images); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	var entries []entry
	for _, img := range images {
		entries = append(entries, entry{refs: img.RepoTags, parts: func(context.Context) ([]byte, []blob, error) { return img.parts(f) }})
	}
	return entries, nil
}

type dockerImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func (img dockerImage) parts(f files) (config []byte, blobs []blob, err error) {
	if config, err = read(f, img.Config); err != nil {
		return nil, nil, err
	}
	c, err := image.ParseConfig(config)
	if err != nil {
		return nil, nil, err
	}
	blobs = make([]blob, len(img.Layers))
	for i, file := range img.Layers {
		name := file
		if i < len(c.RootFS.DiffIDs) {
			name = string(c.RootFS.DiffIDs[i])
		}
		if blobs[i], err = blobOf(f, file, name, ""); err != nil {
			return nil, nil, err
		}
	}
	return config, blobs, nil
}

// listLayout reads index.json: image-spec, image-layout.md.
func listLayout(f files, want Platform) ([]entry, error) {
	b, err := read(f, "index.json")
	if err != nil {
		return nil, err
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(b, &index); err != nil {
		return nil, fmt.Errorf("index.json: %w", err)
	}
	var entries []entry
	for _, d := range onePlatform(index.Manifests, want) {
		e := entry{label: labelOf(d), parts: func(ctx context.Context) ([]byte, []blob, error) {
			l := layout{f}
			body, err := l.document(ctx, d)
			if err != nil {
				return nil, nil, err
			}
			return assemble(ctx, l, d.MediaType, body, want)
		}}
		// By the specification a label is any string: tools put the full name there, or a tag alone, which names nothing.
		if strings.ContainsAny(e.label, "/:") {
			e.refs = []string{e.label}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func labelOf(d v1.Descriptor) string {
	return cmp.Or(d.Annotations["io.containerd.image.name"], d.Annotations["org.opencontainers.image.ref.name"])
}

// onePlatform leaves out those of several manifests of one label that are for another platform than the best of
// them.
func onePlatform(list []v1.Descriptor, want Platform) []v1.Descriptor {
	var kept []v1.Descriptor
	for _, d := range list {
		same := slices.DeleteFunc(slices.Clone(list), func(e v1.Descriptor) bool { return labelOf(e) != labelOf(d) })
		best, err := chooseManifest(want, same)
		if d.Platform == nil || err != nil || platformOf(d) == platformOf(same[best]) {
			kept = append(kept, d)
		}
	}
	return kept
}
