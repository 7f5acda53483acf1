package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/weir-dev/weir/internal/image"
)

// Loaded is an image that an archive held.
type Loaded struct {
	Ref *image.Reference // nil if the archive gave it no name
	ID  image.Digest
}

// Load reads all images of an archive as docker save and skopeo write them: docker-archive or OCI layout, the tar
// as it is or compressed. An *os.File that is a plain tar is read where it lies.
func Load(ctx context.Context, s *image.Store, r io.Reader, o Options) ([]Loaded, error) {
	loaded, err := load(ctx, s, r, o)
	if err != nil {
		from := "archive"
		if f, ok := r.(*os.File); ok {
			from = f.Name()
		}
		return nil, fmt.Errorf("load %s: %w", from, explain(err))
	}
	return loaded, nil
}

func load(ctx context.Context, s *image.Store, r io.Reader, o Options) ([]Loaded, error) {
	a, err := openArchive(s, r)
	if err != nil {
		return nil, err
	}
	defer a.close()
	l := &loader{ctx, s, a, o, nil}
	switch {
	case a.has("manifest.json"): // since version 25, Docker writes both; its own names the tags
		err = l.dockerArchive()
	case a.has("index.json"):
		err = l.ociLayout()
	default:
		err = errors.New("no image archive: it has neither manifest.json (docker save) nor index.json (OCI); a root file system goes in by weir import")
	}
	return l.loaded, err
}

type loader struct {
	ctx context.Context
	s   *image.Store
	a   *archive
	o   Options

	loaded []Loaded
}

// dockerArchive loads what manifest.json names. Its file has no digests: the configuration's diff IDs are what
// layers are held against.
func (l *loader) dockerArchive() error {
	var images []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	b, err := l.a.read("manifest.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &images); err != nil {
		return fmt.Errorf("manifest.json: %w", err)
	}
	for i, img := range images {
		if err := l.dockerImage(img.Config, img.RepoTags, img.Layers); err != nil {
			return fmt.Errorf("image %d of %d (%s): %w", i+1, len(images), strings.Join(img.RepoTags, " "), err)
		}
	}
	return nil
}

func (l *loader) dockerImage(configFile string, tags, layers []string) error {
	config, err := l.a.read(configFile)
	if err != nil {
		return err
	}
	c, err := image.ParseConfig(config)
	if err != nil {
		return err
	}
	blobs := make([]blob, len(layers))
	for i, file := range layers {
		name := file
		if i < len(c.RootFS.DiffIDs) {
			name = string(c.RootFS.DiffIDs[i])
		}
		if blobs[i], err = l.a.blobOf(file, name, ""); err != nil {
			return err
		}
	}
	return l.commit(config, blobs, tags)
}

// commit makes the image under all its names, or under none.
func (l *loader) commit(config []byte, blobs []blob, names []string) error {
	refs := []*image.Reference{}
	for _, name := range names {
		ref, err := image.ParseReference(name)
		if err != nil {
			return err
		}
		refs = append(refs, &ref)
	}
	if len(refs) == 0 {
		refs = append(refs, nil)
	}
	for _, ref := range refs {
		id, err := commit(l.ctx, l.s, ref, config, blobs, l.o)
		if err != nil {
			return err
		}
		l.loaded = append(l.loaded, Loaded{ref, id})
	}
	return nil
}

// ociLayout loads what index.json names: image-spec, image-layout.md.
func (l *loader) ociLayout() error {
	b, err := l.a.read("index.json")
	if err != nil {
		return err
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(b, &index); err != nil {
		return fmt.Errorf("index.json: %w", err)
	}
	for _, d := range l.onePlatform(index.Manifests) {
		if err := l.ociImage(d, d); err != nil {
			return fmt.Errorf("manifest %s: %w", d.Digest, err)
		}
	}
	return nil
}

// onePlatform leaves out those of several manifests by one name that are for another platform than the best of
// them.
func (l *loader) onePlatform(list []v1.Descriptor) []v1.Descriptor {
	var kept []v1.Descriptor
	for _, d := range list {
		same := slices.DeleteFunc(slices.Clone(list), func(e v1.Descriptor) bool { return nameOf(e) != nameOf(d) })
		best, err := chooseManifest(l.o.platform(), same)
		if d.Platform == nil || err != nil || platformOf(d) == platformOf(same[best]) {
			kept = append(kept, d)
		}
	}
	return kept
}

// ociImage loads the image that d is, or leads to. named is the descriptor in index.json, whose annotations have the
// name.
func (l *loader) ociImage(d, named v1.Descriptor) error {
	b, err := l.readBlob(d)
	if err != nil {
		return err
	}
	if d.MediaType.IsIndex() {
		var index v1.IndexManifest
		if err := json.Unmarshal(b, &index); err != nil {
			return err
		}
		i, err := chooseManifest(l.o.platform(), index.Manifests)
		if err != nil {
			return err
		}
		return l.ociImage(index.Manifests[i], named)
	}
	if !d.MediaType.IsImage() {
		return fmt.Errorf("it is of type %s, which weir does not read", d.MediaType)
	}
	var m v1.Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	config, err := l.readBlob(m.Config)
	if err != nil {
		return err
	}
	blobs := make([]blob, len(m.Layers))
	for i, layer := range m.Layers {
		want, err := image.ParseDigest(layer.Digest.String())
		if err != nil {
			return err
		}
		if blobs[i], err = l.a.blobOf(blobFile(want), string(want), want); err != nil {
			return err
		}
	}
	var names []string
	if name := nameOf(named); name != "" {
		names = []string{name}
	}
	return l.commit(config, blobs, names)
}

func blobFile(d image.Digest) string { return "blobs/sha256/" + d.Hex() }

// readBlob reads a manifest or configuration and holds it against its digest.
func (l *loader) readBlob(d v1.Descriptor) ([]byte, error) {
	want, err := image.ParseDigest(d.Digest.String())
	if err != nil {
		return nil, err
	}
	b, err := l.a.read(blobFile(want))
	if err != nil {
		return nil, err
	}
	if got := image.DigestOf(b); got != want {
		return nil, fmt.Errorf("%s: wrong digest: got %s", blobFile(want), got)
	}
	return b, nil
}

// nameOf is the reference that an entry of index.json carries. org.opencontainers.image.ref.name is by the
// specification any string; tools put the full name there, or a tag alone, which names nothing.
func nameOf(d v1.Descriptor) string {
	if name := d.Annotations["io.containerd.image.name"]; name != "" {
		return name
	}
	if name := d.Annotations["org.opencontainers.image.ref.name"]; strings.ContainsAny(name, "/:") {
		return name
	}
	return ""
}
