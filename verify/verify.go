package verify

import (
	"fmt"
	"sync"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A Verdict is what is known about a program and a policy.
type Verdict uint8

const (
	Undecided Verdict = iota // nothing is known; treat it as a refusal
	Equal                    // they agree on every input
	Different                // they disagree on the witness
)

// String returns the verdict in a word.
func (v Verdict) String() string {
	switch v {
	case Undecided:
		return "undecided"
	case Equal:
		return "equal"
	case Different:
		return "different"
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// A Result is the outcome of [Program].
type Result struct {
	Verdict Verdict

	// Different: an input, what the policy says to it, and what the program
	// returns. Both were computed by evaluating policy and program, not by the
	// proof.
	Witness   seccomp.Data
	Want, Got seccomp.Return

	Reason string // Undecided: why
	Steps  int    // what was spent of the budget
}

// Program decides whether a program returns, for every input, the word of the
// policy's rule, on a machine of the byte order of the policy's native
// architecture. The instruction pointer is part of the input: the policy ignores
// it, the program may not.
//
// The budget limits the work in steps: one is an instruction followed, a row or
// a rule looked at, an operation estimated, some 20 nanoseconds each. It limits
// memory as well, to some hundred bytes a step. Docker's default profile takes
// 1,200 steps, or 10,000 in a program that tries one number after another; a
// million is enough for what people write. The result depends on
// nothing but the arguments.
func Program(pol *policy.Policy, prog bpf.Program, budget int) Result {
	if err := prog.Check(); err != nil {
		return Result{Reason: err.Error()}
	}
	p := provers.Get().(*prover)
	defer provers.Put(p)
	p.start(pol, prog, budget)
	p.run(0, registers{})
	r := p.finish()
	p.pol, p.prog = nil, nil
	clear(p.questions)
	return r
}

// A prover is used again, with the room that it has grown into.
var provers = sync.Pool{New: func() any {
	p := new(prover)
	p.undo, p.nodes = make([]undo, 0, 64), make([]node, 0, 16)
	return p
}}

// A prover is one proof under way. What stands in it describes the current
// path: a set of inputs that is never empty.
type prover struct {
	pol   *policy.Policy
	prog  bpf.Program
	order seccomp.ByteOrder
	near  int // the index of the row looked at last

	closed    []bool // by instruction, see markClosed; empty in Compare
	questions []question

	state
	solver

	contest *contest // what Compare does; nil in Program

	budget int // what is left
	spent  int
	result Result
	done   bool // the result stands, or there will be none
}

func (p *prover) start(pol *policy.Policy, prog bpf.Program, budget int) {
	p.reset(pol.Native.ByteOrder(), budget)
	p.pol, p.prog = pol, prog
	p.markClosed()
	if !ascending(pol) {
		p.giveUp("the ABIs of the policy are not in ascending order")
	}
}

// ascending reports that a policy has its ABIs in order, each once.
func ascending(pol *policy.Policy) bool {
	for i := 1; i < len(pol.ABIs); i++ {
		if pol.ABIs[i-1].Audit >= pol.ABIs[i].Audit {
			return false
		}
	}
	return true
}

// reset begins with all inputs.
func (p *prover) reset(order seccomp.ByteOrder, budget int) {
	p.order = order
	p.budget, p.spent, p.near = budget, 0, 0
	p.closed, p.questions = p.closed[:0], p.questions[:0]
	p.result, p.done = Result{}, false
	p.state.reset()
}

func (p *prover) finish() Result {
	if !p.done {
		p.result.Verdict = Equal
	}
	p.result.Steps = p.spent
	return p.result
}

// spend takes steps from the budget. It reports false if the proof is over.
func (p *prover) spend(steps int) bool {
	p.spent += steps
	if p.spent > p.budget {
		p.overspent()
	}
	return !p.done
}

func (p *prover) overspent() {
	p.giveUp("the budget of %d steps is used up%s", p.budget, p.where())
}

// where names the call about which the current path is, after a comma; empty if it
// is about none in particular.
func (p *prover) where() string {
	audit, ok := single(p.words[wordArch].set)
	numbers := p.words[wordNr].set
	if p.pol == nil || !ok || len(numbers) > 1 {
		return ""
	}
	abi := p.pol.ABI(seccomp.AuditArch(audit))
	if abi == nil {
		return ""
	}
	nr := seccomp.Nr(numbers[0].lo)
	i := p.rowOf(abi.Rows, uint32(nr))
	if i == len(abi.Rows) || seccomp.Nr(numbers[0].hi) > abi.Rows[i].Last {
		return ""
	}
	row := &abi.Rows[i]
	if call := row.Call(nr); call != 0 {
		return fmt.Sprintf(", at %s of %s, which has %d rules", call, row.Arch.Name(), len(row.Rules))
	}
	return fmt.Sprintf(", at number %d of %s, which has %d rules", nr, row.Arch.Name(), len(row.Rules))
}

// giveUp ends the proof without a verdict.
func (p *prover) giveUp(format string, args ...any) {
	if !p.done {
		p.done = true
		p.result = Result{Reason: fmt.Sprintf(format, args...)}
	}
}

// differ ends the proof: for every input of the current path, policy and
// program disagree. It takes one of them and asks both, so that a mistake of the
// prover cannot pass for one of the program.
func (p *prover) differ() {
	var words [inputWords]uint32
	if p.done || !p.model(&words) {
		return
	}
	d := p.data(&words)
	_, rule := p.pol.Eval(&d)
	got, _, err := p.prog.Run(&d, p.order)
	if err != nil || got == rule.Return {
		p.giveUp("internal contradiction: no difference found by running %+v", d)
		return
	}
	p.done = true
	p.result = Result{Verdict: Different, Witness: d, Want: rule.Return, Got: got}
}

// data makes an input of its words.
func (p *prover) data(words *[inputWords]uint32) seccomp.Data {
	wide := func(offset uint32) uint64 {
		first, second := uint64(words[offset/4]), uint64(words[offset/4+1])
		if p.order == seccomp.BigEndian {
			first, second = second, first
		}
		return second<<32 | first
	}
	d := seccomp.Data{
		Nr:   seccomp.Nr(words[wordNr]),
		Arch: seccomp.AuditArch(words[wordArch]),
		IP:   wide(seccomp.OffsetIP),
	}
	for i := range d.Args {
		d.Args[i] = wide(uint32(seccomp.OffsetArgs + 8*i))
	}
	return d
}
