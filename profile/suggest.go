package profile

import (
	"fmt"
	"strings"

	"github.com/weir-dev/weir/internal/spell"
	"github.com/weir-dev/weir/seccomp"
)

// suggestion is the hint for a word that is none of the known ones: the nearest,
// or all of a few, or nothing.
func suggestion(word string, known []string, prefix string) string {
	if near := nearest(word, known, prefix); near != "" {
		return didYouMean(near)
	}
	return oneOf(known)
}

func didYouMean(word string) string { return fmt.Sprintf("did you mean %q?", word) }

func oneOf(known []string) string {
	if len(known) > 8 {
		return ""
	}
	return "it is one of " + strings.Join(known, ", ")
}

// nearest returns the known word of which another looks like a slip, or nothing.
// Case and a missing prefix are forgiven, and every third byte.
func nearest(word string, known []string, prefix string) string {
	bare := func(s string) string { return strings.TrimPrefix(strings.ToUpper(s), prefix) }
	w := bare(word)
	best, found := max(1, len(w)/3)+1, ""
	for _, k := range known {
		if d := spell.Distance(w, bare(k), best); d < best {
			best, found = d, k
		}
	}
	return found
}

// texts spells values as a profile does.
func texts[T fmt.Stringer](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.String()
	}
	return out
}

// errnoNames lists the names that an errno may have.
func errnoNames() []string {
	var names []string
	for e := seccomp.Errno(1); e <= seccomp.MaxErrno; e++ {
		if name := e.String(); name[0] == 'E' {
			names = append(names, name)
		}
	}
	return names
}
