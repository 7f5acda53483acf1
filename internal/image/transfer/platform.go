package transfer

import (
	"fmt"
	"runtime"
	"strings"
)

// Platform is what an image runs on, by Go's names: linux/arm64/v8.
type Platform struct {
	OS, Architecture, Variant string
}

// DefaultPlatform is that of this program: Linux, and the architecture that it was built for.
func DefaultPlatform() Platform {
	return Platform{OS: "linux", Architecture: runtime.GOARCH}.normal()
}

// ParsePlatform reads OS/ARCH[/VARIANT].
func ParsePlatform(s string) (Platform, error) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || parts[1] == "" {
		return Platform{}, fmt.Errorf("platform %q: want OS/ARCH or OS/ARCH/VARIANT, as in linux/arm64", s)
	}
	p := Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return p.normal(), nil
}

func (p Platform) String() string {
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// normal gives variants that are said in two ways one spelling: image-spec, image-index.md, "Platform
// Variants". An arm without a variant is v7, an arm64 is v8, and v1 of amd64 is every amd64.
func (p Platform) normal() Platform {
	switch p.Architecture + "/" + p.Variant {
	case "arm/":
		p.Variant = "v7"
	case "arm/5", "arm/6", "arm/7":
		p.Variant = "v" + p.Variant
	case "arm64/", "arm64/8":
		p.Variant = "v8"
	case "amd64/v1":
		p.Variant = ""
	}
	return p
}

// rank tells how well an image for p runs where want is wanted: 0 not at all, and the more the better. A
// processor runs code for earlier variants of itself.
func (p Platform) rank(want Platform) int {
	p, want = p.normal(), want.normal()
	switch {
	case p.OS != want.OS || p.Architecture != want.Architecture || p.Variant > want.Variant:
		return 0
	case p.Variant == want.Variant:
		return 2 + len(want.Variant)
	case p.Variant == "":
		return 1
	}
	return 2
}

// PlatformError says that there is no image for the wanted platform.
type PlatformError struct {
	Want Platform
	Have []Platform // in the order of the index
}

func (e *PlatformError) Error() string {
	have := make([]string, len(e.Have))
	for i, p := range e.Have {
		have[i] = p.String()
	}
	if len(have) == 0 {
		have = []string{"no platform at all"}
	}
	return fmt.Sprintf("no image for %s: it is for %s", e.Want, strings.Join(have, ", "))
}

// choose gives the index of the best platform of those that there are.
func choose(want Platform, have []Platform) (int, error) {
	best, bestRank := -1, 0
	for i, p := range have {
		if r := p.rank(want); r > bestRank {
			best, bestRank = i, r
		}
	}
	if best < 0 {
		return -1, &PlatformError{Want: want.normal(), Have: have}
	}
	return best, nil
}
