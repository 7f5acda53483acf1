package engines

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// An Engine is an OCI runtime, with what of it matters.
type Engine struct {
	Name    string // runc or crun
	Version Version

	// Libseccomp is the library's, which decides what names are known. Zero is
	// unknown.
	Libseccomp Version
}

// The newest versions that the predictions were checked with.
var (
	Runc = Engine{Name: "runc", Version: Version{1, 5, 2}}
	Crun = Engine{Name: "crun", Version: Version{1, 8, 1}}
)

// Versions of runc answered newer calls with ENOSYS on listed architectures alone,
// up to one after listedOnly. From nativeToo on they do on the native one as well.
var listedOnly, nativeToo = Version{1, 1, 5}, Version{1, 1, 15}

// Parse reads runc, crun, or one of them with a version: runc:1.1.5.
func Parse(s string) (e Engine, versioned bool, err error) {
	name, version, versioned := strings.Cut(s, ":")
	switch name {
	case Runc.Name:
		e = Runc
	case Crun.Name:
		e = Crun
	default:
		return e, false, fmt.Errorf("unknown engine %q", name)
	}
	if versioned {
		e.Version, err = ParseVersion(version)
	}
	return e, versioned, err
}

// Found reads what an engine prints of its version.
func (e Engine) Found(text string) (Engine, error) {
	var err error
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, e.Name+" version "); ok {
			if e.Version, err = ParseVersion(v); err != nil {
				return e, err
			}
		} else if v, ok := strings.CutPrefix(line, "libseccomp: "); ok {
			if e.Libseccomp, err = ParseVersion(v); err != nil {
				return e, err
			}
		}
	}
	return e, nil
}

func (e Engine) String() string {
	s := e.Name + " " + e.Version.String()
	if e.Libseccomp != (Version{}) {
		s += " with libseccomp " + e.Libseccomp.String()
	}
	return s
}

// library names libseccomp as far as it is known.
func (e Engine) library() string {
	if e.Libseccomp == (Version{}) {
		return "libseccomp"
	}
	return "libseccomp " + e.Libseccomp.String()
}

// A Version is three numbers.
type Version [3]int

// ParseVersion reads 1.5, 1.5.2, or 1.1.5+ds1: the numbers at its start.
func ParseVersion(s string) (v Version, err error) {
	numbers := s
	if i := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); i >= 0 {
		numbers = s[:i]
	}
	parts := strings.Split(numbers, ".")
	if len(parts) > len(v) {
		parts = parts[:len(v)]
	}
	for i, p := range parts {
		if v[i], err = strconv.Atoi(p); err != nil || len(parts) < 2 {
			return Version{}, fmt.Errorf("%q is not a version such as 1.1.5", s)
		}
	}
	return v, nil
}

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

func (v Version) before(w Version) bool {
	return cmp.Or(cmp.Compare(v[0], w[0]), cmp.Compare(v[1], w[1]), cmp.Compare(v[2], w[2])) < 0
}
