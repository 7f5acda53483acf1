package decompile

import (
	"cmp"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A call is one of an architecture, and what it gets.
type call struct {
	arch seccomp.Arch
	call syscalls.Call
	nr   seccomp.Nr
	answer
}

// An unnamed is numbers that are no call's, and what they get.
type unnamed struct {
	audit       seccomp.AuditArch
	first, last seccomp.Nr
	answer
}

// read finds out what every call gets, what numbers without a name get, and what
// other architectures do.
func (r *reader) read() {
	r.result.Archs = r.told()
	within := make(map[seccomp.AuditArch]node)
	unlimited := math.MaxInt // what is asked about costs nothing
	g := newGraph(unlimited, &unlimited)
	number := g.field(nrLevel)
	for _, a := range r.result.Archs {
		if _, ok := within[a.Audit()]; !ok {
			within[a.Audit()] = yes
		}
		last := seccomp.Nr(1<<32 - 1)
		for _, c := range syscalls.On(a) {
			nr, _ := c.Nr(a)
			if nr == last {
				twin := r.calls[len(r.calls)-1]
				twin.call = c
				r.calls = append(r.calls, twin)
				continue
			}
			last = nr
			r.calls = append(r.calls, call{a, c, nr, r.ask(asked{constant(uint32(a.Audit())), constant(uint32(nr)), yes})})
			within[a.Audit()] = g.and(within[a.Audit()], g.not(g.equal(number, constant(uint32(nr)))))
		}
	}
	others := yes
	kind := g.field(archLevel)
	for _, audit := range slices.Sorted(maps.Keys(within)) {
		others = g.and(others, g.not(g.equal(kind, constant(uint32(audit)))))
	}
	g.budget, g.purse = r.budget, &r.purse
	for _, audit := range slices.Sorted(maps.Keys(within)) {
		r.readUnnamed(audit, g, within[audit])
	}
	slices.SortFunc(r.unnamed, func(x, y unnamed) int {
		return cmp.Or(cmp.Compare(x.audit, y.audit), cmp.Compare(x.first, y.first))
	})
	g.spent = 0
	f, err := g.filters(r.progs, asked{kind, number, others}, r.native.ByteOrder())
	r.foreign = answer{g: g, f: f, err: err}
	if words := r.foreign.words(); err == nil && len(words) == 1 {
		r.foreign = answer{word: words[0]}
	}
}

// told lists the architectures that the filters may tell from others, the native
// one first.
func (r *reader) told() []seccomp.Arch {
	archs := []seccomp.Arch{r.native}
	for _, a := range seccomp.Archs() {
		if a == r.native || a.ByteOrder() != r.native.ByteOrder() {
			continue
		}
		mentions := func(prog bpf.Program) bool {
			return slices.Contains(prog.Tested(seccomp.OffsetArch), uint32(a.Audit()))
		}
		if a.Audit() == r.native.Audit() || slices.ContainsFunc(r.progs, mentions) {
			archs = append(archs, a)
		}
	}
	return archs
}

// distinct leaves out the architectures of which every call gets what unknown
// ones get.
func (r *reader) distinct() []seccomp.Arch {
	told := map[seccomp.Arch]bool{r.native: true}
	for i := range r.calls {
		if c := &r.calls[i]; r.foreign.g != nil || !c.is(r.foreign.word) {
			told[c.arch] = true
		}
	}
	return slices.DeleteFunc(r.result.Archs, func(a seccomp.Arch) bool { return !told[a] })
}

// ask runs the filters for one call.
func (r *reader) ask(q asked) answer {
	g := r.scratch
	if g == nil {
		g = newGraph(r.budget, &r.purse)
	}
	r.scratch = nil
	f, err := g.filters(r.progs, q, r.native.ByteOrder())
	if err != nil {
		return answer{err: err}
	}
	if word, ok := g.word(f); ok {
		if g.spent < 1000 {
			r.scratch = g // another call may have it
		}
		return answer{word: word}
	}
	return answer{g: g, f: f}
}

// readUnnamed divides the numbers without a name by what they get.
func (r *reader) readUnnamed(audit seccomp.AuditArch, g *graph, within node) {
	numbers := domain{nrLevel + 31, 32}
	fail := func(err error) {
		spans, _ := g.spans(within, numbers) // of which there are few
		for _, s := range spans {
			r.unnamed = append(r.unnamed, unnamed{audit, seccomp.Nr(s.lo), seccomp.Nr(s.hi), answer{err: err}})
		}
	}
	g.spent = 0
	f, err := g.filters(r.progs, asked{constant(uint32(audit)), g.field(nrLevel), within}, r.native.ByteOrder())
	if err != nil {
		fail(err)
		return
	}
	for _, p := range g.parts(f, argLevel) {
		spans, ok := g.spans(p.set, numbers)
		if !ok {
			fail(errors.New("it divides the numbers without a name into more than a thousand ranges"))
			return
		}
		a := answer{g: g, f: p.rest}
		if word, ok := g.word(p.rest); ok {
			a = answer{word: word}
		}
		for _, s := range spans {
			// The kernel of x86_64 takes a number with bit 30 for one of x32.
			const step = 1 << 30
			for audit == seccomp.ArchX86_64.Audit() && s.lo/step != s.hi/step {
				r.unnamed = append(r.unnamed, unnamed{audit, seccomp.Nr(s.lo), seccomp.Nr(s.lo | (step - 1)), a})
				s.lo = (s.lo | (step - 1)) + 1
			}
			r.unnamed = append(r.unnamed, unnamed{audit, seccomp.Nr(s.lo), seccomp.Nr(s.hi), a})
		}
	}
}
