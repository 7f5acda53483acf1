package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/weir-dev/weir"
	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bench/runc"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/verify"
)

// A compiler goes from the profile's JSON to a program. It tells lap what each
// of its steps has come to.
type compiler struct {
	name  string
	build func(lap func(step string)) (bpf.Program, error)
}

var allCompilers = []compiler{
	{"weir", weirs},
	{"libseccomp, tree (runc)", func(lap func(string)) (bpf.Program, error) { return libseccomps(lap, true) }},
	{"libseccomp, list (crun)", func(lap func(string)) (bpf.Program, error) { return libseccomps(lap, false) }},
	{"gVisor, x86_64 alone", gvisors},
	{"elastic, x86_64 alone", elastics},
}

func weirs(lap func(string)) (bpf.Program, error) {
	p, err := profile.Parse("default.json", source, profile.Options{})
	if err != nil {
		return nil, err
	}
	lap("parse")
	pol, _, err := policy.Resolve(p, setting, policy.Options{})
	if err != nil {
		return nil, err
	}
	lap("resolve")
	program, err := compile.Program(pol)
	if err != nil {
		return nil, err
	}
	lap("compile")
	if proof := verify.Program(pol, program, weir.ProofSteps); proof.Verdict != verify.Equal {
		return nil, fmt.Errorf("proof of the default profile: %v", proof.Verdict)
	}
	lap("prove")
	return program, nil
}

func libseccomps(lap func(string), tree bool) (bpf.Program, error) {
	rules, err := resolved()
	if err != nil {
		return nil, err
	}
	f, err := runc.Filter(rules)
	if err != nil {
		return nil, err
	}
	f.Tree = tree
	lap("JSON to rules")
	raw, err := libseccomp.Build(f)
	if err != nil {
		return nil, err
	}
	lap("add and export")
	return bpf.ParseRaw(raw, setting.Arch.ByteOrder())
}

// inRow is how often a compiler compiles, or an engine starts a container, before the
// next has its turn: warm is what follows its own kind.
const inRow = 5

// compilers measures them warm, in this process.
func compilers(rounds int) error {
	t := newTimes()
	for range rounds {
		for _, c := range allCompilers {
			for range inRow {
				start := time.Now()
				last := start
				_, err := c.build(func(step string) {
					now := time.Now()
					t.add(c.name+": "+step, now.Sub(last))
					last = now
				})
				if err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				t.add(c.name, last.Sub(start))
			}
		}
	}
	t.print(fmt.Sprintf("JSON to program, warm, %d rounds of %d in a row", rounds, inRow), "weir")
	return nil
}

// firstArg makes a child compile once and print how many nanoseconds that took.
const firstArg = "first-compile"

func first(name string) error {
	for _, c := range allCompilers {
		if c.name == name {
			start := time.Now()
			if _, err := c.build(func(string) {}); err != nil {
				return err
			}
			fmt.Println(time.Since(start).Nanoseconds())
			return nil
		}
	}
	return fmt.Errorf("no compiler %q", name)
}

// firsts measures the first compile of fresh processes.
func firsts(rounds int) error {
	t := newTimes()
	for range rounds {
		for _, c := range allCompilers {
			cmd := exec.Command("/proc/self/exe", firstArg, c.name)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				return fmt.Errorf("%s in a fresh process: %w", c.name, err)
			}
			ns, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
			if err != nil {
				return fmt.Errorf("%s in a fresh process: %w", c.name, err)
			}
			t.add(c.name, time.Duration(ns))
		}
	}
	t.print(fmt.Sprintf("JSON to program, the first of a fresh process, %d rounds", rounds), "weir")
	return nil
}
