package compile

import "math/bits"

// A valueStep is a piece of a function from a value to what happens: from first
// up to the next step's first, go to target.
type valueStep struct {
	first  uint64
	target node
}

// value returns the node of a function of a value; the first step starts at 0.
func (c *compiler) value(v value, steps []valueStep) node {
	if v.bits <= 32 {
		half := c.steps.room(len(steps))
		for _, s := range steps {
			half = append(half, step{first: uint32(s.first), target: s.target})
		}
		return c.argument(low(v.arg), uint32(v.most()), half)
	}

	// For every upper half in which a step starts, a function of the lower half;
	// what lies between them does not look at the lower half.
	var upper, lower []step
	before := none
	next := uint64(0) // the upper half that has no step yet
	for i := 0; i < len(steps); {
		h := steps[i].first >> 32
		if next < h {
			upper = append(upper, step{first: uint32(next), target: before})
		}
		lower = lower[:0]
		if uint32(steps[i].first) != 0 {
			lower = append(lower, step{first: 0, target: before})
		}
		for ; i < len(steps) && steps[i].first>>32 == h; i++ {
			lower = append(lower, step{first: uint32(steps[i].first), target: steps[i].target})
		}
		before = steps[i-1].target
		upper = append(upper, step{first: uint32(h), target: c.argument(low(v.arg), allBits, lower)})
		next = h + 1
	}
	if next < 1<<32 {
		upper = append(upper, step{first: uint32(next), target: before})
	}
	return c.argument(high(v.arg), allBits, upper)
}

// argument returns the node of a function of a word of an argument.
func (c *compiler) argument(w word, mask uint32, steps []step) node {
	for i := range steps {
		steps[i].weight = argumentWeight
	}
	if steps = merge(steps); len(steps) > mostSteps {
		c.verdicts.over = true
		return steps[0].target
	}
	tree := c.planner.tree(w, mask, steps, nil)
	if n, ok := c.cubes(w, mask, steps); ok && c.graph.size(n) < c.graph.size(tree) {
		return n
	}
	return tree
}

// condition returns the node of one condition.
func (c *compiler) condition(d cond, yes, no node) node {
	switch d.shape {
	case outside:
		yes, no = no, yes
	case masked:
		n := c.mask(low(d.arg), uint32(d.a), uint32(d.b), yes, no)
		return c.mask(high(d.arg), uint32(d.a>>32), uint32(d.b>>32), n, no)
	}
	steps := make([]valueStep, 0, 3)
	if d.a > 0 {
		steps = append(steps, valueStep{0, no})
	}
	steps = append(steps, valueStep{d.a, yes})
	if d.b < d.most() {
		steps = append(steps, valueStep{d.b + 1, no})
	}
	return c.value(d.value, steps)
}

// mask returns the node of word&mask == k. A mask of one bit, or a k of 0, needs
// no AND.
func (c *compiler) mask(w word, mask, k uint32, yes, no node) node {
	switch {
	case mask == 0:
		return yes
	case k == 0:
		return c.graph.test(decision{kind: kindAnySet, word: w, mask: allBits, k: mask, yes: no, no: yes})
	case bits.OnesCount32(mask) == 1:
		return c.graph.test(decision{kind: kindAnySet, word: w, mask: allBits, k: mask, yes: yes, no: no})
	}
	return c.graph.test(decision{kind: kindEqual, word: w, mask: mask, k: k, yes: yes, no: no})
}
