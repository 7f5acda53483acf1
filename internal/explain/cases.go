package explain

import (
	"errors"
	"fmt"
	"strings"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/seccomp"
)

// An Expectation is one line of a table of cases: a call, and what a profile
// should do with it.
type Expectation struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Text string `json:"case"` // the line, without comments

	call calls.Call
	want func(seccomp.Return) bool
}

// ParseCases reads a table: on each line a call as strace writes it, "=", and the
// verdict; before it, if need be, the ABI that makes the call:
//
//	mount = EPERM                                     # by name alone: whatever the arguments
//	clone(CLONE_NEWUSER|SIGCHLD) = denied
//	x86: socketcall(SYS_SOCKET) = allow
//
// A verdict is allow, log, notify, trace, trap, kill (or kill thread, kill
// process), an errno by name or number, or denied: anything that does not run
// the call. Empty lines and those that begin with # do not count, nor does what
// follows " #".
//
// An error is a [*CaseError].
func ParseCases(file, text string, native seccomp.Arch) ([]Expectation, error) {
	var cases []Expectation
	for i, line := range strings.Split(text, "\n") {
		bare, _, _ := strings.Cut(line, " #")
		bare = strings.TrimSpace(bare)
		if bare == "" || strings.HasPrefix(bare, "#") {
			continue
		}
		e, err := parseCase(bare, native)
		if err != nil {
			return nil, newCaseError(file, i+1, line, bare, err)
		}
		e.File, e.Line, e.Text = file, i+1, bare
		cases = append(cases, e)
	}
	return cases, nil
}

// A CaseError is what is wrong with a line of a table.
type CaseError struct {
	File         string
	Line, Column int
	Msg, Hint    string
}

func (e *CaseError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// newCaseError finds the column: of what is wrong with the call, or else of the
// verdict, if there is one.
func newCaseError(file string, n int, line, bare string, err error) *CaseError {
	begin := strings.LastIndex(bare, "=") + 1
	begin += len(bare[begin:]) - len(strings.TrimLeft(bare[begin:], " \t"))
	e := &CaseError{File: file, Line: n, Column: 1 + strings.Index(line, bare) + begin, Msg: err.Error()}
	var call *calls.Error
	if errors.As(err, &call) {
		e.Column = max(strings.Index(line, call.Text), 0) + call.Column
		e.Msg, e.Hint = call.Msg, call.Hint
	}
	return e
}

func parseCase(line string, arch seccomp.Arch) (Expectation, error) {
	equals := strings.LastIndex(line, "=")
	if equals < 0 {
		return Expectation{}, fmt.Errorf("%q is not CALL = VERDICT", line)
	}
	text, verdict := strings.TrimSpace(line[:equals]), strings.TrimSpace(line[equals+1:])
	call, err := ParseCall(text, arch)
	if err != nil {
		return Expectation{}, err
	}
	want, err := parseVerdict(call.Arch, verdict)
	return Expectation{call: call, want: want}, err
}

// ParseCall reads a call as [calls.Parse] does, for an architecture or for the ABI
// that is before it: x86: socketcall(SYS_SOCKET).
func ParseCall(text string, arch seccomp.Arch) (calls.Call, error) {
	if name, rest, ok := strings.Cut(text, ":"); ok {
		if a, known := seccomp.ArchNamed(name); known {
			arch, text = a, strings.TrimSpace(rest)
		}
	}
	return calls.Parse(arch, text)
}

func parseVerdict(a seccomp.Arch, s string) (func(seccomp.Return) bool, error) {
	action := func(wanted ...seccomp.Action) func(seccomp.Return) bool {
		return func(r seccomp.Return) bool {
			for _, w := range wanted {
				if r.Action() == w {
					return true
				}
			}
			return false
		}
	}
	switch s {
	case "allow":
		return action(seccomp.ActAllow), nil
	case "log":
		return action(seccomp.ActLog), nil
	case "notify":
		return action(seccomp.ActNotify), nil
	case "trace":
		return action(seccomp.ActTrace), nil
	case "trap":
		return action(seccomp.ActTrap), nil
	case "kill":
		return action(seccomp.ActKillThread, seccomp.ActKillProcess), nil
	case "kill thread":
		return action(seccomp.ActKillThread), nil
	case "kill process":
		return action(seccomp.ActKillProcess), nil
	case "denied":
		runs := action(seccomp.ActAllow, seccomp.ActLog)
		return func(r seccomp.Return) bool { return !runs(r) }, nil
	}
	for e := seccomp.Errno(0); e <= seccomp.MaxErrno; e++ {
		if s == errnoName(a, e) || s == fmt.Sprint(uint16(e)) {
			return func(r seccomp.Return) bool { return r == seccomp.ReturnErrno(e) }, nil
		}
	}
	return nil, fmt.Errorf("verdict %q is not allow, log, notify, trace, trap, kill, kill thread, kill process, denied or an errno", s)
}

// A Failure is a case that the profile does not meet.
type Failure struct {
	Expectation
	Answer *Answer `json:"answer"` // without other doors and why the call is guarded
}

// Check holds the profile against a table and returns what it does not meet, in
// the order of the table. A call with open arguments meets a verdict if all that
// may be answered do.
func (q Question) Check(cases []Expectation) ([]Failure, error) {
	r, err := q.resolve()
	if err != nil {
		return nil, err
	}
	failures := []Failure{}
	for _, e := range cases {
		a := r.ask(e.call)
		for _, c := range a.Cases {
			if !e.want(c.Outcome.ret) {
				a.Notes = append(a.Notes, r.conflicts(e.call)...)
				a.Flips = append(a.Flips, r.flips(e.call, a)...)
				failures = append(failures, Failure{e, a})
				break
			}
		}
	}
	return failures, nil
}
