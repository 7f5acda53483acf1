package image

import (
	"fmt"
	"strings"
)

// Reference is the full name of an image, as Docker reads one: debian is docker.io/library/debian:latest.
// Just one of Tag and Digest is set: a digest says more than a tag, and the tag in name:tag@digest is
// checked and dropped.
type Reference struct {
	Host   string // "docker.io", "localhost:5000", "[::1]:5000"
	Path   string // "library/debian"
	Tag    string // "bookworm"
	Digest Digest // of a manifest or an index
}

const (
	hubHost    = "docker.io"
	hubAlias   = "index.docker.io"
	hubLibrary = "library/"
	latestTag  = "latest"
)

// ParseReference reads a name by the rules of Docker's distribution/reference (its grammar is at
// https://pkg.go.dev/github.com/distribution/reference).
func ParseReference(s string) (Reference, error) {
	ref, err := parseReference(s)
	if err != nil {
		return Reference{}, fmt.Errorf("image reference %q: %w", s, err)
	}
	return ref, nil
}

func parseReference(s string) (ref Reference, err error) {
	if s == "" {
		return ref, fmt.Errorf("it is empty; want a name like debian:bookworm or registry.example/team/app:1.0")
	}
	if len(s) == 64 && isHex(s) {
		return ref, fmt.Errorf("64 hexadecimal digits are an image ID, not a name")
	}
	name, digest, hasDigest := strings.Cut(s, "@")
	if hasDigest {
		if ref.Digest, err = ParseDigest(digest); err != nil {
			return ref, err
		}
	}
	// The tag is behind the last colon, unless that colon is a port's.
	if colon := strings.LastIndexByte(name, ':'); colon >= 0 && !strings.Contains(name[colon:], "/") {
		name, ref.Tag = name[:colon], name[colon+1:]
		if !isTag(ref.Tag) {
			return ref, fmt.Errorf("tag %q: want up to 128 letters, digits, '_', '.' and '-', not starting with '.' or '-'", ref.Tag)
		}
	}
	ref.Host, ref.Path = splitHost(name)
	if !isHost(ref.Host) {
		return ref, fmt.Errorf("registry %q: want a host name or address, and perhaps a port", ref.Host)
	}
	if err := checkPath(ref.Path); err != nil {
		return ref, err
	}
	switch {
	case hasDigest:
		ref.Tag = ""
	case ref.Tag == "":
		ref.Tag = latestTag
	}
	return ref, nil
}

// splitHost tells registry and repository apart: the first component is a registry if it could not be
// a repository's first component, or is localhost. Docker Hub is what is meant when there is none.
func splitHost(name string) (host, path string) {
	first, rest, ok := strings.Cut(name, "/")
	if ok && (strings.ContainsAny(first, ".:") || first == "localhost" || first != strings.ToLower(first)) {
		host, path = first, rest
	} else {
		host, path = hubHost, name
	}
	if host == hubAlias {
		host = hubHost
	}
	if host == hubHost && !strings.Contains(path, "/") {
		path = hubLibrary + path
	}
	return host, path
}

// String is the full name.
func (r Reference) String() string { return r.Repository() + r.suffix() }

// Familiar is the name as people write it: without docker.io/library/.
func (r Reference) Familiar() string { return r.FamiliarRepository() + r.suffix() }

// Repository is the full name without tag and digest.
func (r Reference) Repository() string { return r.Host + "/" + r.Path }

// FamiliarRepository is Familiar without tag and digest.
func (r Reference) FamiliarRepository() string {
	if r.Host != hubHost {
		return r.Repository()
	}
	if name := strings.TrimPrefix(r.Path, hubLibrary); !strings.Contains(name, "/") {
		return name
	}
	return r.Path
}

func (r Reference) suffix() string {
	if r.Digest != "" {
		return "@" + string(r.Digest)
	}
	return ":" + r.Tag
}

func isTag(s string) bool {
	if s == "" || len(s) > 128 || s[0] == '.' || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// isHost accepts name[:port] and [IPv6][:port].
func isHost(s string) bool {
	host, port := s, ""
	if end := strings.IndexByte(s, ']'); strings.HasPrefix(s, "[") && end > 0 {
		host, port = s[1:end], s[end+1:]
		if host == "" || strings.Trim(host, "0123456789abcdefABCDEF:") != "" {
			return false
		}
	} else {
		if colon := strings.IndexByte(s, ':'); colon >= 0 {
			host, port = s[:colon], s[colon:]
		}
		for label := range strings.SplitSeq(host, ".") {
			if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
				return false
			}
			for i := range len(label) {
				if c := label[i]; !isAlnum(c) && c != '-' {
					return false
				}
			}
		}
	}
	return port == "" || len(port) > 1 && port[0] == ':' && strings.Trim(port[1:], "0123456789") == ""
}

// checkPath wants components of lower-case letters and digits, separated inside by one '.', one or two '_', or
// any number of '-'.
func checkPath(s string) error {
	if len(s) > 255 {
		return fmt.Errorf("repository is %d characters long, 255 are the most", len(s))
	}
	for component := range strings.SplitSeq(s, "/") {
		if isComponent(component) {
			continue
		}
		if lower := strings.ToLower(component); isComponent(lower) {
			return fmt.Errorf("repository %q must be lower case", s)
		}
		return fmt.Errorf("repository %q: want lower-case letters and digits, separated by '.', '_', '__', '-' or '/'", s)
	}
	return nil
}

func isComponent(s string) bool {
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= '0' && s[i] <= '9') {
			i++
		}
		if i == start {
			return false
		}
		if i == len(s) {
			return true
		}
		start = i
		for i < len(s) && strings.IndexByte("._-", s[i]) >= 0 {
			i++
		}
		switch sep := s[start:i]; {
		case sep == ".", sep == "_", sep == "__", sep != "" && strings.Trim(sep, "-") == "":
		default:
			return false
		}
	}
	return false // empty, or ends in a separator
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
