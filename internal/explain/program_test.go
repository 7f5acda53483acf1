package explain_test

import (
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/explain"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// program denies ioctl by what no rule can ask, and number 400, which is no call's.
func program() explain.Program {
	allow, deny := seccomp.ActAllow.Return(), seccomp.ReturnErrno(1)
	rule := func(ret seccomp.Return, why policy.Why) []policy.Rule { return []policy.Rule{{Return: ret, Why: why}} }
	const a = seccomp.ArchX86_64
	return explain.Program{
		Name:    "p.bpf",
		Default: allow,
		Archs:   []seccomp.Arch{a},
		Policy: &policy.Policy{Native: a, Foreign: policy.Rule{Why: policy.WhyForeign}, ABIs: []policy.ABI{{Audit: a.Audit(), Rows: []policy.Row{
			{First: 0, Last: 15, Arch: a, Rules: rule(allow, policy.WhyDefault)},
			{First: 16, Last: 16, Arch: a, Named: true, Rules: rule(deny, policy.WhyProgram)},
			{First: 17, Last: 399, Arch: a, Rules: rule(allow, policy.WhyDefault)},
			{First: 400, Last: 402, Arch: a, Rules: rule(deny, policy.WhyProgram)},
			{First: 403, Last: 1<<32 - 1, Arch: a, Rules: rule(allow, policy.WhyDefault)},
		}}}},
		Beyond: []explain.Beyond{
			explain.NewBeyond(a, "ioctl", 16, 16, "the instruction pointer decides", []seccomp.Return{deny, allow}),
			explain.NewBeyond(0, "", 0, 0, "the number decides", nil),
		},
	}
}

func TestAProgramIsReadLikeAProfile(t *testing.T) {
	var b strings.Builder
	if err := program().Read().Write(&b, explain.Style{}); err != nil {
		t.Fatal(err)
	}
	want := `p.bpf  on x86_64

by default           allow
other architectures  undecided

x86_64
  allow (385), the default
    every other call
  errno EPERM (1)
    #400-402
  errno EPERM or allow: the instruction pointer decides
    ioctl
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestACallThatNoRuleDecidesAbout(t *testing.T) {
	a, err := program().Ask("ioctl")
	if err != nil {
		t.Fatal(err)
	}
	if a.Verdict != nil || len(a.Cases) != 2 || a.Cases[0].Outcome.Text != "errno EPERM" || a.Cases[1].When[0] != "the instruction pointer decides" {
		t.Errorf("%+v", a)
	}
	if a, err = program().Ask("read"); err != nil || a.Verdict.Text != "allow" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := program().Ask("raed"); err == nil {
		t.Error("no such call")
	}
}
