// Package runc does what runc does between a profile and libseccomp, and on top
// of it: it drops and splits rules, picks the layout, and answers calls newer
// than the profile with ENOSYS. The facts are those of runc 1.5
// (libcontainer/seccomp and its patchbpf).
package runc

import (
	"errors"

	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
)

// ErrNotify is runc's refusal of profiles under which it could not hand over
// the listener.
var ErrNotify = errors.New("runc takes SCMP_ACT_NOTIFY neither as default nor for write")

// treeFrom is how many names make runc ask for a binary tree.
const treeFrom = 33

// Filter returns what runc asks libseccomp for.
func Filter(r *plain.Rules) (*libseccomp.Filter, error) {
	if r.Default.Action() == seccomp.ActNotify {
		return nil, ErrNotify
	}
	f := &libseccomp.Filter{
		Default: r.Default,
		Native:  r.Native,
		Archs:   r.Archs,
		Tree:    r.Named >= treeFrom,
	}
	for i := range r.Rules {
		rule := &r.Rules[i]
		if rule.Return.Action() == seccomp.ActNotify && rule.Name == "write" {
			return nil, ErrNotify
		}
		if rule.Return != r.Default {
			f.Rules = append(f.Rules, Rule(rule))
		}
	}
	return f, nil
}

// Rule spells a rule for libseccomp.
func Rule(r *plain.Rule) libseccomp.Rule {
	rule := libseccomp.Rule{Name: r.Name, Return: r.Return}
	for _, c := range r.Conds {
		rule.Conds = append(rule.Conds, libseccomp.Cond(c))
	}
	return rule
}

// Answer says what a call comes to under runc: its check for newer calls runs
// first, then libseccomp's program.
func Answer(r *plain.Rules, program bpf.Program, d *seccomp.Data) (seccomp.Return, error) {
	if newer(r, d) {
		return seccomp.ReturnErrno(r.Native.ENOSYS()), nil
	}
	answer, _, err := program.Run(d, r.Native.ByteOrder())
	return answer, err
}

// newer is runc's check, as a predicate: in each architecture of the filter the
// largest number that the host's libseccomp knows among all names of the
// profile is the last that reaches the program.
func newer(r *plain.Rules, d *seccomp.Data) bool {
	if a := r.Default.Action(); a == seccomp.ActAllow || a == seccomp.ActLog || a == seccomp.ActTrace {
		return false
	}
	for _, a := range r.Archs {
		last := r.Last(a, plain.Names)
		if a.Audit() != d.Arch || last == 0 {
			continue
		}
		switch a {
		case seccomp.ArchX86_64, seccomp.ArchX32:
			// The two share a value; bit 30 of the number says whose it is.
			if d.Nr.X32() != (a == seccomp.ArchX32) {
				continue
			}
		case seccomp.ArchS390, seccomp.ArchS390X:
			if d.Nr == 0 {
				return true
			}
		}
		if d.Nr > last {
			return true
		}
	}
	return false
}
