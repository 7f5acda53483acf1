package artifact

import (
	"encoding/json"
	"fmt"

	"github.com/weir-dev/weir/internal/image"
)

// Type is the media type by which a profile is known.
const Type = "application/vnd.cncf.seccomp-profile.config.v1+json"

// maxSize is how many bytes of profile the runtimes take by default.
const maxSize = 1 << 20

// ManifestType is the media type of the manifest itself.
const ManifestType = "application/vnd.oci.image.manifest.v1+json"

const (
	emptyType  = "application/vnd.oci.empty.v1+json"
	layerType  = "application/json"
	titleLabel = "org.opencontainers.image.title"
	title      = "profile.json" // of every one, as the security-profiles-operator has it
)

// Artifact is a profile in the form in which registries keep it.
type Artifact struct {
	Manifest []byte
	Config   []byte // blobs that the manifest names
	Profile  []byte
}

// manifest and descriptor are image-spec's, as far as they are used here.
type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	ArtifactType  string       `json:"artifactType,omitempty"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      image.Digest      `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// New makes the artifact of a profile. The name of its file is for messages only.
func New(file string, src []byte) (*Artifact, error) {
	if err := check(file, src); err != nil {
		return nil, err
	}
	a := &Artifact{Config: []byte("{}"), Profile: src}
	layer := describe(layerType, src)
	layer.Annotations = map[string]string{titleLabel: title}
	var err error
	a.Manifest, err = json.Marshal(manifest{
		SchemaVersion: 2,
		MediaType:     ManifestType,
		ArtifactType:  Type,
		Config:        describe(Type, a.Config),
		Layers:        []descriptor{layer},
	})
	return a, err
}

func describe(mediaType string, b []byte) descriptor {
	return descriptor{MediaType: mediaType, Digest: image.DigestOf(b), Size: int64(len(b))}
}

// Layer is where the profile of a manifest is.
type Layer struct {
	Digest image.Digest
	Size   int64
}

// IsProfile tells whether a manifest says that it is one of a profile.
func IsProfile(b []byte) bool {
	var m manifest
	return json.Unmarshal(b, &m) == nil && m.artifactType() == Type
}

// artifactType is the configuration's media type, or where that is empty the field of that name.
func (m *manifest) artifactType() string {
	if m.Config.MediaType == emptyType {
		return m.ArtifactType
	}
	return m.Config.MediaType
}

// LayerOf finds the profile in a manifest, and refuses what the runtimes refuse.
func LayerOf(b []byte) (Layer, error) {
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return Layer{}, fmt.Errorf("its manifest: %w", err)
	}
	switch {
	case m.artifactType() != Type:
		return Layer{}, fmt.Errorf("it is no seccomp profile but of type %q, want %q", m.artifactType(), Type)
	case m.ArtifactType != "" && m.ArtifactType != Type:
		return Layer{}, fmt.Errorf("its manifest says two types, %q and %q", m.Config.MediaType, m.ArtifactType)
	case len(m.Layers) != 1:
		return Layer{}, fmt.Errorf("it has %d layers, a profile has one", len(m.Layers))
	}
	l := m.Layers[0]
	if _, err := image.ParseDigest(string(l.Digest)); err != nil {
		return Layer{}, fmt.Errorf("its manifest: %w", err)
	}
	if l.Size < 0 || l.Size > maxSize {
		return Layer{}, fmt.Errorf("the profile is %d bytes long, %d are the most", l.Size, maxSize)
	}
	return Layer{l.Digest, l.Size}, nil
}
