package compile

import (
	"slices"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
)

// farthest is how many instructions a conditional jump skips at most.
const farthest = 255

// A layout writes the nodes of a graph down as a program, from its last
// instruction to its first: then every jump leads to something that already has
// its place, and each distance is known when it is needed.
type layout struct {
	graph *graph
	order seccomp.ByteOrder
	limit int               // give up when the program is longer than this
	code  []bpf.Instruction // backwards
	sites []site            // by node
}

// A site is where a node is in the program.
type site struct {
	at    [entries]int32 // the index of each entry into code; -1: nowhere yet
	size  int32          // instructions from here on, counting what is shared again
	needs entry
	used  bool // the program leads there
}

// An entry is a way into a test: with the masked word in the accumulator, with
// the whole word, or with anything else. Its code is
//
//	entryAny   LD word
//	entryWord  AND mask
//	entryReady JEQ k, yes, no
//
// from the first line that some way in needs. AND is left out where the mask is
// whole.
type entry uint8

const (
	entryReady entry = iota
	entryWord
	entryAny
	entries
)

// entry returns how node n is entered when the accumulator holds word w cut to mask.
func (g *graph) entry(n node, w word, mask uint32) entry {
	d := &g.nodes[n]
	switch {
	case d.kind == kindReturn:
		return entryReady
	case d.word != w:
		return entryAny
	case d.mask == mask || d.kind == kindReenter:
		return entryReady
	case d.mask&^mask == 0:
		return entryWord
	}
	return entryAny
}

// lay returns the program that starts at root; ok is false if it is longer than
// limit.
func (l *layout) lay(g *graph, root node, order seccomp.ByteOrder, limit int) (prog bpf.Program, ok bool) {
	l.graph, l.order, l.limit = g, order, limit
	l.code, l.sites = l.code[:0], slices.Grow(l.sites[:0], int(root)+1)[:root+1]
	for i := range l.sites {
		l.sites[i] = site{at: [entries]int32{-1, -1, -1}}
	}
	if l.survey(root) > limit {
		return nil, false
	}
	l.place(root)
	if len(l.code) > limit {
		return nil, false
	}
	prog = make(bpf.Program, len(l.code))
	for i, in := range l.code {
		prog[len(prog)-1-i] = in
	}
	return prog, true
}

// survey finds out which nodes are reached and how they are entered, and how
// many instructions lie below each, counting what is shared again. It returns
// how many nodes are reached.
func (l *layout) survey(root node) (count int) {
	nodes := l.graph.nodes
	reach := func(n node, e entry) {
		s := &l.sites[n]
		s.needs, s.used = max(s.needs, e), true
	}
	reach(root, entryAny)
	for n := root; n >= 0; n-- {
		if !l.sites[n].used {
			continue
		}
		switch d := &nodes[n]; d.kind {
		case kindReturn:
		case kindReenter:
			reach(d.yes, l.graph.entry(d.yes, d.word, allBits))
		default:
			reach(d.yes, l.graph.entry(d.yes, d.word, d.mask))
			reach(d.no, l.graph.entry(d.no, d.word, d.mask))
		}
	}
	for n := range l.sites {
		s := &l.sites[n]
		if !s.used {
			continue
		}
		count++
		switch d := &nodes[n]; d.kind {
		case kindReturn:
			s.size = 1
		case kindReenter:
			s.size = min(1+l.sites[d.yes].size, bpf.MaxLen)
		default:
			s.size = min(1+l.sites[d.yes].size+l.sites[d.no].size, bpf.MaxLen)
		}
	}
	return count
}

// place writes node n and what it leads to, unless it is there.
func (l *layout) place(n node) {
	if l.sites[n].at[entryReady] >= 0 || len(l.code) > l.limit {
		return
	}
	d := &l.graph.nodes[n]
	switch d.kind {
	case kindReturn:
		l.put(n, entryReady, bpf.Ret(seccomp.Return(d.k)))
	case kindReenter:
		l.place(d.yes)
		e := l.graph.entry(d.yes, d.word, allBits)
		if at := l.sites[d.yes].at[e]; int(at) != len(l.code)-1 {
			l.code = append(l.code, bpf.Jump(uint32(len(l.code)-1-int(at))))
		}
		l.put(n, entryReady, bpf.And(d.mask))
	default:
		l.placeTest(n, d)
	}
}

// placeTest writes a comparison. The larger side is written first, so that only
// the smaller one lies between the test and either.
func (l *layout) placeTest(n node, d *decision) {
	if l.sites[d.yes].size > l.sites[d.no].size {
		l.place(d.yes)
		l.place(d.no)
	} else {
		l.place(d.no)
		l.place(d.yes)
	}
	if len(l.code) > l.limit {
		return
	}
	yes, no := l.graph.entry(d.yes, d.word, d.mask), l.graph.entry(d.no, d.word, d.mask)
	for l.approach(d.yes, yes) || l.approach(d.no, no) {
	}
	op := bpf.OpJeq
	switch d.kind {
	case kindAtLeast:
		op = bpf.OpJge
	case kindAnySet:
		op = bpf.OpJset
	}
	l.put(n, entryReady, bpf.JumpIf(op, d.k, l.distance(d.yes, yes), l.distance(d.no, no)))
	if l.sites[n].needs >= entryWord && d.mask != allBits {
		l.put(n, entryWord, bpf.And(d.mask))
	}
	if l.sites[n].needs >= entryAny {
		l.put(n, entryAny, bpf.LoadAbs(d.word.offset(l.order)))
	}
}

// put appends an instruction that is an entry of a node.
func (l *layout) put(n node, e entry, in bpf.Instruction) {
	l.sites[n].at[e] = int32(len(l.code))
	l.code = append(l.code, in)
}

// distance returns how many instructions a jump to an entry skips, if it is the
// next to be written.
func (l *layout) distance(n node, e entry) uint8 {
	return uint8(len(l.code) - 1 - int(l.sites[n].at[e]))
}

// approach brings an entry within reach of the next instruction and reports
// whether it had to: a return is written once more, to the rest leads a jump of
// any length. Later tests, which are farther away still, use the copy too.
func (l *layout) approach(n node, e entry) bool {
	away := len(l.code) - 1 - int(l.sites[n].at[e])
	if away <= farthest {
		return false
	}
	if d := &l.graph.nodes[n]; d.kind == kindReturn {
		l.put(n, e, bpf.Ret(seccomp.Return(d.k)))
	} else {
		l.put(n, e, bpf.Jump(uint32(away)))
	}
	return true
}
