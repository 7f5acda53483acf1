package compile

import "slices"

// A piece is a range of a value, up to the next piece, and the rules that are
// left for it.
type piece struct {
	first  uint64
	rules  []ruleID
	closed bool // the last of the rules has no conditions left
}

// cut splits a list on all ranges of a value.
func (e *expander) cut(ids []ruleID, v value) node {
	pieces := e.pieces(ids, v)
	// open[i] leads from piece i to the next that is not closed, over several
	// hops that get shorter with use.
	open := make([]int32, len(pieces)+1)
	for i := range open {
		open[i] = int32(i)
	}
	next := func(i int) int {
		for int(open[i]) != i {
			open[i] = open[open[i]]
			i = int(open[i])
		}
		return i
	}
	for _, id := range ids {
		r := e.rules[id]
		ranges, rest := e.split(r.conds, v)
		masks := mentions(rest, v)
		residual := id
		if len(rest) < len(r.conds) {
			residual = e.intern(rule{r.ret, rest})
		}
		for _, in := range ranges {
			start, _ := slices.BinarySearchFunc(pieces, in[0], func(p piece, first uint64) int {
				if p.first < first {
					return -1
				} else if p.first > first {
					return 1
				}
				return 0
			})
			for i := next(start); i < len(pieces) && pieces[i].first <= in[1]; i = next(i + 1) {
				if e.budget--; e.budget < 0 {
					return none
				}
				left, holds := residual, true
				if masks && e.alone(pieces, i, v) {
					left, holds = e.decide(r, rest, v, pieces[i].first)
				}
				if !holds {
					continue
				}
				pieces[i].rules = append(pieces[i].rules, left)
				if len(e.rules[left].conds) == 0 {
					pieces[i].closed = true
					open[i] = int32(i + 1)
				}
			}
		}
	}

	var steps []valueStep
	for i := range pieces {
		n := e.list(pieces[i].rules)
		if e.budget < 0 {
			return none
		}
		if last := len(steps) - 1; last < 0 || steps[last].target != n {
			steps = append(steps, valueStep{pieces[i].first, n})
		}
	}
	return e.value(v, steps)
}

// pieces returns the pieces into which the ranges of a value cut it, without
// rules.
func (e *expander) pieces(ids []ruleID, v value) []piece {
	starts := []uint64{0}
	for _, id := range ids {
		for _, c := range e.rules[id].conds {
			if c.value != v || c.shape == masked {
				continue
			}
			starts = append(starts, c.a)
			if c.b < v.most() {
				starts = append(starts, c.b+1)
			}
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	pieces := make([]piece, len(starts))
	for i, s := range starts {
		pieces[i].first = s
	}
	return pieces
}

// split separates the conditions of a rule: the ranges of v for which those on
// v hold, and the rest. Masks on v stay in the rest.
func (e *expander) split(conds []cond, v value) (ranges [][2]uint64, rest []cond) {
	ranges = [][2]uint64{{0, v.most()}}
	for _, c := range conds {
		if c.value != v || c.shape == masked {
			rest = append(rest, c)
			continue
		}
		var cut [][2]uint64
		for _, r := range ranges {
			if c.shape == inside {
				cut = appendRange(cut, max(r[0], c.a), min(r[1], c.b))
			} else { // c.a is above 0 and c.b below most, see normal
				cut = appendRange(cut, r[0], min(r[1], c.a-1))
				cut = appendRange(cut, max(r[0], c.b+1), r[1])
			}
		}
		ranges = cut
	}
	return ranges, rest
}

func appendRange(ranges [][2]uint64, first, last uint64) [][2]uint64 {
	if first > last {
		return ranges
	}
	return append(ranges, [2]uint64{first, last})
}

// alone reports whether piece i is a single value.
func (e *expander) alone(pieces []piece, i int, v value) bool {
	if i+1 < len(pieces) {
		return pieces[i+1].first-pieces[i].first == 1
	}
	return pieces[i].first == v.most()
}

// decide evaluates the masks on a value that is known.
func (e *expander) decide(r rule, conds []cond, v value, known uint64) (left ruleID, holds bool) {
	var rest []cond
	for _, c := range conds {
		if c.value != v {
			rest = append(rest, c)
		} else if !c.holds(known) {
			return 0, false
		}
	}
	return e.intern(rule{r.ret, rest}), true
}
