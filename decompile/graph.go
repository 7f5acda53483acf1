package decompile

import (
	"errors"
	"fmt"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// A node is a function of the bits of an input, in a form that two functions
// share if and only if they are the same: a decision diagram, reduced and
// ordered (Bryant, "Graph-Based Algorithms for Boolean Function Manipulation",
// 1986). What it yields is yes or no, or a return word. However oddly a program
// computes its answer, the diagram is the one of what it answers.
type node int32

const (
	no node = iota
	yes
)

// The levels of a diagram are the bits of the input, in the order in which they
// are asked: the most significant bit of a field first, and the arguments before
// the instruction pointer, on which no rule depends.
const (
	archLevel = 0
	nrLevel   = archLevel + 32
	argLevel  = nrLevel + 32
	ipLevel   = argLevel + 6*64
	leafLevel = ipLevel + 64
)

// An entry asks for the bit of its level, and goes on with lo if it is 0. That
// of a leaf has its return word as lo.
type entry struct {
	level  int32
	lo, hi node
}

// A graph holds nodes. When its budget is used up it answers anything, fast: ask
// over before believing it.
type graph struct {
	entries []entry
	ids     map[entry]node
	chosen  map[[3]node]node
	merged  map[[2]node]node

	spent, budget int
	purse         *int // what is left for all graphs together
}

func newGraph(budget int, purse *int) *graph {
	return &graph{
		entries: []entry{{level: leafLevel}, {level: leafLevel}},
		ids:     map[entry]node{}, chosen: map[[3]node]node{}, merged: map[[2]node]node{},
		budget: budget, purse: purse,
	}
}

func (g *graph) over() bool { return g.spent > g.budget || *g.purse < 0 }

func (g *graph) spend() {
	g.spent++
	*g.purse--
}

func (g *graph) errOver() error {
	if g.spent > g.budget {
		return fmt.Errorf("it takes more than %d steps", g.budget)
	}
	return errors.New("the steps for all calls together are used up")
}

// add returns the node of an entry.
func (g *graph) add(e entry) node {
	if e.lo == e.hi && e.level < leafLevel {
		return e.lo
	}
	if n, ok := g.ids[e]; ok {
		return n
	}
	n := node(len(g.entries))
	g.entries = append(g.entries, e)
	g.ids[e] = n
	return n
}

// leaf is the function that always yields a word.
func (g *graph) leaf(word seccomp.Return) node {
	return g.add(entry{leafLevel, node(int32(word)), -1})
}

// bit is the function that yields a bit.
func (g *graph) bit(level int32) node { return g.add(entry{level, no, yes}) }

// word returns the word of a leaf.
func (g *graph) word(n node) (seccomp.Return, bool) {
	e := g.entries[n]
	return seccomp.Return(uint32(e.lo)), e.level == leafLevel && n > yes
}

func (g *graph) level(n node) int32 { return g.entries[n].level }

// at follows one answer to the bit of a level, if the node asks for it.
func (g *graph) at(n node, level int32, one bool) node {
	switch e := &g.entries[n]; {
	case e.level != level:
		return n
	case one:
		return e.hi
	default:
		return e.lo
	}
}

// choose is a where c is yes, and b where it is no.
func (g *graph) choose(c, a, b node) node {
	switch {
	case c == yes, a == b:
		return a
	case c == no:
		return b
	case a == yes && b == no:
		return c
	}
	key := [3]node{c, a, b}
	if n, ok := g.chosen[key]; ok {
		return n
	}
	if g.spend(); g.over() {
		return a
	}
	level := min(g.level(c), g.level(a), g.level(b))
	lo := g.choose(g.at(c, level, false), g.at(a, level, false), g.at(b, level, false))
	hi := g.choose(g.at(c, level, true), g.at(a, level, true), g.at(b, level, true))
	n := g.add(entry{level, lo, hi})
	g.chosen[key] = n
	return n
}

func (g *graph) and(a, b node) node { return g.choose(a, b, no) }
func (g *graph) or(a, b node) node  { return g.choose(a, yes, b) }
func (g *graph) not(a node) node    { return g.choose(a, no, yes) }
func (g *graph) xor(a, b node) node { return g.choose(a, g.not(b), b) }

// merge yields what the kernel makes of the words of a newer and an older filter.
func (g *graph) merge(newer, older node) node {
	a, isA := g.word(newer)
	b, isB := g.word(older)
	if isA && isB {
		return g.leaf(verify.Merge(a, b))
	}
	if newer == older {
		return newer
	}
	if newer == no || older == no { // outside of what was asked
		return no
	}
	key := [2]node{newer, older}
	if n, ok := g.merged[key]; ok {
		return n
	}
	if g.spend(); g.over() {
		return newer
	}
	level := min(g.level(newer), g.level(older))
	lo := g.merge(g.at(newer, level, false), g.at(older, level, false))
	hi := g.merge(g.at(newer, level, true), g.at(older, level, true))
	n := g.add(entry{level, lo, hi})
	g.merged[key] = n
	return n
}

// words replaces every word of a function.
func (g *graph) words(f node, change func(seccomp.Return) seccomp.Return) node {
	done := map[node]node{}
	var visit func(n node) node
	visit = func(n node) node {
		if word, ok := g.word(n); ok {
			g.spend()
			return g.leaf(change(word))
		}
		if n <= yes || g.over() {
			return n
		}
		m, ok := done[n]
		if !ok {
			g.spend()
			e := g.entries[n]
			m = g.add(entry{e.level, visit(e.lo), visit(e.hi)})
			done[n] = m
		}
		return m
	}
	return visit(f)
}
