package verify

import (
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A question is whether a program does what a list of rules says, from an
// instruction on and whatever the arguments are. Calls that share their rules and
// what the program does with their arguments, mostly one call on several
// architectures, ask the same one.
type question struct {
	pc    int
	rules *policy.Rule // the first
	count int
}

// asked reports that the current path, which goes on at pc, asks a question that
// another path has asked. That path is explored to its end, and the proof fails if
// there is a difference on it, so that it need not be explored again.
//
// It is the same question if what follows depends on nothing but the arguments,
// about which nothing is known yet, and if there is one number, whose rules they
// are.
func (p *prover) asked(pc int) bool {
	if pc >= len(p.closed) || !p.closed[pc] || len(p.atoms) > 0 {
		return false
	}
	for i := range p.words {
		if i != wordNr && i != wordArch && p.words[i].set[0] != (span{0, most}) {
			return false
		}
	}
	audit, ok := single(p.words[wordArch].set)
	if !ok {
		return false
	}
	nr, ok := single(p.words[wordNr].set)
	if !ok {
		return false
	}
	abi := p.pol.ABI(seccomp.AuditArch(audit))
	if abi == nil || !p.spend(1+len(p.questions)/8) {
		return false
	}
	i := p.rowOf(abi.Rows, nr)
	if i == len(abi.Rows) || uint32(abi.Rows[i].First) > nr || !total(abi.Rows[i].Rules) {
		return false
	}
	rules := abi.Rows[i].Rules
	q := question{pc, &rules[0], len(rules)}
	for _, earlier := range p.questions {
		if earlier == q {
			return true
		}
	}
	p.questions = append(p.questions, q)
	return false
}

// markClosed finds the instructions from which on the program looks at arguments and
// at the accumulator, which the first of them sets, and at nothing else.
func (p *prover) markClosed() {
	for range p.prog {
		p.closed = append(p.closed, false)
	}
	for pc := len(p.prog) - 1; pc >= 0; pc-- {
		switch in := &p.prog[pc]; in.Op {
		case bpf.OpRet:
			p.closed[pc] = true
		case bpf.OpLdAbs:
			p.closed[pc] = in.K >= seccomp.OffsetArgs && p.closed[pc+1]
		case bpf.OpAnd:
			p.closed[pc] = p.closed[pc+1]
		case bpf.OpJa:
			p.closed[pc] = p.closed[pc+1+int(in.K)]
		case bpf.OpJeq, bpf.OpJgt, bpf.OpJge, bpf.OpJset:
			p.closed[pc] = p.closed[pc+1+int(in.Jt)] && p.closed[pc+1+int(in.Jf)]
		}
	}
}
