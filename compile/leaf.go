package compile

// impossible is a cost above all others.
const impossible = 1 << 30

// A leaf of a tree is one target for a row of steps, but for single values in
// it, which are compared one after the other: v1 ? a : v2 ? b : target. That is
// what makes the trees small: a value between two equal neighbours costs one
// comparison, where two splits would be needed.
type leaf struct {
	target node // none for the reference
	cost   int32
}

// longest is how many single values a leaf has at most: among more it is better
// to split.
const longest = 8

// serves reports whether a leaf's target does what the step does.
func (s *step) serves(target node) bool {
	if target == none {
		return s.same
	}
	return s.target == target
}

// single reports that the step is one value, which can be compared.
func (s *step) single() bool { return s.only && s.target != none }

// leavesFrom returns the best leaves for the rows that begin with step i and end
// within reach: the one at index l is that for l+1 steps. It stops before the first
// row that has none. What is considered are the targets of the first two steps, and
// the reference.
func (p *planner) leavesFrom(i int) []leaf {
	leaves := p.leaves[:0]
	first := &p.steps[i]
	second := &p.steps[min(i+1, len(p.steps)-1)]
	if first.target != none {
		leaves = p.leavesTo(leaves, i, first.target)
	}
	if second.target != first.target && second.target != none {
		leaves = p.leavesTo(leaves, i, second.target)
	}
	if first.same || second.same {
		p.path = p.reference.path(p.path[:0], first.first)
		leaves = p.leavesTo(leaves, i, none)
	}
	p.leaves = leaves
	return leaves
}

// leavesTo puts the leaves with one target among those that leavesFrom returns.
func (p *planner) leavesTo(leaves []leaf, i int, target node) []leaf {
	var others int32 // the single values that do not go to the target
	var chain int32  // executions in the comparisons for them
	var weight int32 // of the other steps
	entry := len(p.path) - 1
	row := p.steps[i : p.reach[i]+1]
	for l := range row {
		s := &row[l]
		switch {
		case s.serves(target):
			weight += s.weight
		case s.single() && others < longest:
			others++
			chain += others * s.weight
		default:
			return leaves
		}
		cost := others*(instruction+weight) + chain
		if target == none {
			entry = deepest(p.path, entry, last(p.steps, i+l))
			cost += weight * int32(len(p.path)-1-entry)
			if p.path[entry].spine {
				cost += instruction * int32(p.reference.spine-entry)
			}
		}
		if l == len(leaves) {
			leaves = append(leaves, leaf{target, cost})
		} else if cost < leaves[l].cost {
			leaves[l] = leaf{target, cost}
		}
	}
	return leaves
}

// leaf makes the nodes of a leaf for steps i to j; a target of none is the reference.
func (p *planner) leaf(i, j int, target node) node {
	n := target
	if target == none {
		p.path = p.reference.path(p.path[:0], p.steps[i].first)
		n = p.path[deepest(p.path, len(p.path)-1, last(p.steps, j))].node
	}
	for ; j >= i; j-- {
		s := &p.steps[j]
		if s.serves(target) {
			continue
		}
		n = p.graph.test(decision{kind: kindEqual, word: p.word, mask: p.mask, k: s.first, yes: s.target, no: n})
	}
	return n
}
