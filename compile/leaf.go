package compile

// impossible is a cost above all others.
const impossible = 1 << 30

// A leaf of a tree is one target for a row of steps, but for single values in
// it, which are compared one after the other: v1 ? a : v2 ? b : target. That is
// what makes the trees small: a value between two equal neighbours costs one
// comparison, where two splits would be needed.
type leaf struct {
	target node  // none for the reference
	others int32 // how many single values do not go to it
	weight int32 // of the steps that the target serves
	chain  int32 // executions in the comparisons for the single values
}

// serves reports whether the leaf's target does what the step does.
func (l *leaf) serves(s *step) bool {
	if l.target == none {
		return s.same
	}
	return l.target == s.target
}

// longest is how many single values a leaf has at most: among more it is better
// to split.
const longest = 8

// leaves are the leaves that are considered for the rows that begin with one
// step: the targets of its first two steps, and the reference.
type leaves struct {
	open  []leaf     // those that are possible for the row so far
	path  []crossing // to the first number of the row
	entry int        // which of them serves all of the row
}

// begin starts with step i, and returns what extend does.
func (ls *leaves) begin(p *planner, i int) (best node, cost int32) {
	ls.open = ls.open[:0]
	first, second := &p.steps[i], &p.steps[min(i+1, len(p.steps)-1)]
	if first.target != none {
		ls.open = append(ls.open, leaf{target: first.target})
	}
	if second.target != first.target && second.target != none {
		ls.open = append(ls.open, leaf{target: second.target})
	}
	if first.same || second.same {
		ls.open = append(ls.open, leaf{target: none})
		ls.path = p.reference.path(ls.path[:0], first.first)
		ls.entry = len(ls.path) - 1
	}
	return ls.extend(p, i)
}

// extend adds step i at the end of the row. It returns the target of the
// cheapest leaf for it and the cost.
func (ls *leaves) extend(p *planner, i int) (best node, cost int32) {
	best, cost = notLeaf, impossible
	s := &p.steps[i]
	single := s.target != none && last(p.steps, i) == s.first
	open := ls.open
	ls.open = open[:0]
	for _, l := range open {
		switch {
		case l.serves(s):
			l.weight += s.weight
		case single && l.others < longest:
			l.others++
			l.chain += l.others * s.weight
		default:
			continue
		}
		ls.open = append(ls.open, l)
		this := l.others*(instruction+l.weight) + l.chain
		if l.target == none {
			ls.entry = deepest(ls.path, ls.entry, last(p.steps, i))
			this += l.weight * int32(len(ls.path)-1-ls.entry)
			if ls.path[ls.entry].spine {
				this += instruction * int32(p.reference.spine-ls.entry)
			}
		}
		if this < cost {
			best, cost = l.target, this
		}
	}
	return best, cost
}

// leaf makes the nodes of a leaf for steps i to j; a target of none is the reference.
func (p *planner) leaf(i, j int, target node) node {
	n := target
	if target == none {
		p.leaves.path = p.reference.path(p.leaves.path[:0], p.steps[i].first)
		path := p.leaves.path
		n = path[deepest(path, len(path)-1, last(p.steps, j))].node
	}
	for ; j >= i; j-- {
		s := &p.steps[j]
		if (&leaf{target: target}).serves(s) {
			continue
		}
		n = p.graph.test(decision{kind: kindEqual, word: p.word, mask: p.mask, k: s.first, yes: s.target, no: n})
	}
	return n
}
