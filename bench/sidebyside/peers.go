package main

import (
	"fmt"

	elastic "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	gvisorbpf "gvisor.dev/gvisor/pkg/bpf"
	gvisor "gvisor.dev/gvisor/pkg/seccomp"

	"golang.org/x/net/bpf"

	"github.com/weir-dev/weir/bench/plain"
	weirbpf "github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// The compilers of gVisor and of Elastic know one ABI: their programs answer i386
// and x32 with one action.

// gvisors compiles as gVisor's sandbox does for itself.
func gvisors(lap func(string)) (weirbpf.Program, error) {
	rules, err := resolved()
	if err != nil {
		return nil, err
	}
	sets := map[seccomp.Return]gvisor.SyscallRules{}
	var order []seccomp.Return
	for _, r := range rules.Rules {
		call, _ := syscalls.Lookup(r.Name)
		nr, ok := call.Nr(setting.Arch)
		if !ok || r.Return == rules.Default {
			continue
		}
		var args gvisor.PerArg
		for i := range args {
			args[i] = gvisor.AnyValue{}
		}
		for _, c := range r.Conds {
			m, err := gvisorMatcher(c)
			if err != nil {
				return nil, err
			}
			args[c.Arg] = m
		}
		if _, ok := sets[r.Return]; !ok {
			sets[r.Return] = gvisor.NewSyscallRules()
			order = append(order, r.Return)
		}
		if len(r.Conds) == 0 {
			sets[r.Return].Set(uintptr(nr), gvisor.MatchAll{})
		} else {
			sets[r.Return].Add(uintptr(nr), args)
		}
	}
	program := gvisor.Program{Options: gvisor.ProgramOptions{
		DefaultAction: gvisorAction(rules.Default), BadArchAction: gvisor.KillThread,
	}}
	for _, ret := range order {
		program.RuleSets = append(program.RuleSets, gvisor.RuleSet{Rules: sets[ret], Action: gvisorAction(ret)})
	}
	lap("JSON to rules")
	list, _, err := program.Build()
	lap("build")
	return gvisorProgram(list), err
}

func gvisorProgram(list []gvisorbpf.Instruction) weirbpf.Program {
	var p weirbpf.Program
	for _, in := range list {
		p = append(p, weirbpf.Instruction{Op: weirbpf.Opcode(in.OpCode), Jt: in.JumpIfTrue, Jf: in.JumpIfFalse, K: in.K})
	}
	return p
}

func gvisorAction(r seccomp.Return) gvisor.Action {
	switch r.Action() {
	case seccomp.ActAllow:
		return gvisor.Allow
	case seccomp.ActErrno:
		return gvisor.ReturnError.Code(r.Data())
	}
	return gvisor.KillThread // of Docker's default no rule has another
}

func gvisorMatcher(c plain.Cond) (gvisor.ValueMatcher, error) {
	v := uintptr(c.Value)
	switch c.Op {
	case seccomp.OpEqualTo:
		return gvisor.EqualTo(v), nil
	case seccomp.OpNotEqual:
		return gvisor.NotEqual(v), nil
	case seccomp.OpMaskedEqual:
		return gvisor.MaskedEqual(v, uintptr(c.ValueTwo)), nil
	case seccomp.OpLessThan:
		return gvisor.LessThan(v), nil
	case seccomp.OpLessEqual:
		return gvisor.LessThanOrEqual(v), nil
	case seccomp.OpGreaterThan:
		return gvisor.GreaterThan(v), nil
	case seccomp.OpGreaterEqual:
		return gvisor.GreaterThanOrEqual(v), nil
	}
	return nil, fmt.Errorf("gVisor has nothing for %v", c.Op)
}

// elastics compiles with what Beats load for themselves. It has one errno, EPERM.
func elastics(lap func(string)) (weirbpf.Program, error) {
	rules, err := resolved()
	if err != nil {
		return nil, err
	}
	info, err := arch.GetInfo("x86_64")
	if err != nil {
		return nil, err
	}
	policy := elastic.Policy{DefaultAction: elasticAction(rules.Default)}
	groups := map[seccomp.Return]*elastic.SyscallGroup{}
	var order []seccomp.Return
	for _, r := range rules.Rules {
		if _, ok := info.SyscallNames[r.Name]; !ok || r.Return == rules.Default {
			continue
		}
		g := groups[r.Return]
		if g == nil {
			g = &elastic.SyscallGroup{Action: elasticAction(r.Return)}
			groups[r.Return] = g
			order = append(order, r.Return)
		}
		if len(r.Conds) == 0 {
			g.Names = append(g.Names, r.Name)
			continue
		}
		conds, ok := elasticConditions(r.Conds)
		if !ok {
			return nil, fmt.Errorf("elastic: a rule of %s cannot be written", r.Name)
		}
		g.NamesWithCondtions = append(g.NamesWithCondtions, elastic.NameWithConditions{Name: r.Name, Conditions: conds})
	}
	for _, ret := range order {
		policy.Syscalls = append(policy.Syscalls, *groups[ret])
	}
	lap("JSON to rules")
	list, err := policy.Assemble()
	if err != nil {
		return nil, err
	}
	raw, err := bpf.Assemble(list)
	lap("assemble")
	var p weirbpf.Program
	for _, in := range raw {
		p = append(p, weirbpf.Instruction{Op: weirbpf.Opcode(in.Op), Jt: in.Jt, Jf: in.Jf, K: in.K})
	}
	return p, err
}

func elasticAction(r seccomp.Return) elastic.Action {
	return elastic.Action(r.Action().Return()) // without the errno
}

func elasticConditions(conds []plain.Cond) (list elastic.ArgumentConditions, ok bool) {
	for _, c := range conds {
		var op elastic.Operation
		v := c.Value
		switch {
		case c.Op == seccomp.OpEqualTo:
			op = elastic.Equal
		case c.Op == seccomp.OpNotEqual:
			op = elastic.NotEqual
		case c.Op == seccomp.OpMaskedEqual && c.ValueTwo == 0:
			op = elastic.BitsNotSet
		case c.Op == seccomp.OpLessThan:
			op = elastic.LessThan
		case c.Op == seccomp.OpLessEqual:
			op = elastic.LessOrEqual
		case c.Op == seccomp.OpGreaterThan:
			op = elastic.GreaterThan
		case c.Op == seccomp.OpGreaterEqual:
			op = elastic.GreaterOrEqual
		default:
			return nil, false
		}
		list = append(list, elastic.Condition{Argument: uint32(c.Arg), Operation: op, Value: v})
	}
	return list, true
}

// resolved is the profile as the peers are given it.
func resolved() (*plain.Rules, error) {
	doc, err := plain.Read(source)
	if err != nil {
		return nil, err
	}
	return doc.Resolve(setting, nil)
}
