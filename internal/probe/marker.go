package probe

import (
	"slices"

	weir "github.com/weir-dev/weir"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// marker is an errno that no kernel returns: its own end at 531
// (include/linux/errno.h, ERECALLCONFLICT 530), a filter may return up to 4095.
const marker = seccomp.Errno(3333)

// markedProgram compiles a policy in which the marker stands in place of every
// outcome that fails a call and lets the program go on, and proves the result.
func markedProgram(p *policy.Policy) (bpf.Program, error) {
	p = mark(p)
	prog, err := compile.Program(p)
	if err != nil {
		return nil, err
	}
	if proof := verify.Program(p, prog, weir.ProofSteps); proof.Verdict != verify.Equal {
		return nil, &weir.Unproved{File: "the marked policy", Result: proof}
	}
	return prog, nil
}

// mark returns the policy with the marker in it.
func mark(p *policy.Policy) *policy.Policy {
	m := &policy.Policy{Native: p.Native, ABIs: slices.Clone(p.ABIs), Foreign: p.Foreign}
	m.Foreign.Return = markedReturn(p.Native, p.Foreign.Return)
	shared := make(map[*policy.Rule][]policy.Rule) // rows that share rules go on sharing them
	for i := range m.ABIs {
		rows := slices.Clone(m.ABIs[i].Rows)
		for j := range rows {
			first := &rows[j].Rules[0]
			rules, ok := shared[first]
			if !ok || len(rules) != len(rows[j].Rules) {
				rules = slices.Clone(rows[j].Rules)
				for k := range rules {
					rules[k].Return = markedReturn(p.Native, rules[k].Return)
				}
				shared[first] = rules
			}
			rows[j].Rules = rules
		}
		m.ABIs[i].Rows = rows
	}
	return m
}

func markedReturn(native seccomp.Arch, r seccomp.Return) seccomp.Return {
	if _, fails := failure(native, r); fails {
		return seccomp.ReturnErrno(marker)
	}
	return r
}

// failure returns the errno with which an outcome fails a call, 0 for one that
// only seems to succeed. Nobody traces or supervises the container, so that is
// ENOSYS where somebody should be asked (kernel/seccomp.c, __seccomp_filter).
func failure(native seccomp.Arch, r seccomp.Return) (errno seccomp.Errno, fails bool) {
	switch r.Action() {
	case seccomp.ActErrno:
		return min(seccomp.Errno(r.Data()), seccomp.MaxErrno), true
	case seccomp.ActTrace, seccomp.ActNotify:
		return native.ENOSYS(), true
	}
	return 0, false
}
