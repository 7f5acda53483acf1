package compile

import "github.com/weir-dev/weir/bpf"

// A step is a piece of a function from a word to what happens: from value first
// up to the next step's first, go to target.
type step struct {
	first  uint32
	weight int32 // how many executions count for these values
	target node
	same   bool // the reference does the same here; if target is none, it must be asked
}

// none is the absence of a node.
const none node = -1

// instruction is what one more instruction in the program costs, in executed
// instructions. Attaching takes 0.185 us for the one and 0.00202 us for the other
// (see attachCost), so the price would be 92 if a filter were only attached. It
// also runs, so an execution in a table of calls counts four times.
const instruction = 92

const (
	tableWeight    = 4   // of each number in the table of the native and the compat ABI
	x32Weight      = 1   // of each number of x32, at which the emulator does not look
	argumentWeight = 16  // of each step of an argument, about which nothing is known
	heaviest       = 512 // numbers of one step that count, so that sums fit
)

// window is the longest row of steps whose trees are all compared.
const window = 20

// mostSteps is how many steps a function can have at most. A comparison tells at
// most three apart, so more never fit into a program.
const mostSteps = 2*bpf.MaxLen + 1

// A planner finds decision trees for functions of a word.
type planner struct {
	graph *graph

	word      word
	mask      uint32
	steps     []step
	reference *reference
	leaves    leaves
	weights   []int32 // weights[i] is the weight of steps[:i]

	// The best plan for steps[i:i+l+1] and its cost are at index i*window+l. The
	// costs are also at (i+l)*window+l, to be read in order.
	targets []node  // of a leaf, or notLeaf
	splits  []uint8 // the best split, also where a leaf is better
	starts  []int32
	ends    []int32
	top     map[[2]int32]found // for longer rows, by their first and last step
}

// A plan is the best known decision for a row of steps.
type plan struct {
	leaf  node  // the target of a leaf, none for the reference; single values may differ from it
	split int32 // how many of the steps are on the lower side; 0: a leaf
}

// notLeaf is in the place of the target of a leaf where splitting is better.
const notLeaf node = -2

type found struct {
	plan
	cost int32
}

// tree returns the node that computes the function: steps are ascending, the
// first one starts at 0. The reference is for steps that are the same there.
func (p *planner) tree(w word, mask uint32, steps []step, ref *reference) node {
	steps = merge(steps)
	if len(steps) == 1 && !steps[0].same {
		return steps[0].target
	}
	p.word, p.mask, p.steps, p.reference = w, mask, steps, ref
	p.weigh()
	p.compare()
	clear(p.top)
	return p.build(0, len(steps)-1)
}

// merge joins neighbours that lead to the same, in place.
func merge(steps []step) []step {
	out := steps[:1]
	for _, s := range steps[1:] {
		if last := &out[len(out)-1]; last.target == s.target && last.same == s.same {
			last.weight += s.weight
		} else {
			out = append(out, s)
		}
	}
	return out
}

func (p *planner) weigh() {
	p.weights = append(p.weights[:0], 0)
	sum := int32(0)
	for i := range p.steps {
		sum += p.steps[i].weight
		p.weights = append(p.weights, sum)
	}
}

// compare finds the best plans for all rows of at most window steps, from short
// to long ones.
func (p *planner) compare() {
	n := len(p.steps)
	if len(p.targets) < n*window {
		size := max(n, 128) * window
		p.targets, p.splits = make([]node, size), make([]uint8, size)
		p.starts, p.ends = make([]int32, size), make([]int32, size)
	}
	for i := n - 1; i >= 0; i-- {
		targets, starts, splits := p.targets[i*window:][:window], p.starts[i*window:][:window], p.splits[i*window:][:window]
		var after []uint8 // splits of the rows that begin one step later
		if i+1 < n {
			after = p.splits[(i+1)*window:][:window]
		}
		p.leaves.begin(p, i)
		targets[0], starts[0] = p.leaves.best(p)
		splits[0], p.ends[i*window] = 0, starts[0]
		for l := 1; l < window && i+l < n; l++ {
			// The best split of a row is not left of that of the row without its
			// last step, nor right of that of the row without its first. That holds
			// for trees of splits alone; with leaves it is nearly so.
			from, to := max(int(splits[l-1])-2, 0), min(int(after[l-1])+1, l-1)
			low := starts[:l]
			high := p.ends[(i+l)*window:][:l]
			split, cost := 0, int32(impossible)
			for s := from; s <= to; s++ {
				if c := low[s] + high[l-1-s]; c < cost {
					split, cost = s+1, c
				}
			}
			cost += instruction + p.weights[i+l+1] - p.weights[i]
			leaf := notLeaf
			if p.leaves.alive {
				p.leaves.extend(p, i+l)
				if n, c := p.leaves.best(p); c <= cost {
					leaf, cost = n, c
				}
			}
			splits[l], targets[l] = uint8(split), leaf
			starts[l], p.ends[(i+l)*window+l] = cost, cost
		}
	}
}

// search returns the best plan it finds for steps i to j. Of a row longer than
// the window it tries the splits next to the middle of the weight.
func (p *planner) search(i, j int) found {
	if at := i*window + j - i; j-i < window {
		if leaf := p.targets[at]; leaf != notLeaf {
			return found{plan{leaf: leaf}, p.starts[at]}
		}
		return found{plan{split: int32(p.splits[at])}, p.starts[at]}
	}
	key := [2]int32{int32(i), int32(j)}
	if found, ok := p.top[key]; ok {
		return found
	}
	middle := p.middle(i, j)
	reach := 1
	if j-i >= 8*window {
		reach = 0
	}
	best := found{cost: impossible}
	for s := max(i+1, middle-reach); s <= min(j, middle+reach); s++ {
		c := instruction + p.weights[j+1] - p.weights[i] + p.search(i, s-1).cost + p.search(s, j).cost
		if c < best.cost {
			best = found{plan{split: int32(s - i)}, c}
		}
	}
	p.top[key] = best
	return best
}

// middle returns the step at whose start the weight of steps i to j is split
// most evenly.
func (p *planner) middle(i, j int) int {
	sum := p.weights[i] + p.weights[j+1]
	lo, hi := i+1, j
	for lo < hi {
		m := (lo + hi) / 2
		if 2*p.weights[m] < sum {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo > i+1 && sum-2*p.weights[lo-1] < 2*p.weights[lo]-sum {
		lo--
	}
	return lo
}

// build makes the nodes of the best plan for steps i to j.
func (p *planner) build(i, j int) node {
	best := p.search(i, j)
	if best.split == 0 {
		return p.leaf(i, j, best.leaf)
	}
	s := i + int(best.split)
	no := p.build(i, s-1)
	yes := p.build(s, j)
	return p.graph.test(decision{
		kind: kindAtLeast, word: p.word, mask: p.mask, k: p.steps[s].first, yes: yes, no: no,
	})
}
