package explain

import (
	"fmt"
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

	arch        seccomp.Arch
	first, last seccomp.Nr
}

// NewBeyond describes one, by the name of the call or by its numbers. Without an
// architecture it is about all that are not among the program's.
func NewBeyond(a seccomp.Arch, call string, first, last seccomp.Nr, why string, answers []seccomp.Return) Beyond {
	b := Beyond{Call: call, Why: why, Answers: []Outcome{}, arch: a, first: first, last: last}
	if call == "" {
		b.Call = numbers(a, first, last)
	}
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

// beyondRules finds what is known of a call about which rules cannot say what it
// gets.
func (r *resolved) beyondRules(a seccomp.Arch, nr seccomp.Nr) *Beyond {
	for i := range r.beyond {
		if b := &r.beyond[i]; b.arch == a && b.first <= nr && nr <= b.last {
			return b
		}
	}
	return nil
}

// cases are the answers that it may get.
func (b *Beyond) cases() []Case {
	var list []Case
	for _, o := range b.Answers {
		list = append(list, Case{Outcome: o, When: []string{b.Why}, rule: &policy.Rule{}})
	}
	if len(list) == 0 {
		list = []Case{{Outcome: Outcome{Text: b.text()}, When: []string{b.Why}, rule: &policy.Rule{}}}
	}
	return list
}

// Ask answers what happens to a call on the native architecture, as [Question.Ask]
// does.
func (p Program) Ask(text string) (*Answer, error) {
	call, err := ParseCall(text, p.Archs[0])
	if err != nil {
		return nil, err
	}
	r := p.resolved()
	a := r.ask(call)
	a.Facts.Kernel = ""
	a.Doors = append(a.Doors, r.doors(call)...)
	a.Guards = append(a.Guards, guards(call)...)
	return a, nil
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
			if i == 0 && len(b.Answers) == 0 && strings.HasPrefix(b.Call, "#") {
				reading.Default.Text = b.text()
			}
		}
		reading.ABIs = append(reading.ABIs, abi)
	}
	return reading
}

func (p Program) resolved() *resolved {
	return &resolved{Question: Question{Facts: seccomp.Facts{Arch: p.Archs[0]}}, policy: p.Policy, beyond: p.Beyond}
}

// neverCalls are numbers that no kernel gives to a call: negative ones, to it.
const neverCalls = 1 << 31

// addNumbers adds what numbers get that are no call's, where that is not what all
// others do.
func (r *resolved) addNumbers(abi *ABI, a seccomp.Arch) {
	for _, row := range r.policy.ABI(a.Audit()).Rows {
		if row.Arch != a || row.Named || row.Rules[0].Why != policy.WhyProgram || row.First >= neverCalls || r.beyondRules(a, row.First) != nil {
			continue
		}
		name := numbers(a, row.First, row.Last)
		answer := r.ask(calls.Call{Arch: a, Nr: row.First})
		if answer.Verdict == nil {
			abi.When = append(abi.When, When{name, answer.Cases})
		} else {
			abi.add(*answer.Verdict, name)
		}
	}
	abi.sort()
}

// numbers names a range of numbers that are no call's.
func numbers(a seccomp.Arch, first, last seccomp.Nr) string {
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
