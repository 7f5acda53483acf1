package transfer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/weir-dev/weir/internal/artifact"
	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/registry"
)

// Pulled is what a reference stood for: an image, or a profile.
type Pulled struct {
	ID      image.Digest // of an image
	Profile image.Digest // of a profile's manifest
}

// Pull fetches what ref stands for in its registry. If it is an image, ref stands for it in the store from now on.
func Pull(ctx context.Context, s *image.Store, ref image.Reference, o Options) (Pulled, error) {
	p, err := pull(ctx, s, ref, o)
	if err != nil {
		return p, fmt.Errorf("pull %s: %w", ref.Familiar(), explain(err))
	}
	return p, nil
}

func pull(ctx context.Context, s *image.Store, ref image.Reference, o Options) (p Pulled, err error) {
	repo, err := registry.Open(ctx, ref, registry.Pull, o.Registry)
	if err != nil {
		return p, err
	}
	m, err := repo.Manifest(ctx, cmp.Or(string(ref.Digest), ref.Tag))
	if err != nil {
		return p, err
	}
	if m.MediaType.IsImage() && artifact.IsProfile(m.Body) {
		p.Profile, err = pullProfile(ctx, s, repo, m)
		return p, err
	}
	if o.OnlyProfile {
		return p, errors.New("it is an image, not a profile")
	}
	config, blobs, err := assemble(ctx, repository{s, repo}, m.MediaType, m.Body, o.platform())
	if err != nil {
		return p, err
	}
	refs := []image.Reference{ref}
	if ref.Digest == "" { // what the tag stands for now, in the registry
		refs = append(refs, image.Reference{Host: ref.Host, Path: ref.Path, Digest: m.Digest})
	}
	p.ID, err = commit(ctx, s, refs, config, blobs, o)
	return p, err
}

// repository is the content of a repository.
type repository struct {
	s    *image.Store
	repo *registry.Repository
}

func (r repository) document(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	digest, err := image.ParseDigest(d.Digest.String())
	if err != nil {
		return nil, err
	}
	if d.MediaType.IsImage() || d.MediaType.IsIndex() {
		m, err := r.repo.Manifest(ctx, string(digest))
		return m.Body, err
	}
	return readBlob(ctx, r.repo, digest, d.Size)
}

// readBlob reads a small blob and holds it against its digest.
func readBlob(ctx context.Context, repo *registry.Repository, d image.Digest, size int64) ([]byte, error) {
	if size < 0 || size > maxDocument {
		return nil, fmt.Errorf("%s is %d bytes long, %d are the most", d, size, maxDocument)
	}
	body := repo.Blob(ctx, d, size, 0)
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", d, err)
	}
	if got := image.DigestOf(b); got != d {
		return nil, fmt.Errorf("blob %s: wrong digest: got %s", d, got)
	}
	return b, nil
}

func (r repository) layer(d v1.Descriptor) (blob, error) {
	digest, err := image.ParseDigest(d.Digest.String())
	if err != nil {
		return blob{}, err
	}
	return blob{name: string(digest), want: digest, size: d.Size, open: func(ctx context.Context) (io.ReadCloser, error) {
		return r.resume(ctx, digest, d.Size), nil
	}}, nil
}

// pullProfile brings a profile and its manifest into the store.
func pullProfile(ctx context.Context, s *image.Store, repo *registry.Repository, m registry.Manifest) (image.Digest, error) {
	layer, err := artifact.LayerOf(m.Body)
	if err != nil {
		return "", err
	}
	b, err := readBlob(ctx, repo, layer.Digest, layer.Size)
	if err != nil {
		return "", err
	}
	if !json.Valid(b) {
		return "", errors.New("the profile is no JSON document")
	}
	// The manifest comes last: what it names is there.
	if _, err := s.AddContent(b); err != nil {
		return "", err
	}
	return s.AddContent(m.Body)
}

// Push gives a registry a profile, under the tag of ref. The result is the digest of its manifest.
func Push(ctx context.Context, a *artifact.Artifact, ref image.Reference, o registry.Options) (image.Digest, error) {
	d, err := push(ctx, a, ref, o)
	if err != nil {
		return "", fmt.Errorf("push %s: %w", ref.Familiar(), err)
	}
	return d, nil
}

func push(ctx context.Context, a *artifact.Artifact, ref image.Reference, o registry.Options) (image.Digest, error) {
	d := image.DigestOf(a.Manifest)
	if ref.Digest != "" && ref.Digest != d {
		return "", fmt.Errorf("the profile's digest is %s", d)
	}
	repo, err := registry.Open(ctx, ref, registry.Push, o)
	if err != nil {
		return "", err
	}
	for _, b := range [][]byte{a.Config, a.Profile} {
		if err := repo.PutBlob(ctx, b); err != nil {
			return "", err
		}
	}
	return d, repo.PutManifest(ctx, cmp.Or(string(ref.Digest), ref.Tag), types.MediaType(artifact.ManifestType), a.Manifest)
}
