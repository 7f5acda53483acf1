package explain

import (
	"errors"
	"io"
	"strings"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// A Survey is one call on the kernels of every architecture.
type Survey struct {
	Call    string    `json:"call"`
	Answers []*Answer `json:"answers"`
	Missing []Missing `json:"missing"`
}

// A Missing is an architecture without an answer.
type Missing struct {
	Arch string `json:"arch"`
	Why  string `json:"why"` // it has no such call, or the profile is not for its byte order
}

// AskEverywhere asks about a call on the kernels of every architecture, with the
// other facts as they are. If none has an answer, the error is the native one's.
func (q Question) AskEverywhere(text string) (*Survey, error) {
	s := &Survey{Answers: []*Answer{}, Missing: []Missing{}}
	var native error
	for _, a := range seccomp.Archs() {
		there := q
		there.Facts.Arch = a
		var answer *Answer
		call, err := calls.Parse(a, text)
		if err == nil {
			s.Call = call.String()
			answer, err = there.about(call)
		}
		if err == nil {
			s.Answers = append(s.Answers, answer)
			continue
		}
		s.Missing = append(s.Missing, Missing{a.Name(), cause(err)})
		if a == q.Facts.Arch {
			native = err
		}
	}
	if len(s.Answers) == 0 {
		return nil, native
	}
	return s, nil
}

// cause is an error without the text of the call, which all lines share.
func cause(err error) string {
	var e *calls.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	var p *profile.Error
	if errors.As(err, &p) {
		return p.Problems[0].Msg
	}
	return err.Error()
}

// Write prints one line for each architecture.
func (s *Survey) Write(w io.Writer, style Style) error {
	var b strings.Builder
	b.WriteString(style.paint(cell{color: bold}, s.Call) + "\n\n")
	var rows [][]cell
	for _, a := range s.Answers {
		row := []cell{{a.Arch, dim}, verdict(a.Verdict)}
		if len(a.Cases) == 1 {
			row = append(row, decision(a.Cases[0])[1:]...)
		} else {
			g := grouped(a.Cases)
			row = append(row, cell{g[0].place(), dim}, cell{a.Cases[0].Outcome.Text + " when " + g[0].when(), plain})
		}
		rows = append(rows, row)
	}
	for _, m := range s.Missing {
		rows = append(rows, []cell{{m.Arch, dim}, {"-", dim}, {"", plain}, {m.Why, dim}})
	}
	style.table(&b, "", rows)
	_, err := io.WriteString(w, b.String())
	return err
}
