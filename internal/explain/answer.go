package explain

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// An Answer is all that there is to say about one call.
type Answer struct {
	Call    string `json:"call"`              // as it was asked
	Syscall string `json:"syscall,omitempty"` // its name
	Arch    string `json:"arch"`              // whose call it is
	Number  uint32 `json:"number"`
	Facts   Facts  `json:"facts"`

	// Verdict is nil if it depends on what was left open.
	Verdict *Outcome `json:"verdict"`

	// Cases are the rules that may decide, in order. One without conditions is the
	// last: what happens if none before it does.
	Cases []Case `json:"cases"`

	// Missed are the rules of the call that do not match it.
	Missed []Case `json:"missed"`

	// Notes are about rules of the call that disagree.
	Notes []Note `json:"notes"`

	Flips  []Flip  `json:"flips"`
	Doors  []Door  `json:"doors"`
	Guards []Guard `json:"guards"`
}

// Facts are those that the profile was resolved against.
type Facts struct {
	Arch   string   `json:"arch"`
	Kernel string   `json:"kernel"`
	Caps   []string `json:"caps"`
}

func facts(f seccomp.Facts) Facts {
	caps := []string{}
	for _, c := range f.Caps.List() {
		caps = append(caps, c.String())
	}
	return Facts{f.Arch.Name(), f.Kernel.String(), caps}
}

// An Outcome is what a filter returns.
type Outcome struct {
	Action string `json:"action"`
	Errno  string `json:"errno,omitempty"`
	Text   string `json:"text"` // errno EPERM

	ret seccomp.Return
}

func outcome(a seccomp.Arch, r seccomp.Return) Outcome {
	o := Outcome{Action: r.Action().String(), Text: r.String(), ret: r}
	if r.Action() == seccomp.ActErrno {
		o.Errno = errnoName(a, seccomp.Errno(r.Data()))
		o.Text = "errno " + o.Errno
	}
	return o
}

// errnoName returns the name that an errno has on the architecture: MIPS has
// numbers of its own above those of Unix.
func errnoName(a seccomp.Arch, e seccomp.Errno) string {
	const unix = 34
	switch {
	case e == a.ENOSYS():
		return seccomp.ENOSYS.String()
	case a.MIPS() && e > unix:
		return strconv.Itoa(int(e))
	}
	return e.String()
}

// A Case is a rule of the policy as it bears on a call.
type Case struct {
	Outcome Outcome  `json:"outcome"`
	When    []string `json:"when,omitempty"`  // conditions in words, that are open or hold
	Fails   string   `json:"fails,omitempty"` // the first that does not, and why
	Why     string   `json:"why"`
	Rule    string   `json:"rule,omitempty"` // syscalls[44]
	At      *Place   `json:"at,omitempty"`
	Comment string   `json:"comment,omitempty"`

	rule *policy.Rule
}

// A Place is a position in the profile.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

func (p *Place) String() string {
	return profile.Position{File: p.File, Line: p.Line, Column: p.Column}.String()
}

// A Guard is why people deny the call.
type Guard struct {
	Only       string   `json:"only,omitempty"` // the constant that it is about
	What       string   `json:"what"`
	Gates      []string `json:"gates,omitempty"` // capabilities that the kernel asks for, any of them
	For        string   `json:"for,omitempty"`   // what it asks them for
	Namespaced bool     `json:"namespaced,omitempty"`
	CVEs       []string `json:"cves,omitempty"`
}

// A Question is a profile under facts.
type Question struct {
	Profile *profile.Profile
	Facts   seccomp.Facts
	Options policy.Options
}

// resolved is a question with its policy.
type resolved struct {
	Question
	policy *policy.Policy
	beyond []Beyond // of a program: what the policy cannot say
}

func (q Question) resolve() (*resolved, error) {
	p, _, err := policy.Resolve(q.Profile, q.Facts, q.Options)
	return &resolved{Question: q, policy: p}, err
}

// Ask answers what happens to a call on the native architecture of the facts, or on
// the ABI that is named before it: x86: socketcall(SYS_SOCKET). The call is written as
// [calls.Parse] reads it.
func (q Question) Ask(text string) (*Answer, error) {
	call, err := ParseCall(text, q.Facts.Arch)
	if err != nil {
		return nil, err
	}
	return q.about(call)
}

// about answers all that there is to say about a call.
func (q Question) about(call calls.Call) (*Answer, error) {
	r, err := q.resolve()
	if err != nil {
		return nil, err
	}
	a := r.ask(call)
	a.Notes = append(a.Notes, r.conflicts(call)...)
	a.Flips = append(a.Flips, r.flips(call, a)...)
	a.Doors = append(a.Doors, r.doors(call)...)
	a.Guards = append(a.Guards, guards(call)...)
	return a, nil
}

