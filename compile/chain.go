package compile

import "github.com/weir-dev/weir/bpf"

// chain returns the node for a list of rules that are tried as they stand, one
// condition after the other. Its size is linear in the list's, whatever the
// rules are. It gives up, and whole is false, when the chain alone is longer than
// a program can be.
func (c *compiler) chain(list []rule) (n node, whole bool) {
	start := len(c.graph.nodes)
	next := none
	for i := len(list) - 1; i >= 0; i-- {
		n := c.graph.ret(list[i].ret)
		for j := len(list[i].conds) - 1; j >= 0; j-- {
			n = c.condition(list[i].conds[j], n, next)
		}
		next = n
		if len(c.graph.nodes)-start > 2*bpf.MaxLen {
			return next, false
		}
	}
	return next, true
}
