package probe

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/sys/call"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A Row is what became of a call, and what should have.
type Row struct {
	Call
	Answer   string // "ok", the name of an errno, or "killed (SIGSYS)"; "" if Unmade
	Confined bool   // whether there is a policy; without one the rest is empty
	Policy   seccomp.Return

	// Unlocks are the capabilities of which one is enough for the policy to let
	// the call through. None are if no capability decides.
	Unlocks []seccomp.Cap

	// Disagreement is how kernel and policy disagree, "" if they do not.
	Disagreement string
}

// answer is an outcome in words.
func answer(o call.Outcome) string {
	switch {
	case o.Signal != 0:
		return fmt.Sprintf("killed (%s)", unix.SignalName(o.Signal))
	case o.Errno != 0:
		return seccomp.Errno(o.Errno).String()
	}
	return "ok"
}

// observe makes rows of what the kernel did.
func observe(calls []Call, outcomes []call.Outcome) []Row {
	rows := make([]Row, len(calls))
	for i, c := range calls {
		rows[i] = Row{Call: c}
		switch {
		case c.Unmade != "":
		case c.Foreign && outcomes[i].Signal == syscall.SIGSEGV: // int 0x80 was a fault
			rows[i].Unmade = "this kernel has no IA32 emulation"
		default:
			rows[i].Answer = answer(outcomes[i])
		}
	}
	return rows
}

// judge holds the outcomes of the calls, under the program and under the marked
// one, against the policy.
func judge(p *policy.Policy, calls []Call, outcomes, marked []call.Outcome) []Row {
	rows := observe(calls, outcomes)
	for i := range rows {
		r := &rows[i]
		r.Confined = true
		if r.Arch == 0 {
			continue
		}
		_, rule := p.Eval(r.data())
		r.Policy = rule.Return
		if r.Unmade == "" {
			r.Disagreement = disagreement(p.Native, rule.Return, outcomes[i], marked[i])
		}
	}
	return rows
}

// disagreement says in what the outcomes are not the policy's.
func disagreement(native seccomp.Arch, want seccomp.Return, outcome, marked call.Outcome) string {
	byFilter := marked == call.Outcome{Errno: syscall.Errno(marker)}
	killed := outcome.Signal == syscall.SIGSYS || marked.Signal == syscall.SIGSYS
	if errno, fails := failure(native, want); fails {
		switch {
		case killed:
			return "the filter kills the call and does not fail it"
		case !byFilter:
			return "the kernel was reached: the filter let the call through"
		case outcome.Signal != 0 || outcome.Errno != syscall.Errno(errno):
			return fmt.Sprintf("the filter answered %s", answer(outcome))
		}
		return ""
	}
	switch want.Action() {
	case seccomp.ActAllow, seccomp.ActLog:
		if byFilter || killed {
			return "the filter stopped the call"
		}
		return ""
	}
	if outcome.Signal != syscall.SIGSYS || marked.Signal != syscall.SIGSYS {
		return "the call was not killed"
	}
	return ""
}
