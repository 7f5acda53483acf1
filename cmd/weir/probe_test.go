package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/probe"
	"github.com/weir-dev/weir/seccomp"
)

func probed(name, answer string, policy seccomp.Return) probe.Row {
	return probe.Row{
		Call:   probe.Call{Name: name, Why: "does something", Arch: seccomp.ArchX86_64},
		Answer: answer, Confined: true, Policy: policy,
	}
}

func TestARowThatDisagreesIsNamedAndTheExitCodeIsOne(t *testing.T) {
	deny := seccomp.ReturnErrno(seccomp.EPERM)
	good, bad := probed("mount", "EPERM", deny), probed("acct", "EFAULT", deny)
	bad.Disagreement = "the kernel was reached: the filter let the call through"
	absent := probed("vm86", "", deny)
	absent.Unmade = "this kernel has no IA32 emulation"
	for _, c := range []struct {
		name string
		rows []probe.Row
		code int
		want []string
	}{
		{"all agree", []probe.Row{good}, 0, []string{"mount  EPERM", "kernel and policy agree on all of 1 calls"}},
		{"one does not", []probe.Row{good, bad}, 1, []string{
			"acct: kernel and policy disagree: the policy says errno EPERM; the kernel was reached: the filter let the call through.",
			"kernel and policy disagree on 1 of 2 calls",
		}},
		{"one was not made", []probe.Row{good, absent}, 0, []string{
			"vm86 was not made: this kernel has no IA32 emulation.",
			"kernel and policy agree on all of 1 calls",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text, js bytes.Buffer
			for _, err := range []error{reportRows(&text, c.rows, false), reportRows(&js, c.rows, true)} {
				code := 0
				if exit := (*exitError)(nil); errors.As(err, &exit) {
					code = exit.code
				} else if err != nil {
					t.Error(err)
				}
				if code != c.code {
					t.Errorf("exit code %d, want %d", code, c.code)
				}
			}
			for _, want := range c.want {
				if !strings.Contains(text.String(), want) {
					t.Errorf("got\n%s\nwithout %q", &text, want)
				}
			}
			var report struct{ Agree bool }
			if err := json.Unmarshal(js.Bytes(), &report); err != nil || report.Agree != (c.code == 0) {
				t.Errorf("%v, %s", err, &js)
			}
		})
	}
}
