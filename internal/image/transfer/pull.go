package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	rtransport "github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/weir-dev/weir/internal/image"
)

// maxConfig bounds a configuration, which is held in memory; the registry protocol allows manifests of 4 MiB.
const maxConfig = 8 << 20

// Pull fetches what ref stands for in its registry, and lets ref stand for it in the store.
func Pull(ctx context.Context, s *image.Store, ref image.Reference, o Options) (image.Digest, error) {
	id, err := pull(ctx, s, ref, o)
	if err != nil {
		return "", fmt.Errorf("pull %s: %w", ref.Familiar(), hint(ref, err))
	}
	return id, nil
}

func pull(ctx context.Context, s *image.Store, ref image.Reference, o Options) (image.Digest, error) {
	var opts []name.Option
	if isLoopback(ref.Host) {
		opts = append(opts, name.Insecure)
	}
	remoteRef, err := name.ParseReference(ref.String(), opts...)
	if err != nil {
		return "", err
	}
	desc, err := remote.Get(remoteRef, remote.WithContext(ctx), remote.WithTransport(transport),
		remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithUserAgent("weir"))
	if err != nil {
		return "", err
	}
	img, err := pick(desc, o.platform())
	if err != nil {
		return "", err
	}
	m, err := img.Manifest()
	if err != nil {
		return "", err
	}
	if m.Config.MediaType != types.DockerConfigJSON && m.Config.MediaType != types.OCIConfigJSON {
		return "", fmt.Errorf("it is no container image but an artifact of type %s", m.Config.MediaType)
	}
	if m.Config.Size > maxConfig {
		return "", fmt.Errorf("its configuration is %d bytes long, %d are the most", m.Config.Size, maxConfig)
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return "", err
	}
	blobs := make([]blob, len(m.Layers))
	for i, l := range m.Layers {
		blobs[i] = remoteBlob(img, l)
	}
	return commit(ctx, s, &ref, config, blobs, o)
}

// remoteBlob is a layer in a registry. go-containerregistry checks its size and digest.
func remoteBlob(img v1.Image, l v1.Descriptor) blob {
	open := func() (io.ReadCloser, error) {
		layer, err := img.LayerByDigest(l.Digest)
		if err != nil {
			return nil, err
		}
		return layer.Compressed()
	}
	return blob{name: l.Digest.String(), size: l.Size, open: open}
}

// pick gives the image that a descriptor is, or the one for the platform if it is an index.
func pick(desc *remote.Descriptor, want Platform) (v1.Image, error) {
	switch {
	case desc.MediaType.IsImage():
		return desc.Image()
	case !desc.MediaType.IsIndex():
		return nil, fmt.Errorf("its manifest is of type %s, which weir does not read", desc.MediaType)
	}
	index, err := desc.ImageIndex()
	if err != nil {
		return nil, err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	i, err := chooseManifest(want, m.Manifests)
	if err != nil {
		return nil, err
	}
	return index.Image(m.Manifests[i].Digest)
}

// chooseManifest gives the position of the best image in an index. What is no image is passed over: build
// attestations, whose platform is unknown/unknown, and nested indexes.
func chooseManifest(want Platform, list []v1.Descriptor) (int, error) {
	var have []Platform
	var at []int
	for i, d := range list {
		if d.Platform != nil && d.MediaType.IsImage() && d.Platform.OS != "unknown" {
			have = append(have, platformOf(d))
			at = append(at, i)
		}
	}
	i, err := choose(want, have)
	if err != nil {
		return -1, err
	}
	return at[i], nil
}

func platformOf(d v1.Descriptor) Platform {
	return Platform{d.Platform.OS, d.Platform.Architecture, d.Platform.Variant}.normal()
}

// hint says what to do about what registries commonly answer.
func hint(ref image.Reference, err error) error {
	var answer *rtransport.Error
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.StatusCode {
	case http.StatusNotFound:
		return fmt.Errorf("%s does not have it; check the name and the tag: %w", ref.Host, err)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%s refuses; the name may be wrong, or a docker login be needed: %w", ref.Host, err)
	}
	return err
}
