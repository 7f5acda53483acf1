package verify

// A span is a range of numbers, both ends included.
type span struct{ lo, hi uint32 }

const most = 1<<32 - 1

// Sets of numbers are lists of spans, in ascending order and disjoint; no span
// is empty.

// find returns the index of the first span that does not lie below x. It looks
// at index near first, since one question about a set often follows another
// about the same place.
func find(set []span, x uint32, near int) int {
	if near <= len(set) && (near == 0 || set[near-1].hi < x) && (near == len(set) || set[near].hi >= x) {
		return near
	}
	i, j := 0, len(set)
	for i < j {
		if m := int(uint(i+j) / 2); set[m].hi < x {
			i = m + 1
		} else {
			j = m
		}
	}
	return i
}

// contains reports whether x is in the set.
func contains(set []span, x uint32) bool {
	if x < set[0].lo || set[len(set)-1].hi < x {
		return false
	}
	i := find(set, x, 0)
	return i < len(set) && set[i].lo <= x
}

// single returns the only number of a set.
func single(set []span) (uint32, bool) {
	return set[0].lo, len(set) == 1 && set[0].lo == set[0].hi
}

// intersect cuts the set to what lies in s, in place. The span at i is the first
// that does not lie below s.
func intersect(set []span, i int, s span) []span {
	n := i
	for n < len(set) && set[n].lo <= s.hi {
		n++
	}
	set = set[i:n]
	if n > i {
		set[0].lo = max(set[0].lo, s.lo)
		set[n-i-1].hi = min(set[n-i-1].hi, s.hi)
	}
	return set
}

// subtract takes s out of the set, in place but for one more span that it may
// need. The span at i is the first that does not lie below s.
func subtract(set []span, i int, s span) []span {
	if i == len(set) || set[i].lo > s.hi {
		return set
	}
	if set[i].lo < s.lo {
		if set[i].hi > s.hi { // a hole in one span
			set = append(set, span{})
			copy(set[i+1:], set[i:])
			set[i].hi, set[i+1].lo = s.lo-1, s.hi+1
			return set
		}
		set[i].hi = s.lo - 1
		i++
	}
	j := i
	for j < len(set) && set[j].hi <= s.hi {
		j++
	}
	if j < len(set) && set[j].lo <= s.hi {
		set[j].lo = s.hi + 1
	}
	switch {
	case i == 0:
		return set[j:]
	case j > i:
		return append(set[:i], set[j:]...)
	}
	return set
}

// An arena hands out room for sets, and takes it back in reverse order.
type arena struct {
	chunks [][]span
	at     position
}

// A position is where the next room begins.
type position struct{ chunk, offset int }

// chunkSize is the number of spans of the first chunk; each further one has twice
// the size.
const chunkSize = 1 << 8

// room returns an empty list with a capacity.
func (a *arena) room(capacity int) []span {
	for {
		if a.at.chunk == len(a.chunks) {
			a.chunks = append(a.chunks, make([]span, max(capacity, chunkSize<<a.at.chunk)))
		}
		c := a.chunks[a.at.chunk]
		if i := a.at.offset; len(c)-i >= capacity {
			a.at.offset = i + capacity
			return c[i : i : i+capacity]
		}
		a.at = position{a.at.chunk + 1, 0}
	}
}
