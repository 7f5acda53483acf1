package image

import (
	"fmt"
	"strings"
)

// Local names an image that lies in a file or directory of this machine: oci:DIR[:TAG] or docker-archive:FILE[:REF],
// as skopeo and Podman write it.
type Local struct {
	Archive bool   // a file of docker save, else a directory that is an OCI layout
	Path    string // may not have a ':'
	Name    string // of one image of several; empty if there is one only
}

const (
	ociPrefix     = "oci:"
	archivePrefix = "docker-archive:"
)

// IsLocal tells whether s is meant to name an image by its place. Such a name is no Reference, and goes before the
// one of Docker Hub's that reads the same: that is docker.io/library/oci:TAG.
func IsLocal(s string) bool {
	return !strings.HasPrefix(s, "oci://") && (strings.HasPrefix(s, ociPrefix) || strings.HasPrefix(s, archivePrefix))
}

// ParseLocal reads such a name.
func ParseLocal(s string) (Local, error) {
	path, archive := strings.CutPrefix(s, archivePrefix)
	if !archive {
		path = strings.TrimPrefix(s, ociPrefix)
	}
	l := Local{Archive: archive}
	l.Path, l.Name, _ = strings.Cut(path, ":")
	if !IsLocal(s) || l.Path == "" {
		return l, fmt.Errorf("image %q: want oci:DIR[:TAG] or docker-archive:FILE[:REF]", s)
	}
	return l, nil
}

func (l Local) String() string {
	s := ociPrefix + l.Path
	if l.Archive {
		s = archivePrefix + l.Path
	}
	if l.Name != "" {
		s += ":" + l.Name
	}
	return s
}
