package main

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/weir-dev/weir"
	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/bench/runc"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// A Class is a way in which a call may be answered. Its name is the table's.
type Class string

const (
	Equal         Class = "equal"
	Contradiction Class = "contradiction"
	Refused       Class = "no peer: refused"
	NotAsked      Class = "no peer: runc does not ask"
	TimedOut      Class = "no peer: timed out"
	Died          Class = "no peer: died"
	Unexplained   Class = "UNEXPLAINED"
	Defect        Class = "WEIR IS WRONG"
)

// A Result counts the calls of one case by class, and keeps the first of each.
type Result struct {
	Counts   map[Class]int
	Examples map[Class]string
	Trouble  error // the case could not be judged
}

func (r *Result) count(c Class, example func() string) {
	if r.Counts[c]++; r.Counts[c] == 1 && example != nil {
		r.Examples[c] = example()
	}
}

// A judge judges one case after the other, with a libseccomp of its own.
type judge struct {
	host     *plain.Host
	worker   libseccomp.Worker
	programs *programs
}

// judge compares all answers to all inputs of a case.
func (j *judge) judge(c *Case) Result {
	r := Result{Counts: make(map[Class]int), Examples: make(map[Class]string)}
	r.Trouble = j.compare(c, &r)
	return r
}

func (j *judge) compare(c *Case, result *Result) error {
	pol, program, err := weirs(c)
	if err != nil {
		return fmt.Errorf("weir: %w", err)
	}
	doc, err := plain.Read(c.Source)
	if err != nil {
		return fmt.Errorf("plain evaluator: %w", err)
	}
	rules, err := doc.Resolve(c.Facts, j.host)
	if err != nil {
		return fmt.Errorf("plain evaluator: %w", err)
	}
	peer, class, err := j.peer(rules)
	if err != nil {
		return err
	}
	why := prover{judge: j, rules: rules, alone: make(map[int]libseccomp.Pseudo)}
	order := c.Facts.Arch.ByteOrder()
	var trouble error
	calls := c.Sweep
	if calls == nil {
		calls = func(f func(*seccomp.Data)) { inputs(rules, pol, rand.New(rand.NewPCG(c.Seed, 1)), f) }
	}
	calls(func(d *seccomp.Data) {
		got, _, err := program.Run(d, order)
		if err != nil {
			trouble = fmt.Errorf("running weir's program: %w", err)
			return
		}
		_, rule := pol.Eval(d)
		want := rules.Answers(d, 0)[0]
		if got != want || rule.Return != want {
			result.count(Defect, func() string {
				return fmt.Sprintf("%s: the profile means %v, weir's policy says %v, its program %v", call(d), want, rule.Return, got)
			})
			return
		}
		if peer == nil {
			result.count(class, func() string { return "" })
			return
		}
		theirs, err := runc.Answer(rules, peer, d)
		if err != nil {
			trouble = fmt.Errorf("running libseccomp's program: %w", err)
			return
		}
		if theirs == got {
			result.count(Equal, nil)
			return
		}
		class, err := why.explain(d, theirs)
		if err != nil {
			trouble = err
			return
		}
		result.count(class, func() string { return fmt.Sprintf("%s: weir %v, libseccomp %v", call(d), got, theirs) })
	})
	if peer == nil {
		result.Examples[class] = c.Name
	}
	return trouble
}

// weirs takes the case the whole way through weir.
func weirs(c *Case) (*policy.Policy, bpf.Program, error) {
	p, err := profile.Parse(c.Name, c.Source, profile.Options{Lenient: c.Lenient})
	if err != nil {
		return nil, nil, err
	}
	compiled, err := weir.Compile(p, c.Facts, weir.Options{Lenient: c.Lenient})
	if err != nil {
		return nil, nil, err
	}
	return compiled.Policy, compiled.Program, nil
}

// peer returns libseccomp's program, or the class of not having one.
func (j *judge) peer(rules *plain.Rules) (bpf.Program, Class, error) {
	f, err := runc.Filter(rules)
	if err != nil {
		return nil, NotAsked, nil
	}
	program, err := j.programs.of(&j.worker, f)
	var refusal *libseccomp.Refusal
	switch {
	case err == nil:
		return program, Equal, nil
	case errors.As(err, &refusal):
		return nil, Refused + Class(" with "+errnoName(refusal)), nil
	case errors.Is(err, libseccomp.ErrTimeout):
		return nil, TimedOut, nil
	case errors.Is(err, libseccomp.ErrDied):
		return nil, Died, nil
	}
	return nil, "", fmt.Errorf("libseccomp: %w", err)
}

func errnoName(r *libseccomp.Refusal) string { return seccomp.Errno(r.Errno).String() }
