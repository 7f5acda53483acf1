package explain

import (
	"fmt"
	"strings"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/seccomp"
)

// An Expectation is one line of a table of cases: a call, and what a profile
// should do with it.
type Expectation struct {
	Line int
	Text string // the line
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
func ParseCases(text string, native seccomp.Arch) ([]Expectation, error) {
	var cases []Expectation
	for i, line := range strings.Split(text, "\n") {
		bare, _, _ := strings.Cut(line, " #")
		bare = strings.TrimSpace(bare)
		if bare == "" || strings.HasPrefix(bare, "#") {
			continue
		}
		e, err := parseCase(bare, native)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		e.Line, e.Text = i+1, bare
		cases = append(cases, e)
	}
	return cases, nil
}

func parseCase(line string, arch seccomp.Arch) (Expectation, error) {
	equals := strings.LastIndex(line, "=")
	if equals < 0 {
		return Expectation{}, fmt.Errorf("%q is not CALL = VERDICT", line)
	}
	text, verdict := strings.TrimSpace(line[:equals]), strings.TrimSpace(line[equals+1:])
	if name, rest, ok := strings.Cut(text, ":"); ok {
		if a, known := seccomp.ArchNamed(name); known {
			arch, text = a, strings.TrimSpace(rest)
		}
	}
	call, err := calls.Parse(arch, text)
	if err != nil {
		return Expectation{}, err
	}
	want, err := parseVerdict(arch, verdict)
	return Expectation{call: call, want: want}, err
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
	return nil, fmt.Errorf("verdict %q is not allow, log, notify, trace, trap, kill, denied or an errno", s)
}

// A Failure is a case that the profile does not meet.
type Failure struct {
	Expectation
	Answer *Answer // without flips, doors and guards
}

// Check holds the profile against a table and returns what it does not meet, in
// the order of the table. A call with open arguments meets a verdict if all that
// may be answered do.
func (q Question) Check(cases []Expectation) ([]Failure, error) {
	r, err := q.resolve()
	if err != nil {
		return nil, err
	}
	var failures []Failure
	for _, e := range cases {
		a := r.ask(e.call)
		for _, c := range a.Cases {
			if !e.want(c.Outcome.ret) {
				failures = append(failures, Failure{e, a})
				break
			}
		}
	}
	return failures, nil
}
