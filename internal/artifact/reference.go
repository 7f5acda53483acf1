package artifact

import (
	"errors"
	"fmt"
	"strings"

	"github.com/weir-dev/weir/internal/image"
)

// Scheme begins a reference to a profile.
const Scheme = "oci://"

// IsReference tells whether a PROFILE is meant to be one.
func IsReference(s string) bool { return strings.HasPrefix(s, Scheme) }

// ErrNoDigest says that a reference names a profile by a tag.
var ErrNoDigest = errors.New("a profile is named by its digest, because a tag may mean another one tomorrow")

// ParseReference reads oci://HOST/PATH@sha256:DIGEST.
func ParseReference(s string) (image.Reference, error) {
	name, ok := strings.CutPrefix(s, Scheme)
	if !ok {
		return image.Reference{}, fmt.Errorf("profile %q: want %sHOST/PATH@sha256:DIGEST", s, Scheme)
	}
	ref, err := image.ParseReference(name)
	if err != nil {
		return ref, err
	}
	if ref.Digest == "" {
		return ref, fmt.Errorf("profile %q: %w", s, ErrNoDigest)
	}
	return ref, nil
}

// Name writes the reference to the profile whose manifest has the digest of ref.
func Name(ref image.Reference) string {
	return Scheme + ref.Repository() + "@" + string(ref.Digest)
}

// Load gives a profile out of the store. An error that is fs.ErrNotExist says that it must be fetched.
func Load(s *image.Store, ref image.Reference) ([]byte, error) {
	m, err := s.Content(ref.Digest)
	if err != nil {
		return nil, err
	}
	layer, err := LayerOf(m)
	if err != nil {
		return nil, err
	}
	return s.Content(layer.Digest)
}
