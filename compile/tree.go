package compile

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

// instruction is what one more instruction costs, in executed instructions. It
// comes from the time that attaching a filter takes (see attachCost): 0.185 us
// for an instruction in the program, 0.00202 us for each one executed by the
// kernel's emulator, which runs the program once for every number.
const instruction = 92

// window is the longest row of steps whose trees are all compared.
const window = 16

// A planner finds decision trees for functions of a word. It is kept for its
// memory.
type planner struct {
	graph *graph

	word      word
	mask      uint32
	steps     []step
	reference *reference
	leaves    leaves
	weights   []int32           // weights[i] is the weight of steps[:i]
	plans     []plan            // plans[i*window+l] is the best for steps[i:i+l+1]
	top       map[[2]int16]plan // for longer rows, by their first and last step
}

// A plan is the best known decision for a row of steps.
type plan struct {
	cost  int32
	split int16 // how many of the steps are on the lower side; 0: a leaf
	leaf  node  // the target of a leaf, none for the reference; single values may differ from it
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
	if cap(p.plans) < n*window {
		p.plans = make([]plan, n*window)
	}
	p.plans = p.plans[:n*window]
	for i := n - 1; i >= 0; i-- {
		row := p.plans[i*window : (i+1)*window]
		p.leaves.begin(p, i)
		row[0] = p.leaves.best(p)
		for l := 1; l < window && i+l < n; l++ {
			p.leaves.extend(p, i+l)
			best := p.leaves.best(p)
			whole := instruction + p.weights[i+l+1] - p.weights[i]
			at := (i+1)*window + l - 1
			for s := 0; s < l; s++ {
				if c := whole + row[s].cost + p.plans[at].cost; c < best.cost {
					best = plan{cost: c, split: int16(s + 1)}
				}
				at += window - 1
			}
			row[l] = best
		}
	}
}

// search returns the best plan it finds for steps i to j. Of a row longer than
// the window it tries the splits next to the middle of the weight.
func (p *planner) search(i, j int) plan {
	if j-i < window {
		return p.plans[i*window+j-i]
	}
	key := [2]int16{int16(i), int16(j)}
	if found, ok := p.top[key]; ok {
		return found
	}
	middle := p.middle(i, j)
	reach := 1
	if j-i >= 8*window {
		reach = 0
	}
	best := plan{cost: impossible}
	for s := max(i+1, middle-reach); s <= min(j, middle+reach); s++ {
		c := instruction + p.weights[j+1] - p.weights[i] + p.search(i, s-1).cost + p.search(s, j).cost
		if c < best.cost {
			best = plan{cost: c, split: int16(s - i)}
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
