package compile

import "slices"

// A piece is a range of a value, up to the next piece, and the rules that are
// left for it.
type piece struct {
	first  uint64
	rules  []rest
	ret    node // what the only rule returns, if rules is empty
	closed bool // the last of the rules has no conditions left
}

// A span is a range of a value, both ends included.
type span struct{ first, last uint64 }

// cut splits a list on all ranges of a value.
func (e *expander) cut(list []rest, v value) node {
	pieces := e.pieces(list, v)
	open := newSuccessors(len(pieces))
	var spans, spare []span
	for _, r := range list {
		masks := false
		left := r.left
		spans = append(spans[:0], span{0, v.most()})
		for i, c := range e.rules[r.rule].conds {
			switch {
			case c.value != v || r.left>>i&1 == 0:
			case c.shape == masked:
				masks = true
			default:
				left &^= 1 << i
				spare = c.within(spare[:0], spans)
				spans, spare = spare, spans
			}
		}
		for _, s := range spans {
			for i := open.from(find(pieces, s.first)); i < len(pieces) && pieces[i].first <= s.last; i = open.from(i + 1) {
				if e.budget--; e.budget < 0 {
					return none
				}
				now := rest{r.rule, left}
				if masks && lastOf(pieces, i, v) == pieces[i].first && !e.known(&now, v, pieces[i].first) {
					continue
				}
				if e.add(&pieces[i], now); pieces[i].closed {
					open.remove(i)
				}
			}
		}
	}

	steps := e.values.room(len(pieces))
	for i := range pieces {
		n := pieces[i].ret
		if len(pieces[i].rules) > 0 {
			n = e.list(pieces[i].rules)
		}
		if e.budget < 0 {
			return none
		}
		if last := len(steps) - 1; last < 0 || steps[last].target != n {
			steps = append(steps, valueStep{pieces[i].first, n})
		}
	}
	return e.value(v, steps)
}

// add gives a rule to a piece.
func (e *expander) add(p *piece, r rest) {
	p.closed = r.left == 0
	if p.closed && len(p.rules) == 0 {
		p.ret = e.graph.ret(e.rules[r.rule].ret)
		return
	}
	p.rules = append(p.rules, r)
}

// known takes from a rule the masks on a value that is known, and reports
// whether they hold.
func (e *expander) known(r *rest, v value, is uint64) bool {
	for i, c := range e.rules[r.rule].conds {
		if c.value != v || r.left>>i&1 == 0 {
			continue
		}
		if !c.holds(is) {
			return false
		}
		r.left &^= 1 << i
	}
	return true
}

// within appends the parts of spans in which the condition, a range, holds.
func (c *cond) within(out, spans []span) []span {
	add := func(first, last uint64) {
		if first <= last {
			out = append(out, span{first, last})
		}
	}
	for _, s := range spans {
		if c.shape == inside {
			add(max(s.first, c.a), min(s.last, c.b))
		} else { // neither end of what is left out is an end of the value, see normal
			add(s.first, min(s.last, c.a-1))
			add(max(s.first, c.b+1), s.last)
		}
	}
	return out
}

// pieces returns the pieces into which the ranges of a value cut it, without
// rules.
func (e *expander) pieces(list []rest, v value) []piece {
	starts := make([]uint64, 1, 2*len(list)+1)
	for _, r := range list {
		for i, c := range e.rules[r.rule].conds {
			if c.value != v || c.shape == masked || r.left>>i&1 == 0 {
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
	pieces := e.cuts.list(len(starts))
	for i, s := range starts {
		pieces[i].first = s
	}
	return pieces
}

// find returns the piece that starts at first.
func find(pieces []piece, first uint64) int {
	lo, hi := 0, len(pieces)
	for lo < hi {
		if m := (lo + hi) / 2; pieces[m].first < first {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// lastOf returns the last value of piece i.
func lastOf(pieces []piece, i int, v value) uint64 {
	if i+1 < len(pieces) {
		return pieces[i+1].first - 1
	}
	return v.most()
}

// successors is the set of the pieces that are not closed. Each entry leads to
// the next member, over hops that get shorter with use.
type successors []int32

func newSuccessors(n int) successors {
	s := make(successors, n+1)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

// from returns the first member from i on, the number of pieces if there is none.
func (s successors) from(i int) int {
	for int(s[i]) != i {
		s[i] = s[s[i]]
		i = int(s[i])
	}
	return i
}

func (s successors) remove(i int) { s[i] = int32(i + 1) }
