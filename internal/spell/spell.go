// Package spell measures how far two words are apart, for messages that ask
// whether another word was meant.
package spell

// Distance is the number of slips between two words: letters (bytes) missing,
// added or changed, or two neighbours swapped. It is limit if there are at least
// so many; a small limit is what makes a search through many words cheap.
//
// It is the optimal string alignment, on three rows of its table.
func Distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	width := len(b) + 1
	var room [96]int // enough for the words there are
	rows := room[:]
	if 3*width > len(rows) {
		rows = make([]int, 3*width)
	}
	before, last, row := rows[:width], rows[width:2*width], rows[2*width:]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		// What follows is built on this row and the last one, and a swap costs one.
		if least >= limit {
			return limit
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
