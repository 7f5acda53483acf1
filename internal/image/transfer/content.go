package transfer

import (
	"context"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// content is what an image's parts are found in by their digests: a repository of a registry, an archive, a directory.
type content interface {
	// document gives a manifest or a configuration, held against its digest.
	document(ctx context.Context, d v1.Descriptor) ([]byte, error)
	layer(d v1.Descriptor) (blob, error)
}

// maxDocument bounds a document, which is held in memory.
const maxDocument = 8 << 20

// assemble finds the parts of the image that a manifest describes, or that an index has for a platform.
func assemble(ctx context.Context, c content, mediaType types.MediaType, body []byte, want Platform) (config []byte, blobs []blob, err error) {
	if mediaType.IsIndex() {
		var index v1.IndexManifest
		if err := parseDocument(body, mediaType, &index, &index.MediaType); err != nil {
			return nil, nil, err
		}
		i, err := chooseManifest(want, index.Manifests)
		if err != nil {
			return nil, nil, err
		}
		mediaType = index.Manifests[i].MediaType
		if body, err = c.document(ctx, index.Manifests[i]); err != nil {
			return nil, nil, err
		}
	}
	if !mediaType.IsImage() {
		return nil, nil, fmt.Errorf("its manifest is of type %q, which weir does not read", mediaType)
	}
	var m v1.Manifest
	if err := parseDocument(body, mediaType, &m, &m.MediaType); err != nil {
		return nil, nil, err
	}
	if m.Config.MediaType != types.DockerConfigJSON && m.Config.MediaType != types.OCIConfigJSON {
		return nil, nil, fmt.Errorf("it is no container image but an artifact of type %s", m.Config.MediaType)
	}
	if config, err = c.document(ctx, m.Config); err != nil {
		return nil, nil, err
	}
	blobs = make([]blob, len(m.Layers))
	for i, l := range m.Layers {
		if blobs[i], err = c.layer(l); err != nil {
			return nil, nil, err
		}
	}
	return config, blobs, nil
}

// parseDocument reads a manifest or an index, and refuses one that says to be something else than it came as: two
// readers could take it for two things.
func parseDocument(body []byte, mediaType types.MediaType, doc any, says *types.MediaType) error {
	if err := json.Unmarshal(body, doc); err != nil {
		return fmt.Errorf("its manifest: %w", err)
	}
	if *says != "" && *says != mediaType {
		return fmt.Errorf("its manifest says to be %s, but came as %s", *says, mediaType)
	}
	return nil
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
