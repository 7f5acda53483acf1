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
	"github.com/weir-dev/weir/bench/realrunc"
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

	// read returns the program where build does not.
	read func() (bpf.Program, error)
}

var allCompilers = []compiler{
	{name: "weir", build: weirs},
	{name: "runc", build: runcs, read: func() (bpf.Program, error) { return realrunc.Program(ociSource) }},
	{name: "crun", build: cruns},
	{name: "gVisor", build: gvisors},
	{name: "Elastic", build: elastics},
}

// built returns the program of each compiler.
func built() ([]named, error) {
	var all []named
	for _, c := range allCompilers {
		read := c.read
		if read == nil {
			read = func() (bpf.Program, error) { return c.build(func(string) {}) }
		} else if os.Geteuid() != 0 {
			if err := unable(c.name + "'s program is read out of the kernel, which needs root"); err != nil {
				return nil, err
			}
			continue
		}
		program, err := read()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		all = append(all, named{c.name, program})
	}
	return all, nil
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

// runcs is runc's own code. It reads the form in which Docker hands it a profile.
func runcs(func(string)) (bpf.Program, error) {
	return nil, realrunc.Make(ociSource)
}

// cruns asks libseccomp for what crun asks it for: a list, in the order of the rules.
func cruns(lap func(string)) (bpf.Program, error) {
	rules, err := resolved()
	if err != nil {
		return nil, err
	}
	f, err := runc.Filter(rules)
	if err != nil {
		return nil, err
	}
	f.Tree = false
	lap("JSON to rules")
	raw, err := libseccomp.Build(f)
	if err != nil {
		return nil, err
	}
	lap("add and export")
	return bpf.ParseRaw(raw, setting.Arch.ByteOrder())
}

// compilers measures them warm, in this process.
func compilers(rounds int, figures *table) error {
	t := newTimes()
	for range rounds {
		for _, c := range allCompilers {
			err := turn(func(counts bool) error {
				steps := newTimes()
				start := time.Now()
				last := start
				_, err := c.build(func(step string) {
					now := time.Now()
					steps.add(c.name+": "+step, now.Sub(last))
					last = now
				})
				took := time.Since(start)
				if counts {
					t.addAll(steps)
					t.add(c.name, took)
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	t.print(fmt.Sprintf("JSON to program, warm; %d rounds", rounds), "weir")
	t.fill(&figures.warm)
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
func firsts(rounds int, figures *table) error {
	t := newTimes()
	for range rounds {
		for _, c := range allCompilers {
			err := turn(func(counts bool) error {
				cmd := exec.Command("/proc/self/exe", firstArg, c.name)
				cmd.Stderr = os.Stderr
				out, err := cmd.Output()
				if err != nil {
					return err
				}
				ns, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
				if counts {
					t.add(c.name, time.Duration(ns))
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("%s in a fresh process: %w", c.name, err)
			}
		}
	}
	t.print(fmt.Sprintf("JSON to program, the first of a fresh process; %d rounds", rounds), "weir")
	t.fill(&figures.first)
	return nil
}
