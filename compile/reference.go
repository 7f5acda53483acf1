package compile

// A reference is the tree of the native ABI for the numbers below bit 30. The
// trees of other ABIs lead into it where they mean the same.
type reference struct {
	graph *graph
	steps []step
	root  node
	spine int // so many tests on the way to the largest numbers are not in the program yet, see graft
}

// A crossing is a node on the way down to a number: it serves every number from
// that one up to last.
type crossing struct {
	node  node
	last  uint32
	spine bool // it serves the largest numbers too
}

// path appends the nodes on the way to a number, from the root to the outcome.
func (r *reference) path(path []crossing, nr uint32) []crossing {
	at := crossing{r.root, allBits, true}
	for {
		path = append(path, at)
		d := &r.graph.nodes[at.node]
		if d.word != wordNr {
			return path
		}
		switch {
		case d.kind == kindAtLeast && nr >= d.k:
			at.node = d.yes
		case d.kind == kindAtLeast:
			at = crossing{d.no, min(at.last, d.k-1), false}
		case nr == d.k:
			at = crossing{d.yes, nr, false}
		default:
			at.node = d.no
			if nr < d.k {
				at.last = min(at.last, d.k-1)
			}
		}
	}
}

// last returns the last value of steps[j].
func last(steps []step, j int) uint32 {
	if j+1 < len(steps) {
		return steps[j+1].first - 1
	}
	return allBits
}

// deepest returns the index of the deepest crossing that serves all numbers up
// to last, starting the search at index from.
func deepest(path []crossing, from int, last uint32) int {
	for path[from].last < last {
		from--
	}
	return from
}

// tests returns how many tests lie on the way to the largest number.
func (r *reference) tests() int { return len(r.path(nil, allBits)) - 1 }
