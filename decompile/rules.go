package decompile

import (
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A verdict is one answer to a call, and the alternatives that lead to it: lists
// of conditions, all of which must hold. They are missing if there are more than
// enough.
type verdict struct {
	ret          seccomp.Return
	alternatives [][]policy.Cond
}

func (v verdict) missing() bool { return len(v.alternatives) == 0 }

// A style is how answers are written as rules.
type style struct {
	widths [6]uint8 // how many bits of each argument are asked for
	pairs  bool     // two conditions on one argument make a range
	most   int      // alternatives of one answer

	// Without apart the alternatives of an answer may hold where a stricter answer
	// is right, but for the one that needs no rules: the stricter decides.
	apart bool
	base  seccomp.Return
}

// verdicts divides a function of the arguments by its answers, the strictest
// first. The one that needs no rules gets none, and is not missing any.
func (g *graph) verdicts(f node, how style) []verdict {
	var list []verdict
	for _, n := range g.leaves(f) {
		word, _ := g.word(n)
		v := verdict{word, [][]policy.Cond{nil}}
		if word != how.base && n != f {
			v.alternatives = g.alternatives(f, n, how)
		}
		list = append(list, v)
	}
	return list
}

// alternatives finds what leads to one answer.
func (g *graph) alternatives(f, to node, how style) [][]policy.Cond {
	word, _ := g.word(to)
	free := f
	if !how.apart {
		free = g.words(f, func(w seccomp.Return) seccomp.Return {
			if w.Stricter(word) && w != how.base {
				return word
			}
			return w
		})
	}
	c := coverer{g: g, to: to, style: how, done: map[node][][]policy.Cond{}}
	list := c.visit(free)
	if c.failed {
		return nil
	}
	return g.simplify(list, g.leading(f, to, leafLevel), g.leading(free, to, leafLevel))
}

// A coverer finds alternatives that lead to one answer.
type coverer struct {
	g  *graph
	to node
	style
	done   map[node][][]policy.Cond
	failed bool
}

// visit divides by the values of the first argument that matters, and goes on
// with the others.
func (c *coverer) visit(f node) [][]policy.Cond {
	if f == c.to {
		return [][]policy.Cond{nil}
	}
	level := c.g.level(f)
	if level >= ipLevel || c.failed {
		return nil
	}
	if r, ok := c.done[f]; ok {
		return r
	}
	var r [][]policy.Cond
	arg := int(level-argLevel) / 64
	for _, p := range c.g.parts(f, argLevel+int32(arg+1)*64) {
		further := c.visit(p.rest)
		if len(further) == 0 {
			continue
		}
		here, ok := c.g.cover(p.set, arg, c.widths[arg], c.pairs)
		if !ok || len(r)+len(here)*len(further) > c.most || c.g.over() {
			c.failed = true
			return nil
		}
		for _, a := range here {
			for _, b := range further {
				r = append(r, slices.Concat(a, b))
			}
		}
	}
	c.done[f] = r
	return r
}

// simplify leaves out the conditions, bits of masks and alternatives that can be
// done without: the needed inputs must meet one of them, and no others than the
// free ones may.
func (g *graph) simplify(alternatives [][]policy.Cond, needed, free node) [][]policy.Cond {
	other := g.not(free)
	within := func(conds []policy.Cond) bool { return g.and(g.all(conds), other) == no }
	for i := range alternatives {
		for arg := uint8(0); arg < 6; arg++ {
			rest := slices.DeleteFunc(slices.Clone(alternatives[i]), func(c policy.Cond) bool { return c.Arg == arg })
			if len(rest) < len(alternatives[i]) && within(rest) {
				alternatives[i] = rest
			}
		}
		for j, c := range alternatives[i] {
			if c.Op != seccomp.OpMaskedEqual || c.Value|(c.Value-1) == ^uint64(0)>>(64-c.Bits) {
				continue // the latter is a range
			}
			for rest := c.Value; rest != 0; rest &= rest - 1 {
				bit := rest & -rest
				wider := slices.Clone(alternatives[i])
				wider[j].Value &^= bit
				wider[j].ValueTwo &^= bit
				if wider[j].Value != 0 && within(wider) {
					alternatives[i] = wider
				}
			}
		}
	}
	// What is not needed, or covered by those kept before and all after it, needs no
	// alternative of its own.
	after := make([]node, len(alternatives)+1)
	for i := len(alternatives) - 1; i >= 0; i-- {
		after[i] = g.or(after[i+1], g.all(alternatives[i]))
	}
	before := no
	var kept [][]policy.Cond
	for i, a := range alternatives {
		if n := g.all(a); g.and(g.and(n, needed), g.not(g.or(before, after[i+1]))) != no {
			before = g.or(before, n)
			kept = append(kept, a)
		}
	}
	return kept
}

// all is where all conditions hold.
func (g *graph) all(conds []policy.Cond) node {
	n := yes
	for _, c := range conds {
		n = g.and(n, g.holds(c))
	}
	return n
}
