package weir

import (
	"fmt"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// ProofSteps is how much work the proof of one program may take. The default
// profile needs less than a thousandth of it.
const ProofSteps = 5_000_000

// Options say how a profile is compiled.
type Options struct {
	// Lenient makes notes of the errors that [policy.Options] names. The profile
	// itself was read with the same option of [profile.Options], or without.
	Lenient bool

	// Reached, if not nil, is told when each step is over: "resolve", "compile"
	// and "prove".
	Reached func(step string)
}

// A Compiled is a profile that has gone all the way to a program, which is
// proved to do exactly what the policy says.
type Compiled struct {
	Policy  *policy.Policy
	Program bpf.Program
	Flags   seccomp.Flag // for seccomp(2)
	Proof   verify.Result

	// Notes are the profile's own, and those of resolving it.
	Notes []profile.Problem
}

// Compile resolves a profile against facts, compiles the policy and proves the
// program equal to it. It returns no program that is not proved.
//
// The error is a *[profile.Error] where the profile is at fault, a
// *[compile.TooLong] where it does not fit into a filter, and an *[Unproved]
// where the proof failed.
func Compile(p *profile.Profile, f seccomp.Facts, o Options) (*Compiled, error) {
	reached := o.Reached
	if reached == nil {
		reached = func(string) {}
	}
	pol, notes, err := policy.Resolve(p, f, policy.Options{Lenient: o.Lenient})
	if err != nil {
		return nil, err
	}
	reached("resolve")
	prog, err := compile.Program(pol)
	if err != nil {
		return nil, fmt.Errorf("compiling %s: %w", p.File, err)
	}
	reached("compile")
	proof := verify.Program(pol, prog, ProofSteps)
	reached("prove")
	if proof.Verdict != verify.Equal {
		return nil, &Unproved{File: p.File, Result: proof}
	}
	return &Compiled{
		Policy:  pol,
		Program: prog,
		Flags:   flags(p, f),
		Proof:   proof,
		Notes:   append(p.Notes[:len(p.Notes):len(p.Notes)], notes...),
	}, nil
}

// flags returns what the filter is loaded with. A profile that says nothing gets
// SPEC_ALLOW, as with runc and crun, where the kernel has it. TSYNC means
// nothing to a process that has one thread when it starts.
func flags(p *profile.Profile, f seccomp.Facts) seccomp.Flag {
	if p.FlagsSet {
		return p.Flags &^ seccomp.FlagTSync
	}
	if f.Kernel.AtLeast(seccomp.KernelVersion{Major: 4, Minor: 17}) {
		return seccomp.FlagSpecAllow
	}
	return 0
}

// An Unproved is a program that could not be proved equal to its policy. A
// different one is a defect of weir's compiler; an undecided one has too many
// overlapping masks. Neither is loaded.
type Unproved struct {
	File   string
	Result verify.Result
}

func (e *Unproved) Error() string {
	if e.Result.Verdict == verify.Different {
		return fmt.Sprintf("proving the program of %s: it answers %v, the policy %v, to the call %+v: this is a defect of weir, please report it with the profile",
			e.File, e.Result.Got, e.Result.Want, e.Result.Witness)
	}
	return fmt.Sprintf("proving the program of %s: undecided, so it is not used: %s (rules of one call whose masks overlap on several arguments are what takes steps)",
		e.File, e.Result.Reason)
}
