package compile

import (
	"fmt"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
)

// x32 is the bit of the numbers of x32, which share x86_64's AUDIT_ARCH value.
const x32 = 1 << 30

// A reference is the tree of the native ABI, for the others to use in part.
type reference struct {
	root  node
	steps []step
}

// Weights: how often the kernel's emulator runs the program for a number, in
// quarters. It runs for the numbers of the native and the compat table; x32 gets
// a little, to be no straggler.
const (
	tableWeight = 4
	x32Weight   = 1
)

// nativeTree returns the tree of the native ABI.
func (c *compiler) nativeTree(abi *policy.ABI, all []step) node {
	cut := 0 // where the numbers with bit 30 begin
	for cut < len(all) && all[cut].first < x32 {
		cut++
	}
	if len(all)-cut < fewSteps {
		weigh(all, abi.Rows, 1<<32-1, tableWeight)
		n := c.planner.tree(wordNr, allBits, all, none)
		c.native = reference{n, all}
		return n
	}
	below, above := all[:cut:cut], append([]step{}, all[cut:]...)
	if above[0].first > x32 {
		above = append([]step{{first: x32, target: below[cut-1].target}}, above...)
	}

	// The numbers below bit 30 have a tree of their own, which does not care
	// about the bit.
	weigh(below, abi.Rows, x32-1, tableWeight)
	below[len(below)-1].weight += instruction // see graft
	own := c.planner.tree(wordNr, allBits, below, none)
	c.native = reference{own, below}

	shifted := make([]step, len(below))
	for i, s := range below {
		s.first |= x32
		shifted[i] = s
	}
	diff := difference(above, shifted)
	weigh(diff, abi.Rows, 2*x32-1, x32Weight)
	again := c.graph.intern(decision{kind: kindReenter, word: wordNr, mask: allBits &^ x32, yes: own, no: own})
	return c.graft(own, c.planner.tree(wordNr, allBits, diff, again))
}

// fewSteps is up to how many steps with bit 30 are ordinary: without x32 there
// are few.
const fewSteps = 8

// otherTree returns the tree of another ABI.
func (c *compiler) otherTree(abi *policy.ABI, steps []step) node {
	steps = c.native.suffix(c.graph, steps)
	weigh(steps, abi.Rows, 1<<32-1, tableWeight)
	return c.planner.tree(wordNr, allBits, steps, none)
}

// function returns the rows of an ABI as a function from number to node.
func (c *compiler) function(abi *policy.ABI) ([]step, error) {
	steps := make([]step, 0, 256)
	next := uint64(0)
	for i := range abi.Rows {
		row := &abi.Rows[i]
		if uint64(row.First) != next || row.Last < row.First {
			return nil, fmt.Errorf("AUDIT_ARCH %#x: row %d starts at number %d, not at %d", uint32(abi.Audit), i, row.First, next)
		}
		next = uint64(row.Last) + 1
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
	if len(steps) > 2*bpf.MaxLen+1 { // one comparison tells at most three apart
		c.verdicts.over = true
	}
	return steps, nil
}

// weigh sets the weights of steps that cover the numbers up to last: each for
// every number of theirs between the lowest and the highest call with a name.
func weigh(steps []step, rows []policy.Row, last uint32, each int32) {
	low, high := last, uint32(0)
	for i := range rows {
		if r := &rows[i]; r.Name != "" && uint32(r.First) >= steps[0].first && uint32(r.Last) <= last {
			low = min(low, uint32(r.First))
			high = uint32(r.Last)
		}
	}
	for i := range steps {
		from, to := max(steps[i].first, low), high
		if i+1 < len(steps) {
			to = min(to, steps[i+1].first-1)
		}
		steps[i].weight = each // at least, so that nothing lies very deep
		if from < to {
			steps[i].weight = each * int32(min(to-from+1, heaviest))
		}
	}
}

// heaviest bounds the numbers that count in one step, for sums that fit.
const heaviest = 512
