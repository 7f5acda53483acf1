package compile

import (
	"math"

	"github.com/weir-dev/weir/bpf"
)

// A step is a piece of a function from a word to what happens: from value first
// up to the next step's first, go to target.
type step struct {
	first  uint32
	weight int32 // how many executions count for these values
	target node
	same   bool // the reference does the same here; if target is none, it must be asked
	only   bool // it is one value; set by the planner
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
	weights   []int32 // weights[i] is the weight of steps[:i]

	leaves []leaf     // room for those of the rows that begin with one step
	path   []crossing // of the reference, to the first number of those rows

	// reach[i] is the last step up to which rows that begin with step i are
	// compared: those that are part of a row within the window that ask came to.
	reach []int32

	// The best plan for steps[i:i+l+1] and its cost are at index i*window+l.
	targets []node  // of a leaf, none for the reference, or notLeaf
	splits  []uint8 // the best split, also where a leaf is better
	costs   []int32

	rows []row   // longer than the window, the parts of each before it
	top  []int32 // top[i] is 1 more than the index of the last row that begins with step i
}

// notLeaf is in the place of the target of a leaf where splitting is better.
const notLeaf node = -2

// A row is one of more steps than the window has.
type row struct {
	first, last int32 // steps
	next        int32 // of the rows that begin with the same step, see planner.top
	from, to    int32 // the splits to compare: where the upper part begins
	split, cost int32 // the best of them
}

// tree returns the node that computes the function: steps are ascending, the
// first one starts at 0. The reference is for steps that are the same there.
func (p *planner) tree(w word, mask uint32, steps []step, ref *reference) node {
	steps = merge(steps)
	if len(steps) == 1 && !steps[0].same {
		return steps[0].target
	}
	p.word, p.mask, p.steps, p.reference = w, mask, steps, ref
	p.plan()
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

// plan finds the best plan for all steps, and for every row that build may ask for.
func (p *planner) plan() {
	n := len(p.steps)
	p.weights = append(p.weights[:0], 0)
	sum := int32(0)
	for i := range p.steps {
		sum += p.steps[i].weight
		p.steps[i].only = last(p.steps, i) == p.steps[i].first
		p.weights = append(p.weights, sum)
	}
	if len(p.reach) < n {
		p.reach, p.top = make([]int32, n), make([]int32, n)
		p.targets, p.splits, p.costs = make([]node, n*window), make([]uint8, n*window), make([]int32, n*window)
	}
	clear(p.reach[:n])
	clear(p.top[:n])
	p.rows = p.rows[:0]

	p.ask(0, n-1)
	for i := 1; i < n; i++ {
		p.reach[i] = max(p.reach[i], p.reach[i-1])
	}
	p.compare()
	for i := range p.rows {
		p.rows[i].cost = impossible
		for r, s := &p.rows[i], p.rows[i].from; s <= r.to; s++ {
			if c := p.cost(r.first, s-1) + p.cost(s, r.last); c < r.cost {
				r.split, r.cost = s, c
			}
		}
		p.rows[i].cost += instruction + p.weights[p.rows[i].last+1] - p.weights[p.rows[i].first]
	}
}

// ask notes what has to be known for the best plan of steps i to j. Of a row
// longer than the window those splits are compared that are next to the middle
// of its weight.
func (p *planner) ask(i, j int) {
	if j-i < window {
		p.reach[i] = max(p.reach[i], int32(j))
		return
	}
	if p.row(int32(i), int32(j)) != nil {
		return
	}
	middle := p.middle(i, j)
	around := 1
	if j-i >= 8*window {
		around = 0
	}
	from, to := max(i+1, middle-around), min(j, middle+around)
	for s := from; s <= to; s++ {
		p.ask(i, s-1)
		p.ask(s, j)
	}
	p.rows = append(p.rows, row{first: int32(i), last: int32(j), next: p.top[i], from: int32(from), to: int32(to)})
	p.top[i] = int32(len(p.rows))
}

// row returns the row of steps i to j, nil if nobody asked for it yet.
func (p *planner) row(i, j int32) *row {
	for k := p.top[i]; k > 0; k = p.rows[k-1].next {
		if p.rows[k-1].last == j {
			return &p.rows[k-1]
		}
	}
	return nil
}

// cost returns what the best plan for steps i to j costs.
func (p *planner) cost(i, j int32) int32 {
	if j-i < window {
		return p.costs[i*window+j-i]
	}
	return p.row(i, j).cost
}

// compare finds the best plans for all rows within reach, from short to long ones.
func (p *planner) compare() {
	for i := len(p.steps) - 1; i >= 0; i-- {
		leaves := p.leavesFrom(i) // of one step there is always one
		targets, splits := p.targets[i*window:][:window], p.splits[i*window:][:window]
		costs, weights := p.costs[i*window:], p.weights[i:]
		targets[0], splits[0], costs[0] = leaves[0].target, 0, leaves[0].cost
		most := int(p.reach[i]) - i
		if most == 0 {
			continue
		}
		after := p.splits[(i+1)*window:][:window] // of the rows that begin one step later
		for l := 1; l <= most; l++ {
			// The best split of a row is not left of that of the row without its
			// last step, nor right of that of the row without its first. That holds
			// for trees of splits alone; with leaves it is nearly so.
			from := max(int(splits[l-1])-2, 0)
			to := max(min(int(after[l-1])+1, l-1), from)
			upper := (from+1)*window + l - 1 - from // the index of its upper part
			best := int64(math.MaxInt64)            // a cost, and in the last byte the split: no branch decides between two
			for s := from; s <= to; s++ {
				best = min(best, int64(costs[s]+costs[upper])<<8|int64(s+1))
				upper += window - 1
			}
			cost := int32(best>>8) + instruction + weights[l+1] - weights[0]
			target := notLeaf
			if l < len(leaves) && leaves[l].cost <= cost {
				target, cost = leaves[l].target, leaves[l].cost
			}
			splits[l], targets[l], costs[l] = uint8(best), target, cost
		}
	}
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
	var s int // where the upper part begins
	if at := i*window + j - i; j-i >= window {
		s = int(p.row(int32(i), int32(j)).split)
	} else if leaf := p.targets[at]; leaf != notLeaf {
		return p.leaf(i, j, leaf)
	} else {
		s = i + int(p.splits[at])
	}
	no := p.build(i, s-1)
	yes := p.build(s, j)
	return p.graph.test(decision{
		kind: kindAtLeast, word: p.word, mask: p.mask, k: p.steps[s].first, yes: yes, no: no,
	})
}
