package compile

// impossible is a cost above all others.
const impossible = 1 << 30

// A leaf of a tree is one target for a row of steps, but for single values in
// it, which are compared one after the other: v1 ? a : v2 ? b : target. That is
// what makes the trees small: a value between two equal neighbours costs one
// comparison, where two splits would be needed.
type leaf struct {
	target node
	ok     bool  // every other step is a single value
	others int32 // how many those are
	weight int32 // of the steps that the target serves
	chain  int32 // executions in the comparisons for the single values
}

// longest is how many single values a leaf has at most: among more it is better
// to split.
const longest = 8

// leaves are the leaves that are considered for the rows that begin with one
// step: the targets of its first two steps, and the reference.
type leaves struct {
	leaves [3]leaf
	path   []crossing // to the first number of the row
	entry  int        // which of them serves all of the row
	alive  bool       // one of the leaves is possible
}

const inReference = 2 // which of the three leads into the reference

// begin starts with step i.
func (ls *leaves) begin(p *planner, i int) {
	first := p.steps[i].target
	ls.leaves = [3]leaf{{target: first, ok: first != none}}
	if i+1 < len(p.steps) {
		if second := p.steps[i+1].target; second != first && second != none {
			ls.leaves[1] = leaf{target: second, ok: true}
		}
	}
	if p.steps[i].same || i+1 < len(p.steps) && p.steps[i+1].same {
		ls.leaves[inReference] = leaf{target: none, ok: true}
		ls.path = p.reference.path(ls.path[:0], p.steps[i].first)
		ls.entry = len(ls.path) - 1
	}
	ls.extend(p, i)
}

// extend adds step i at the end of the row.
func (ls *leaves) extend(p *planner, i int) {
	s := &p.steps[i]
	single := s.target != none && last(p.steps, i) == s.first
	ls.alive = false
	for c := range ls.leaves {
		l := &ls.leaves[c]
		switch {
		case !l.ok:
		case c != inReference && s.target == l.target, c == inReference && s.same:
			l.weight += s.weight
		case single && l.others < longest:
			l.others++
			l.chain += l.others * s.weight
		default:
			l.ok = false
		}
		ls.alive = ls.alive || l.ok
	}
	if ls.leaves[inReference].ok {
		ls.entry = deepest(ls.path, ls.entry, last(p.steps, i))
	}
}

// best returns the target of the cheapest leaf for the row and its cost.
func (ls *leaves) best(p *planner) (best node, cost int32) {
	best, cost = notLeaf, impossible
	for c := range ls.leaves {
		l := &ls.leaves[c]
		if !l.ok {
			continue
		}
		this := l.others*(instruction+l.weight) + l.chain
		if c == inReference {
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
		if target != none && s.target == target || target == none && s.same {
			continue
		}
		n = p.graph.test(decision{kind: kindEqual, word: p.word, mask: p.mask, k: s.first, yes: s.target, no: n})
	}
	return n
}
