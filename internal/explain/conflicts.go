package explain

import (
	"slices"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
)

// A Note is what an author may not expect, and where.
type Note struct {
	At   *Place `json:"at"`
	Text string `json:"text"`
}

// conflicts returns the notes of resolving the profile that are about the call:
// rules that disagree about it, and what libseccomp would make of them. They are
// those of a profile that has no other call.
func (r *resolved) conflicts(call calls.Call) []Note {
	p := *r.Profile
	p.Rules = slices.Clone(p.Rules)
	for i := range p.Rules {
		rule := &p.Rules[i]
		rule.Names = slices.DeleteFunc(slices.Clone(rule.Names), func(n profile.Name) bool { return n.Text != call.Syscall.String() })
	}
	_, problems, err := policy.Resolve(&p, r.Facts, r.Options)
	if err != nil {
		return nil
	}
	var notes []Note
	for _, problem := range problems {
		notes = append(notes, Note{&Place{problem.Pos.File, problem.Pos.Line, problem.Pos.Column}, problem.Msg})
	}
	return notes
}
