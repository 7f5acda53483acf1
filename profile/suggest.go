package profile

import (
	"fmt"
	"strings"

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
	const longest = 64 // the distance takes the square of it
	if len(word) > longest {
		return ""
	}
	bare := func(s string) string { return strings.TrimPrefix(strings.ToUpper(s), prefix) }
	w := bare(word)
	best, found := max(1, len(w)/3)+1, ""
	for _, k := range known {
		if d := distance(w, bare(k)); d < best {
			best, found = d, k
		}
	}
	return found
}

// distance counts the bytes to insert, delete or replace to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal = row[j+1]
			row[j+1] = cost
		}
	}
	return row[len(b)]
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
