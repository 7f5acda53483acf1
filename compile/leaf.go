package compile

// impossible is a cost above all others.
const impossible = 1 << 30

// reentry is about how many instructions a fallback executes.
const reentry = 6

// A leaf of a tree is one target for a row of steps, but for single values in
// it, which are compared one after the other: v1 ? a : v2 ? b : target. That is
// what makes the trees small: a value between two equal neighbours costs one
// comparison, where two splits would be needed.
type leaf struct {
	target node
	falls  bool  // target is the fallback
	ok     bool  // every other step is a single value
	others int32 // how many those are
	weight int32 // of the steps that the target serves
	chain  int32 // executions in the comparisons for the single values
}

// leaves are the leaves that are considered for the rows that begin with one
// step: the targets of its first two steps, and the fallback.
type leaves [3]leaf

// leaves begins with step i.
func (p *planner) leaves(i int) leaves {
	first := p.steps[i].target
	ls := leaves{{target: first, ok: first != none}, {ok: false}, {target: p.fallback, falls: true, ok: p.fallback != none}}
	if i+1 < len(p.steps) {
		if second := p.steps[i+1].target; second != first && second != none {
			ls[1] = leaf{target: second, ok: true}
		}
	}
	ls.extend(p, i)
	return ls
}

// extend adds step i at the end of the row.
func (ls *leaves) extend(p *planner, i int) {
	s := &p.steps[i]
	single := p.single(i) && s.target != none
	for c := range ls {
		l := &ls[c]
		switch {
		case !l.ok:
		case l.falls && s.same || !l.falls && s.target == l.target:
			l.weight += s.weight
		case single:
			l.others++
			l.chain += l.others * s.weight
		default:
			l.ok = false
		}
	}
}

// best returns the cheapest leaf for the row.
func (ls *leaves) best() plan {
	best := plan{cost: impossible}
	for c := range ls {
		l := &ls[c]
		if !l.ok {
			continue
		}
		cost := l.others*(instruction+l.weight) + l.chain
		if l.falls {
			cost += l.weight * reentry
		}
		if cost < best.cost {
			best = plan{cost: cost, leaf: l.target}
		}
	}
	return best
}

// leaf makes the nodes of a leaf for steps i to j.
func (p *planner) leaf(i, j int, target node) node {
	n := target
	for ; j >= i; j-- {
		s := &p.steps[j]
		if s.target == target || s.same && target == p.fallback {
			continue
		}
		n = p.graph.test(decision{kind: kindEqual, word: p.word, mask: p.mask, k: s.first, yes: s.target, no: n})
	}
	return n
}
