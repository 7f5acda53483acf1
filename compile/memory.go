package compile

import "github.com/weir-dev/weir/bpf"

// usual is how many steps a function of numbers has at most in Docker's default.
const usual = 144

// A memory is the room that a policy such as Docker's default needs, in one piece:
// the first compilation in a process would take as long to ask for the parts as it
// takes to fill them. What has pointers comes first, so that the garbage collector
// need not look at the rest.
type memory struct {
	rules [64]rule
	cuts  [64]piece

	conds  [64]cond
	rests  [64]rest
	values [64]valueStep
	steps  [8 * usual]step

	nodes [256]decision
	slots [512]node

	weights [usual + 1]int32
	reach   [usual]int32
	top     [usual]int32
	targets [usual * window]node
	splits  [usual * window]uint8
	costs   [usual * window]int32
	rows    [usual]row
	leaves  [window]leaf
	path    [2 * window]crossing

	sites [256]site
	code  [256]bpf.Instruction
}

// newCompiler returns a compiler with room.
func newCompiler() *compiler {
	c := new(compiler)
	m := &c.memory
	c.verdicts.rules.chunk, c.verdicts.conds.chunk = m.rules[:0], m.conds[:0]
	c.steps.chunk, c.rests.chunk, c.cuts.chunk, c.values.chunk = m.steps[:0], m.rests[:0], m.cuts[:0], m.values[:0]
	c.graph = graph{nodes: m.nodes[:0], slots: m.slots[:]}
	c.planner = planner{
		weights: m.weights[:0], reach: m.reach[:], top: m.top[:], rows: m.rows[:0],
		leaves: m.leaves[:0], path: m.path[:0],
		targets: m.targets[:], splits: m.splits[:], costs: m.costs[:],
	}
	c.layout.sites, c.layout.code = m.sites[:0], m.code[:0]
	return c
}
