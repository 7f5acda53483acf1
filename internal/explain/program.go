package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A Program is filters that were decompiled, of which no profile is known.
type Program struct {
	Name    string
	Policy  *policy.Policy
	Default seccomp.Return // what calls get that nothing else is said about
	Archs   []seccomp.Arch // the native one first
	Beyond  []Beyond
}

// A Beyond is a call about which the policy cannot say what happens to it: no
// condition on its arguments does.
type Beyond struct {
	Call    string    `json:"call"`
	Why     string    `json:"why"`     // the instruction pointer decides
	Answers []Outcome `json:"answers"` // all that it may get; none if it is not known

	arch seccomp.Arch
}

// NewBeyond describes one. Without an architecture it is about all that are not
// among the program's.
func NewBeyond(a seccomp.Arch, call, why string, answers []seccomp.Return) Beyond {
	b := Beyond{Call: call, Why: why, Answers: []Outcome{}, arch: a}
	for _, r := range answers {
		b.Answers = append(b.Answers, outcome(a, r))
	}
	return b
}

// text lists what it may get.
func (b *Beyond) text() string {
	var texts []string
	for _, o := range b.Answers {
		texts = append(texts, o.Text)
	}
	if len(texts) == 0 {
		return "undecided"
	}
	return strings.Join(texts, " or ")
}

// Read explains the whole of it.
func (p Program) Read() *Reading {
	r := p.resolved()
	reading := &Reading{
		Profile: p.Name,
		Default: outcome(p.Archs[0], p.Default),
		Foreign: outcome(p.Archs[0], p.Policy.Foreign.Return),
		Facts:   facts(r.Facts),
	}
	reading.Facts.Kernel = ""
	for _, b := range p.Beyond {
		if b.arch == 0 {
			reading.Foreign = Outcome{Action: reading.Foreign.Action, Text: b.text(), ret: reading.Foreign.ret}
		}
	}
	for i, a := range p.Archs {
		abi := r.abi(a)
		r.addNumbers(&abi, a)
		for _, b := range p.Beyond {
			if b.arch != a {
				continue
			}
			abi.Beyond = append(abi.Beyond, b)
			abi.drop(b.Call)
			if i == 0 && len(b.Answers) == 0 && strings.HasPrefix(b.Call, "#") {
				reading.Default.Text = b.text()
			}
		}
		reading.ABIs = append(reading.ABIs, abi)
	}
	return reading
}

func (p Program) resolved() *resolved {
	return &resolved{Question{Facts: seccomp.Facts{Arch: p.Archs[0]}}, p.Policy}
}

// drop takes a call out of its group.
func (abi *ABI) drop(call string) {
	for i := range abi.Groups {
		g := &abi.Groups[i]
		g.Calls = slices.DeleteFunc(g.Calls, func(c string) bool { return c == call })
	}
	abi.Groups = slices.DeleteFunc(abi.Groups, func(g Group) bool { return len(g.Calls) == 0 })
}

// neverCalls are numbers that no kernel gives to a call: negative ones, to it.
const neverCalls = 1 << 31

// addNumbers adds what numbers get that are no call's, where that is not what all
// others do.
func (r *resolved) addNumbers(abi *ABI, a seccomp.Arch) {
	for _, row := range r.policy.ABI(a.Audit()).Rows {
		if row.Arch != a || row.Named || row.Rules[0].Why != policy.WhyProgram || row.First >= neverCalls {
			continue
		}
		name := Numbers(a, row.First, row.Last)
		answer := r.ask(calls.Call{Arch: a, Nr: row.First})
		if answer.Verdict == nil {
			abi.When = append(abi.When, When{name, answer.Cases})
		} else {
			abi.add(*answer.Verdict, name)
		}
	}
	abi.sort()
}

// Numbers names a range of numbers that are no call's.
func Numbers(a seccomp.Arch, first, last seccomp.Nr) string {
	if a == seccomp.ArchX32 {
		const x32 = 1 << 30
		first, last = first&^x32, last&^x32
	}
	switch {
	case first == last:
		return fmt.Sprintf("#%d", first)
	case last > 1<<29:
		return fmt.Sprintf("#%#x-%#x", uint32(first), uint32(last))
	}
	return fmt.Sprintf("#%d-%d", first, last)
}
