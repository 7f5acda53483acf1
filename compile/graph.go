package compile

import (
	"slices"

	"github.com/weir-dev/weir/seccomp"
)

// A node is a decision, or a part of one. Nodes are numbered from 0 in the
// order of their making; a node only leads to nodes with smaller numbers, so
// counting down visits every node before those it leads to.
type node int32

// A kind says what a node does.
type kind uint8

const (
	kindReturn  kind = iota // return k
	kindEqual               // word&mask == k ? yes : no
	kindAtLeast             // word&mask >= k ? yes : no
	kindAnySet              // word&mask & k != 0 ? yes : no
	kindReenter             // cut the number to mask, go on at yes as if it were the number
)

// A word is one of the 32-bit words of seccomp_data that decisions look at.
type word uint8

const (
	_ word = iota // of a node that looks at none
	wordArch
	wordNr
	wordLow                // of argument 0; the five others follow
	wordHigh = wordLow + 6 // of argument 0
)

// low and high return the words of an argument.
func low(arg uint8) word  { return wordLow + word(arg) }
func high(arg uint8) word { return wordHigh + word(arg) }

// offset returns where the word lies in seccomp_data.
func (w word) offset(order seccomp.ByteOrder) uint32 {
	switch {
	case w == wordArch:
		return seccomp.OffsetArch
	case w == wordNr:
		return seccomp.OffsetNr
	case w < wordHigh:
		return seccomp.OffsetLow(int(w-wordLow), order)
	}
	return seccomp.OffsetHigh(int(w-wordHigh), order)
}

// allBits is the mask of a test that looks at a whole word.
const allBits = 1<<32 - 1

// A decision is what a node stands for. Two nodes never stand for the same.
type decision struct {
	k, mask uint32
	yes, no node
	kind    kind
	word    word
}

// A graph is a set of decisions in which equal ones are one node (hash-consing):
// what two calls, or two ABIs, have in common exists once.
type graph struct {
	nodes []decision
	slots []node // a hash table of nodes + 1, open addressing; 0 is empty
}

// reset makes the graph empty.
func (g *graph) reset() {
	if g.nodes = g.nodes[:0]; len(g.slots) > mostKept {
		g.slots = make([]node, 512)
	}
	clear(g.slots)
}

// ret returns the node that ends in a return word.
func (g *graph) ret(r seccomp.Return) node {
	return g.intern(decision{kind: kindReturn, k: uint32(r)})
}

// test returns the node of a comparison, or the one outcome if there is no choice.
func (g *graph) test(d decision) node {
	if d.yes == d.no {
		return d.yes
	}
	return g.intern(d)
}

func (g *graph) equal(w word, k uint32, yes, no node) node {
	return g.test(decision{kind: kindEqual, word: w, mask: allBits, k: k, yes: yes, no: no})
}

func (g *graph) intern(d decision) node {
	if 2*len(g.nodes) >= len(g.slots) {
		g.grow()
	}
	for i := d.hash(); ; i++ {
		slot := &g.slots[i%uint32(len(g.slots))]
		if *slot == 0 {
			g.nodes = append(g.nodes, d)
			*slot = node(len(g.nodes))
			return *slot - 1
		}
		if g.nodes[*slot-1] == d {
			return *slot - 1
		}
	}
}

func (d *decision) hash() uint32 {
	h := uint64(d.k) | uint64(d.mask)<<32
	h = (h ^ h>>29) * 0x9e3779b97f4a7c15
	h ^= uint64(uint32(d.yes)) | uint64(uint32(d.no))<<32
	h = (h ^ h>>29) * 0x9e3779b97f4a7c15
	h += uint64(d.kind) | uint64(d.word)<<8
	h = (h ^ h>>29) * 0x9e3779b97f4a7c15
	return uint32(h >> 32)
}

func (g *graph) grow() {
	g.slots = make([]node, max(2*len(g.slots), 512))
	for n := range g.nodes {
		i := g.nodes[n].hash()
		for g.slots[i%uint32(len(g.slots))] != 0 {
			i++
		}
		g.slots[i%uint32(len(g.slots))] = node(n) + 1
	}
}

// size returns how many nodes the given ones lead to, themselves included.
func (g *graph) size(roots ...node) int {
	top := slices.Max(roots)
	reached := make([]bool, top+1)
	for _, n := range roots {
		reached[n] = true
	}
	count := 0
	for n := top; n >= 0; n-- {
		if !reached[n] {
			continue
		}
		count++
		if d := &g.nodes[n]; d.kind != kindReturn {
			reached[d.yes], reached[d.no] = true, true
		}
	}
	return count
}
