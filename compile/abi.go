package compile

import (
	"fmt"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// x32 is the bit of the numbers of x32, which share x86_64's AUDIT_ARCH value.
const x32 = 1 << 30

// nativeTree returns the tree of the native ABI.
func (c *compiler) nativeTree(abi *policy.ABI, all []step) node {
	below, above, beyond := c.quarters(all)
	if len(above) < fewSteps || len(beyond) > 1 {
		weigh(all, abi.Rows, 0, tableWeight)
		n := c.planner.tree(wordNr, allBits, all, nil)
		c.native = reference{graph: &c.graph, root: n, steps: all}
		return n
	}

	// The numbers below bit 30 have a tree of their own, which does not care
	// about larger ones.
	weigh(below, abi.Rows, 0, tableWeight)
	below[len(below)-1].weight += instruction // see graft
	own := c.planner.tree(wordNr, allBits, below, nil)
	c.native = reference{graph: &c.graph, root: own, steps: below}

	c.native.spine = c.native.tests()
	n := c.shared(abi, above, x32, x32Weight)
	n = c.graph.intern(decision{kind: kindReenter, word: wordNr, mask: allBits &^ x32, yes: n, no: n})
	if beyond[0].target != above[len(above)-1].target {
		n = c.graph.test(decision{kind: kindAtLeast, word: wordNr, mask: allBits, k: 2 * x32, yes: beyond[0].target, no: n})
	}
	return c.graft(own, n)
}

// quarters takes the steps of a function apart: the numbers below bit 30; those
// with it, less the bit; and those from bit 31 on.
func (c *compiler) quarters(all []step) (below, above, beyond []step) {
	above = c.steps.room(len(all) + 1)
	for i, s := range all {
		switch {
		case s.first < x32:
			below = all[: i+1 : i+1]
		case s.first < 2*x32:
			if len(above) == 0 && s.first > x32 {
				above = append(above, step{first: 0, target: all[i-1].target})
			}
			s.first -= x32
			above = append(above, s)
		default:
			if beyond == nil && s.first > 2*x32 {
				beyond = append(beyond, step{first: 2 * x32, target: all[i-1].target})
			}
			beyond = append(beyond, s)
		}
	}
	if beyond == nil {
		beyond = []step{{first: 2 * x32, target: all[len(all)-1].target}}
	}
	return below, above, beyond
}

// fewSteps is up to how many steps with bit 30 are ordinary: without x32 there
// are few.
const fewSteps = 8

// otherTree returns the tree of another ABI.
func (c *compiler) otherTree(abi *policy.ABI, steps []step) node {
	return c.shared(abi, steps, 0, tableWeight)
}

// shared returns a tree for steps that uses the native one where that does the
// same: everywhere, if there are few differences, or else for the largest
// numbers. Numbers from 424 on mean the same calls on all architectures.
func (c *compiler) shared(abi *policy.ABI, steps []step, base uint32, each int32) node {
	diff := difference(c.steps.room(len(steps)+len(c.native.steps)), steps, c.native.steps)
	if len(diff) > len(steps) {
		diff = suffix(c.steps.room(len(steps)+len(diff)), steps, diff)
	}
	weigh(diff, abi.Rows, base, each)
	return c.planner.tree(wordNr, allBits, diff, &c.native)
}

// function returns the rows of an ABI as a function from number to node.
func (c *compiler) function(abi *policy.ABI) ([]step, error) {
	steps := c.steps.room(len(abi.Rows))
	next := uint64(0)
	for i := range abi.Rows {
		row := &abi.Rows[i]
		if uint64(row.First) != next || row.Last < row.First {
			return nil, fmt.Errorf("AUDIT_ARCH %#x: row %d starts at number %d, not at %d", uint32(abi.Audit), i, row.First, next)
		}
		next = uint64(row.Last) + 1
		if i > 0 && alike(row.Rules, abi.Rows[i-1].Rules) {
			continue
		}
		n, err := c.verdict(row)
		if err != nil {
			return nil, fmt.Errorf("AUDIT_ARCH %#x: number %d: %w", uint32(abi.Audit), row.First, err)
		}
		if last := len(steps) - 1; last < 0 || steps[last].target != n {
			steps = append(steps, step{first: uint32(row.First), target: n})
		}
	}
	if next != 1<<32 {
		return nil, fmt.Errorf("AUDIT_ARCH %#x: the rows end before number %d", uint32(abi.Audit), next)
	}
	if len(steps) > mostSteps {
		c.verdicts.over = true
	}
	return steps, nil
}

// alike reports, for most rows that mean the same, that they do.
func alike(a, b []policy.Rule) bool {
	return len(a) == len(b) && len(a) > 0 &&
		(&a[0] == &b[0] || len(a) == 1 && a[0].Return == b[0].Return && len(a[0].Conds)+len(b[0].Conds) == 0)
}

// table returns the first and the last number of the first table of calls in
// rows, and how many rows lead up to its end: those of one architecture that are
// named, up to a large gap. There is none if n is 0.
func table(rows []policy.Row) (first, last seccomp.Nr, n int) {
	const gap = 1000
	for i := range rows {
		r := &rows[i]
		switch {
		case !r.Named:
			continue
		case n == 0:
			first = r.First
		case r.First-last > gap || r.Arch != rows[n-1].Arch:
			return first, last, n
		}
		last, n = r.Last, i+1
	}
	return first, last, n
}

// weigh sets the weights of steps: each for every number of theirs that is in
// the table of calls in rows. The numbers in the steps have base taken off.
func weigh(steps []step, rows []policy.Row, base uint32, each int32) {
	for len(rows) > 0 && uint32(rows[0].First) < base {
		rows = rows[1:]
	}
	first, end, _ := table(rows)
	for i := range steps {
		from, to := max(steps[i].first, uint32(first)-base), min(uint32(end)-base, last(steps, i))
		steps[i].weight = each // at least, so that nothing lies very deep
		if from < to {
			steps[i].weight = int32(min(to-from+1, heaviest)) * each
		}
	}
}
