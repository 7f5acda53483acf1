package decompile

import (
	"cmp"
	"slices"
)

// visit calls do for every node that a function is made of, those first that
// smaller inputs lead to.
func (g *graph) visit(f node, do func(node)) {
	seen := map[node]bool{}
	var walk func(n node)
	walk = func(n node) {
		if seen[n] {
			return
		}
		seen[n] = true
		do(n)
		if n > yes && g.level(n) < leafLevel {
			walk(g.entries[n].lo)
			walk(g.entries[n].hi)
		}
	}
	walk(f)
}

// without fixes the bits of some levels to 0.
func (g *graph) without(f node, level func(int32) bool) node {
	done := map[node]node{}
	var visit func(n node) node
	visit = func(n node) node {
		if n <= yes || g.level(n) == leafLevel {
			return n
		}
		m, ok := done[n]
		if !ok {
			g.spend()
			e := g.entries[n]
			if level(e.level) {
				m = visit(e.lo)
			} else {
				m = g.add(entry{e.level, visit(e.lo), visit(e.hi)})
			}
			done[n] = m
		}
		return m
	}
	return visit(f)
}

// A part is the inputs that lead to one function of the levels from some on.
type part struct {
	set  node // of earlier levels
	rest node
}

// parts divides a function by its levels before end, in the order of the
// smallest input of each. Where it yields nothing is no part.
func (g *graph) parts(f node, end int32) []part {
	var rests []node
	seen := map[node]bool{}
	var walk func(n node)
	walk = func(n node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if g.level(n) >= end {
			if n != no {
				rests = append(rests, n)
			}
			return
		}
		walk(g.entries[n].lo)
		walk(g.entries[n].hi)
	}
	walk(f)
	if len(rests) == 1 && rests[0] == f {
		return []part{{yes, f}}
	}
	// One walk for each part would be quadratic where there are thousands.
	list := make([]part, len(rests))
	for i, r := range rests {
		if g.over() {
			return nil
		}
		list[i] = part{g.leading(f, r, end), r}
	}
	return list
}

// leading is yes where the levels before end lead to a function.
func (g *graph) leading(f, to node, end int32) node {
	done := map[node]node{}
	var visit func(n node) node
	visit = func(n node) node {
		switch {
		case n == to:
			return yes
		case g.level(n) >= end:
			return no
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

// leaves lists what a function may yield, the strictest first.
func (g *graph) leaves(f node) []node {
	var list []node
	g.visit(f, func(n node) {
		if _, ok := g.word(n); ok {
			list = append(list, n)
		}
	})
	slices.SortFunc(list, func(a, b node) int {
		x, _ := g.word(a)
		y, _ := g.word(b)
		return cmp.Compare(int32(x), int32(y))
	})
	return list
}

// dependsOn reports whether a function asks for one of some levels.
func (g *graph) dependsOn(f node, level func(int32) bool) bool {
	asks := false
	g.visit(f, func(n node) { asks = asks || level(g.level(n)) })
	return asks
}

func (g *graph) dependsOnIP(f node) bool {
	return g.dependsOn(f, func(level int32) bool { return ipLevel <= level && level < leafLevel })
}
