package decompile

import (
	"errors"
	"fmt"
	"slices"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// A Result is what filters mean.
type Result struct {
	// Profile does with every call what the filters do, if there are no Losses.
	// Otherwise it is one that comes near: a call about which rules cannot say what
	// happens to it gets the strictest that may, and bits of an argument that the
	// kernel ignores do not count. It is nil if something is Undecided.
	Profile *profile.Profile
	Losses  []Loss
	Proof   verify.Comparison // of the filters and the profile

	// Policy is proved to say the same as the filters, for people to read, but for
	// what is Beyond rules, or Undecided.
	Policy  *policy.Policy
	Default seccomp.Return // what most calls get that have no rule: the profile's default action
	Archs   []seccomp.Arch // that the filters tell apart, the native one first
	Beyond  []Beyond

	// Undecided says why some call is not understood, or nothing proved.
	Undecided string
}

// A Loss is something that no profile can say.
type Loss struct {
	Why   string
	Calls []string // that it is about; none if it is about numbers without a name

	// Witness is a call that gets A from the filters, and B from the profile.
	Witness verify.Difference
}

// A Beyond is a call about which rules cannot say what happens to it.
type Beyond struct {
	Arch seccomp.Arch // 0 if it is about all others
	Call string       // empty if it is about numbers without a name: these
	Why  string

	First, Last seccomp.Nr

	// Answers are all that it may get, the strictest first; none if undecided.
	Answers []seccomp.Return
}

// Filters decompiles the filters of a process, given in the order in which they
// were attached: what they do together, as the kernel merges their answers, on a
// machine of the native architecture. A program alone is a list of one.
//
// The budget bounds what is spent on one call, in steps of some 200 nanoseconds,
// each with some hundred bytes of memory; a million is plenty for what people
// write. All calls together may take ten times as much, and a proof fifty times as
// many steps of package verify.
//
// The error is about the arguments: an architecture that is none, a program that
// the kernel would refuse. A program that no profile can say the same as is no
// error.
func Filters(native seccomp.Arch, filters []bpf.Program, budget int) (*Result, error) {
	if !native.Valid() {
		return nil, errors.New("decompiling: no architecture is given")
	}
	for _, prog := range filters {
		if err := prog.Check(); err != nil {
			return nil, fmt.Errorf("decompiling: %w", err)
		}
	}
	r := &reader{native: native, progs: filters, budget: budget, purse: allCalls * budget, result: new(Result)}
	r.read()
	r.policy()
	r.provePolicy()
	if r.result.Undecided == "" {
		r.search()
	}
	r.result.Archs = r.distinct()
	return r.result, nil
}

// allCalls is how much more all calls together may take than one.
const allCalls = 10

// A reader is one call of [Filters] under way.
type reader struct {
	native seccomp.Arch
	progs  []bpf.Program
	budget int
	purse  int

	calls   []call    // of all architectures, by architecture and number
	unnamed []unnamed // by AUDIT_ARCH value and number
	foreign answer
	scratch *graph

	result *Result
}

// An answer is what some calls get: a function of the arguments in a graph, or,
// without one, a word.
type answer struct {
	word seccomp.Return
	g    *graph
	f    node
	err  error // why it is not known
}

func (a *answer) is(word seccomp.Return) bool { return a.g == nil && a.err == nil && a.word == word }

// words lists all that it may be, the strictest first.
func (a *answer) words() []seccomp.Return {
	if a.g == nil {
		return []seccomp.Return{a.word}
	}
	var list []seccomp.Return
	for _, v := range a.g.leaves(a.f) {
		word, _ := a.g.word(v)
		list = append(list, word)
	}
	return list
}

// strictest is what it may be at worst.
func (a *answer) strictest() seccomp.Return {
	if a.err != nil {
		return seccomp.ActKillProcess.Return()
	}
	return a.words()[0]
}

// letsThrough reports whether some call is made.
func (a *answer) letsThrough() bool {
	return a.err != nil || slices.ContainsFunc(a.words(), func(w seccomp.Return) bool { return open(w.Action()) })
}

// open reports whether an action lets calls through, or may: nothing is newer to
// a profile that has it as its default.
func open(a seccomp.Action) bool {
	switch a {
	case seccomp.ActAllow, seccomp.ActLog, seccomp.ActTrace, seccomp.ActNotify:
		return true
	}
	return false
}