// guards says why people deny a call.
func guards(call calls.Call) []Guard {
	var list []Guard
	for _, g := range calls.Guarded(call) {
		guard := Guard{Only: g.Only, What: g.What, For: g.For, Namespaced: g.Namespaced, CVEs: g.CVEs}
		for _, c := range g.Gates {
			guard.Gates = append(guard.Gates, c.String())
		}
		list = append(list, guard)
	}
	return list
}

// ask finds the rules that may decide about a call.
func (r *resolved) ask(call calls.Call) *Answer {
	a := &Answer{
		Call: call.String(), Syscall: call.Syscall.String(), Arch: call.Arch.Name(), Number: uint32(call.Nr), Facts: facts(r.Facts),
		Missed: []Case{}, Notes: []Note{}, Flips: []Flip{}, Doors: []Door{}, Guards: []Guard{},
	}
	if b := r.beyondRules(call.Arch, call.Nr); b != nil {
		a.Cases = b.cases()
		return a
	}
	for _, rule := range r.rules(call) {
		c := r.newCase(call, rule)
		decided := true
		for _, cond := range rule.Conds {
			switch known, holds := judge(call, cond); {
			case !known:
				decided = false
			case !holds && c.Fails == "":
				c.Fails = failure(call, cond)
			}
			c.When = append(c.When, words(call.Arch, call.Syscall, cond))
		}
		if c.Fails != "" {
			a.Missed = append(a.Missed, c)
			continue
		}
		if slices.ContainsFunc(a.Cases, func(earlier Case) bool { return slices.Equal(earlier.rule.Conds, rule.Conds) }) {
			continue // never reached
		}
		a.Cases = append(a.Cases, c)
		if decided {
			break
		}
	}
	for _, c := range a.Cases {
		if c.Outcome.ret != a.Cases[0].Outcome.ret {
			return a
		}
	}
	a.Verdict = &a.Cases[0].Outcome
	return a
}

// rules returns the rules that the policy tries.
func (r *resolved) rules(call calls.Call) []policy.Rule {
	abi := r.policy.ABI(call.Arch.Audit())
	if abi == nil {
		return []policy.Rule{r.policy.Foreign}
	}
	return abi.Row(call.Nr).Rules
}

// judge evaluates a condition as far as the argument is known.
func judge(call calls.Call, c policy.Cond) (known, holds bool) {
	v := call.Args[c.Arg]
	if !v.Known {
		return false, false
	}
	args := [6]uint64{}
	args[c.Arg] = v.N
	return true, c.Holds(&args)
}

// newCase says where a rule comes from.
func (r *resolved) newCase(call calls.Call, rule policy.Rule) Case {
	c := Case{Outcome: outcome(call.Arch, rule.Return), rule: &rule}
	place := func(pos profile.Pos) {
		at := r.Profile.Position(pos)
		if at.Line > 0 {
			c.At = &Place{at.File, at.Line, at.Column}
		}
	}
	switch rule.Why {
	case policy.WhyRule, policy.WhyMultiplexed:
		entry := &r.Profile.Rules[rule.Origin]
		c.Rule = fmt.Sprintf("syscalls[%d]", entry.Index)
		c.Comment = entry.Comment
		c.Why = "a rule"
		pos := entry.Pos
		if n, ok := nameIn(entry, call); ok {
			pos = n.Pos
		}
		if rule.Why == policy.WhyMultiplexed {
			name, n := behind(entry, call.Arch, rule.Conds[0].Value)
			c.Why = fmt.Sprintf("a rule of %s, whose arguments are behind a pointer here", name)
			pos = n
		}
		place(pos)
	case policy.WhyDefault:
		c.Why = "the default action"
		if r.Profile != nil {
			c.Rule = "defaultAction"
			place(r.Profile.DefaultPos)
		}
	case policy.WhyProgram:
		c.Why = "a rule"
	case policy.WhyNewer:
		c.Why = "newer than every call that the profile names"
	case policy.WhyForeign:
		c.Why = fmt.Sprintf("%s is not among the architectures", call.Arch)
	}
	return c
}

// nameIn finds the name in a rule that stands for the call.
func nameIn(rule *profile.Rule, call calls.Call) (profile.Name, bool) {
	for _, n := range rule.Names {
		if named, ok := syscalls.Lookup(n.Text); ok {
			if nr, ok := named.Nr(call.Arch); ok && nr == call.Nr {
				return n, true
			}
		}
	}
	return profile.Name{}, false
}

// behind finds the name in a rule that is reached through a multiplexer.
func behind(rule *profile.Rule, a seccomp.Arch, arg0 uint64) (string, profile.Pos) {
	for _, n := range rule.Names {
		if named, ok := syscalls.Lookup(n.Text); ok {
			if _, arg, ok := named.Multiplexed(a); ok && arg == arg0 {
				return n.Text, n.Pos
			}
		}
	}
	return "another call", rule.Pos
}
