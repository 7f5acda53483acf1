package compile

// difference appends to out, which is empty, a function with, for each of its steps, whether ref does the
// same there. Both cover the same values. A long row of steps that are all the
// same in both becomes one, whose target is none; its ends stay, because they
// may go together with their neighbours.
func difference(out, steps, ref []step) []step {
	all := out
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

	out = all[:0]
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

// suffix appends to out the steps, with only those at their end that are the same in the
// reference taken from diff.
func suffix(out, steps, diff []step) []step {
	d := len(diff)
	for d > 0 && diff[d-1].same {
		d--
	}
	if d == len(diff) {
		return steps
	}
	n := len(steps)
	for n > 0 && steps[n-1].first >= diff[d].first {
		n--
	}
	return append(append(out, steps[:n]...), diff[d:]...)
}

// graft returns the tree with the numbers from bit 30 on given to above. That
// repeats the tests on the way to the largest numbers, see spine. In front of
// the tree it would repeat none, but every number would pay for it.
func (c *compiler) graft(tree, above node) node {
	d := c.graph.nodes[tree]
	switch {
	case d.word == wordNr && d.kind == kindAtLeast:
		d.yes = c.graft(d.yes, above)
	case d.word == wordNr && d.kind == kindEqual:
		d.no = c.graft(d.no, above)
	default:
		return c.graph.test(decision{kind: kindAtLeast, word: wordNr, mask: allBits, k: x32, yes: above, no: tree})
	}
	return c.graph.test(d)
}
