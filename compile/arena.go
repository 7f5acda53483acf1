package compile

// An arena hands out room for lists that are needed until the program is made.
// The next program uses the memory again.
type arena[T any] struct{ chunk []T }

const (
	firstChunk = 1 << 8
	mostKept   = 1 << 14 // elements that are kept for the next program
)

// room returns an empty list with a capacity.
func (a *arena[T]) room(capacity int) []T {
	at := len(a.chunk)
	if cap(a.chunk)-at < capacity {
		a.chunk, at = make([]T, 0, max(firstChunk, 2*cap(a.chunk), capacity)), 0
	}
	a.chunk = a.chunk[:at+capacity]
	return a.chunk[at : at : at+capacity]
}

// list returns room for a list of zero values.
func (a *arena[T]) list(length int) []T {
	l := a.room(length)[:length]
	clear(l)
	return l
}

// reset takes all room back.
func (a *arena[T]) reset() {
	if cap(a.chunk) > mostKept {
		a.chunk = nil
	}
	clear(a.chunk) // of pointers, too
	a.chunk = a.chunk[:0]
}
