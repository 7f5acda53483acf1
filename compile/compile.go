package compile

import (
	"fmt"
	"sync"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
)

// Program compiles a policy. The program passes [bpf.Program.Check] and returns
// for every input what the policy says. The error is a [*TooLong] if the kernel
// would not take so long a program.
func Program(p *policy.Policy) (bpf.Program, error) {
	c := compilers.Get().(*compiler)
	c.begin(p)
	defer c.end()
	root, err := c.root()
	if err != nil {
		return nil, fmt.Errorf("compile policy: %w", err)
	}
	if root != none {
		if prog, ok := c.layout.lay(&c.graph, root, p.Native.ByteOrder(), bpf.MaxLen); ok {
			return prog, nil
		}
	}
	return nil, c.tooLong()
}

// compilers are used again, with the room that they have grown into.
var compilers = sync.Pool{New: func() any { return newCompiler() }}

// A compiler makes one program at a time.
type compiler struct {
	policy   *policy.Policy
	graph    graph
	verdicts verdicts
	planner  planner
	native   reference
	layout   layout

	steps  arena[step]
	rests  arena[rest]
	cuts   arena[piece]
	values arena[valueStep]

	memory memory // where all of these begin
}

func (c *compiler) begin(p *policy.Policy) {
	c.policy = p
	c.graph.reset()
	c.planner.graph = &c.graph
	c.verdicts.effort, c.verdicts.survey = effort, 4*bpf.MaxLen
}

// end forgets the policy and the program, but not the room for them.
func (c *compiler) end() {
	c.policy, c.planner.steps, c.planner.reference, c.native = nil, nil, nil, reference{}
	c.verdicts.reset()
	c.steps.reset()
	c.rests.reset()
	c.cuts.reset()
	c.values.reset()
	compilers.Put(c)
}

// root returns the node at which the program starts: which ABI is it. It is none
// if it is clear already that the program is too long.
func (c *compiler) root() (node, error) {
	native := -1
	functions := make([][]step, len(c.policy.ABIs))
	for i := range c.policy.ABIs {
		abi := &c.policy.ABIs[i]
		if abi.Audit == c.policy.Native.Audit() {
			native = i
		}
		var err error
		if functions[i], err = c.function(abi); err != nil {
			return none, err
		}
	}
	switch {
	case native < 0:
		return none, fmt.Errorf("the native architecture, %v, is not in it", c.policy.Native)
	case c.verdicts.over:
		return none, nil
	}

	first := c.nativeTree(&c.policy.ABIs[native], functions[native])
	n := c.graph.ret(c.policy.Foreign.Return)
	for i := len(functions) - 1; i >= 0; i-- {
		if abi := &c.policy.ABIs[i]; i != native {
			n = c.graph.equal(wordArch, uint32(abi.Audit), c.otherTree(abi, functions[i]), n)
		}
	}
	return c.graph.equal(wordArch, uint32(c.policy.Native.Audit()), first, n), nil
}
