package compile

// difference returns a function with, for each of its steps, whether ref does the
// same there. Both cover the same values. A long row of steps that are all the
// same in both becomes one, whose target is none; its ends stay, because they
// may go together with their neighbours.
func difference(steps, ref []step) []step {
	var all []step
	for i, j := 0, 0; i < len(steps); {
		s := steps[i]
		s.first = max(s.first, ref[j].first)
		s.same = s.target == ref[j].target
		if last := len(all) - 1; last < 0 || all[last].target != s.target || all[last].same != s.same {
			all = append(all, s)
		}
		switch {
		case j+1 == len(ref) || i+1 < len(steps) && steps[i+1].first < ref[j+1].first:
			i++
		case i+1 == len(steps) || ref[j+1].first < steps[i+1].first:
			j++
		default:
			i++
			j++
		}
	}

	out := all[:0]
	for i := 0; i < len(all); {
		end := i
		for end < len(all) && all[end].same {
			end++
		}
		if end-i < 4 {
			end = max(end, i+1)
			out = append(out, all[i:end]...)
		} else {
			middle := step{first: all[i+1].first, target: none, same: true}
			out = append(out, all[i], middle, all[end-1])
		}
		i = end
	}
	return out
}

// suffix replaces the last steps by one into the reference, from where on the
// two are equal: numbers from 424 on mean the same calls on all architectures.
func (r *reference) suffix(g *graph, steps []step) []step {
	i, j := len(steps)-1, len(r.steps)-1
	for i >= 0 && j >= 0 && steps[i].first == r.steps[j].first && steps[i].target == r.steps[j].target {
		i--
		j--
	}
	common := len(steps) - 1 - i
	if common < 2 {
		return steps
	}
	first := steps[i+1].first
	if i >= 0 && j >= 0 && steps[i].target == r.steps[j].target {
		first = max(steps[i].first, r.steps[j].first)
		if first == steps[i].first {
			i--
		}
	}
	return append(steps[:i+1], step{first: first, target: r.from(g, first)})
}

// from returns the smallest part of the tree that serves every number from first on.
func (r *reference) from(g *graph, first uint32) node {
	n := r.root
	for {
		d := &g.nodes[n]
		if d.kind != kindAtLeast || d.word != wordNr || d.k > first {
			return n
		}
		n = d.yes
	}
}

// graft returns the tree with the numbers from bit 30 on given to above.
// It goes down at the end of the largest numbers, or, where that would repeat
// more nodes than it saves executions, in front.
func (c *compiler) graft(tree, above node) node {
	g := c.graph
	d := g.nodes[tree]
	if d.word == wordNr && (d.kind == kindAtLeast || d.kind == kindEqual) {
		if d.kind == kindAtLeast {
			d.yes = c.graft(d.yes, above)
		} else {
			d.no = c.graft(d.no, above)
		}
		return g.test(d)
	}
	return g.test(decision{kind: kindAtLeast, word: wordNr, mask: allBits, k: x32, yes: above, no: tree})
}
