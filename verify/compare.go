package verify

import (
	"cmp"
	"slices"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A Subject answers calls: by its policy, or, if that is nil, by its filters as
// the kernel runs them.
type Subject struct {
	Policy  *policy.Policy
	Filters []bpf.Program // in the order in which they were attached
}

// Answer is what becomes of a call: the action, with the data that the kernel
// makes use of.
func (s Subject) Answer(d *seccomp.Data, order seccomp.ByteOrder) (seccomp.Return, error) {
	if s.Policy != nil {
		_, rule := s.Policy.Eval(d)
		return Effect(rule.Return), nil
	}
	ret := seccomp.ActAllow.Return()
	for _, prog := range slices.Backward(s.Filters) {
		word, _, err := prog.Run(d, order)
		if err != nil {
			return 0, err
		}
		ret = Merge(ret, word)
	}
	return Effect(ret), nil
}

// Merge is the kernel's choice between what newer filters say and the word of
// the next older one: the strictest action, the newest if several say it. It
// begins with allow (kernel/seccomp.c, seccomp_run_filters).
func Merge(newer, older seccomp.Return) seccomp.Return {
	if older.Stricter(newer) {
		return older
	}
	return newer
}

// Effect leaves of a word what the kernel acts on (kernel/seccomp.c,
// __seccomp_filter): an action that it does not know kills the process, an errno
// is at most 4095, and only errno, trap and trace have data.
func Effect(word seccomp.Return) seccomp.Return {
	const maxErrno = 4095 // MAX_ERRNO of include/linux/err.h
	switch action := word.Action(); action {
	case seccomp.ActErrno:
		return action.With(min(word.Data(), maxErrno))
	case seccomp.ActTrap, seccomp.ActTrace:
		return action.With(word.Data())
	default:
		return action.Return()
	}
}

// A Difference is a range of numbers, on each of which some call gets the one
// answer from a and the other from b.
type Difference struct {
	First, Last seccomp.Nr // both included

	// Witness is such a call with the number First. With any other of the range
	// it is one too. Foreign says that it stands for all architectures that
	// neither side mentions.
	Witness seccomp.Data
	Foreign bool

	A, B seccomp.Return // the answers to the witness, by [Subject.Answer]
}

// A Comparison is the outcome of [Compare].
type Comparison struct {
	Verdict     Verdict
	Differences []Difference // by architecture and number, foreign ones last
	Reason      string       // why the search ended early; empty if all was compared
	Steps       int          // what was spent of the budget
}

// Compare decides whether two subjects do the same with every call on a kernel
// of the native architecture, or shows where they do not: for each number and
// each pair of answers one call.
//
// It ends early when the budget of steps, as of [Program], is used up, at a
// number of differences, or at what makes a program undecided. Then the
// differences found so far stand, and if there are none the verdict is
// Undecided.
//
// Unlike [Program] it compares what the kernel does, not words that may carry
// data of which nothing comes.
func Compare(native seccomp.Arch, a, b Subject, budget, differences int) Comparison {
	c := &contest{subjects: [2]Subject{a, b}, most: differences, covered: map[kind][]span{}}
	if err := c.prepare(native); err != "" {
		return Comparison{Reason: err}
	}
	p := provers.Get().(*prover)
	defer provers.Put(p)
	p.reset(native.ByteOrder(), budget)
	p.contest = c
	p.stage(0)
	r := Comparison{Verdict: Equal, Differences: c.found, Reason: p.result.Reason, Steps: p.spent}
	p.pol, p.prog, p.contest = nil, nil, nil
	switch {
	case len(r.Differences) > 0:
		r.Verdict = Different
	case r.Reason != "":
		r.Verdict = Undecided
	}
	slices.SortFunc(r.Differences, func(x, y Difference) int {
		if x.Foreign != y.Foreign {
			return index(x.Foreign) - index(y.Foreign)
		}
		return cmp.Or(cmp.Compare(x.Witness.Arch, y.Witness.Arch), cmp.Compare(x.First, y.First),
			cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	return r
}

// A contest is what a prover needs to compare two subjects. All their parts are
// explored one after the other, each on the paths of those before it.
type contest struct {
	subjects [2]Subject
	stages   []stage
	audits   []seccomp.AuditArch // those that differences are told apart by

	at      int // the stage under way
	answers [2]seccomp.Return

	most    int
	covered map[kind][]span // the numbers of found
	found   []Difference
}

// A stage is a policy or one program.
type stage struct {
	side int
	pol  *policy.Policy
	prog bpf.Program
}

// prepare lists the stages: filters from the newest to the oldest, and a policy
// last if there is one, since a policy is quick to look up. It returns what is
// wrong with a subject.
func (c *contest) prepare(native seccomp.Arch) (wrong string) {
	var policies []stage
	c.audits = append(c.audits, native.Audit())
	for side, s := range c.subjects {
		c.answers[side] = seccomp.ActAllow.Return()
		if s.Policy != nil {
			if s.Policy.Native.ByteOrder() != native.ByteOrder() {
				return "the policy is for machines of the other byte order"
			}
			if !ascending(s.Policy) {
				return "the ABIs of the policy are not in ascending order"
			}
			policies = append(policies, stage{side: side, pol: s.Policy})
			for i := range s.Policy.ABIs {
				c.audits = append(c.audits, s.Policy.ABIs[i].Audit)
			}
			continue
		}
		for _, prog := range slices.Backward(s.Filters) {
			if err := prog.Check(); err != nil {
				return err.Error()
			}
			c.stages = append(c.stages, stage{side: side, prog: prog})
			c.audits = append(c.audits, mentioned(prog)...)
		}
	}
	c.stages = append(c.stages, policies...)
	slices.Sort(c.audits)
	c.audits = slices.Compact(c.audits)
	return ""
}

// mentioned returns the architectures that a program compares with.
func mentioned(prog bpf.Program) []seccomp.AuditArch {
	var audits []seccomp.AuditArch
	for _, k := range prog.Tested(seccomp.OffsetArch) {
		audits = append(audits, seccomp.AuditArch(k))
	}
	return audits
}

// unasked is the value that a policy is held against to have all its answers.
var unasked = word(wordNr)

// stage explores the parts from one on, for the inputs of the current path.
func (p *prover) stage(at int) {
	c := p.contest
	if at == len(c.stages) {
		p.compare()
		return
	}
	before, prog, pol := c.at, p.prog, p.pol
	m := p.push()
	c.at = at
	s := &c.stages[at]
	switch {
	case s.pol == nil:
		p.prog = s.prog
		p.run(0, registers{})
	case at+1 < len(c.stages):
		p.pol = s.pol
		p.against(unasked)
	default: // what agrees with the other side's answer needs no look
		p.pol = s.pol
		p.against(number(uint32(c.answers[1-s.side])))
	}
	p.pop(m)
	c.at, p.prog, p.pol = before, prog, pol
}

// returned goes on with what the program of the stage returns: one word after
// another, if it is not the same on the whole path.
func (p *prover) returned(v value) {
	if v = p.fold(v); v.isConst() {
		p.answered(seccomp.Return(v.k))
		return
	}
	m := p.push()
	var input [inputWords]uint32
	for p.model(&input) {
		k := p.evaluate(v, &input)
		t := p.normal(test{value: v, in: one(k)})
		_, more := p.split(t)
		if p.done {
			break
		}
		m := p.push()
		p.assume(t, true)
		p.answered(seccomp.Return(k))
		p.pop(m)
		if p.done || !more {
			break
		}
		p.assume(t, false)
	}
	p.pop(m)
}

// evaluate computes a value for one input.
func (p *prover) evaluate(v value, input *[inputWords]uint32) uint32 {
	switch {
	case v.isConst():
		return v.k
	case v.isWord():
		return input[v.word()] + v.k
	}
	n := p.nodes[v.operation()]
	return n.op.apply(p.evaluate(n.l, input), p.evaluate(n.r, input))
}

// answered goes on with the stage's answer to all inputs of the path.
func (p *prover) answered(word seccomp.Return) {
	c := p.contest
	side := c.stages[c.at].side
	before := c.answers[side]
	if c.stages[c.at].pol != nil {
		c.answers[side] = word
	} else {
		c.answers[side] = Merge(before, word)
	}
	p.stage(c.at + 1)
	c.answers[side] = before
}
