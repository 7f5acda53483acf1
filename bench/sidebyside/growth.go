package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"text/tabwriter"
	"time"

	"github.com/weir-dev/weir"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"github.com/weir-dev/weir/verify"
)

// A growing profile has n rules, each an entry of its own.
type growing struct {
	name  string
	entry func(i int, call string) profile.Rule
}

// shapes are what grows, spread over all calls and the six arguments.
var shapes = []growing{
	{"numbers", func(i int, call string) profile.Rule {
		return rule(call)
	}},
	{"equalities", func(i int, call string) profile.Rule {
		return rule(call, profile.Arg{Index: uint8(i % 6), Op: seccomp.OpEqualTo, Value: uint64(i) * 8})
	}},
	{"ranges", func(i int, call string) profile.Rule { // each the part that the ones before leave
		r := rule(call, profile.Arg{Index: uint8(i % 6), Op: seccomp.OpGreaterEqual, Value: uint64(20_000-i) * 8})
		r.Return = seccomp.ReturnErrno(seccomp.Errno(2 + i%7))
		return r
	}},
}

func rule(call string, args ...profile.Arg) profile.Rule {
	return profile.Rule{Names: []profile.Name{{Text: call}}, Return: seccomp.ActAllow.Return(), Args: args}
}

// grown makes the profile of n rules.
func (g growing) grown(n int) *profile.Profile {
	calls := syscalls.On(seccomp.ArchX86_64)
	p := &profile.Profile{
		Default:       seccomp.ReturnErrno(seccomp.EPERM),
		Architectures: []profile.ArchRef{{Arch: seccomp.ArchX86_64}, {Arch: seccomp.ArchX86}, {Arch: seccomp.ArchX32}},
	}
	for i := range n {
		// Steps that have no divisor with the number of calls visit all of them.
		p.Rules = append(p.Rules, g.entry(i, calls[i*97%len(calls)].String()))
	}
	return p
}

// growth measures compile and proof against the size of the profile, prints it,
// and draws it.
func growth(rounds int, file string) error {
	sizes := []int{10, 30, 100, 300, 1000, 3000, 10000}
	fmt.Printf("resolving, compiling and proving n rules on three ABIs, ms, least of %d rounds\n", rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "n\t")
	for _, g := range shapes {
		fmt.Fprintf(w, "%s\tlength\t", g.name)
	}
	fmt.Fprintln(w)
	lines := make([]line, len(shapes))
	for _, n := range sizes {
		fmt.Fprintf(w, "%d\t", n)
		for i, g := range shapes {
			took, length, err := timed(g.grown(n), rounds)
			if err != nil {
				return fmt.Errorf("%d %s: %w", n, g.name, err)
			}
			lines[i].name = g.name
			lines[i].points = append(lines[i].points, point{float64(n), ms(took)})
			fmt.Fprintf(w, "%.2f\t%s\t", ms(took), length)
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	for _, l := range lines {
		a, b := l.points[0], l.points[len(sizes)-1]
		exponent := math.Log(b.y/a.y) / math.Log(b.x/a.x)
		fmt.Printf("%s: from %.0f to %.0f rules the time grows as n^%.2f\n", l.name, a.x, b.x, exponent)
	}
	fmt.Println()
	if file == "" {
		return nil
	}
	return os.WriteFile(file, plot("Resolve, compile and prove: time against rules", "rules", "ms", lines), 0o644)
}

// timed returns the least time of some rounds and the length of the program; "too
// long" where the kernel's limit refuses it, which takes the compiler's time too.
func timed(p *profile.Profile, rounds int) (least time.Duration, length string, err error) {
	for range rounds {
		start := time.Now()
		pol, _, err := policy.Resolve(p, setting, policy.Options{})
		if err != nil {
			return 0, "", err
		}
		program, err := compile.Program(pol)
		var tooLong *compile.TooLong
		switch {
		case errors.As(err, &tooLong):
			length = "too long"
		case err != nil:
			return 0, "", err
		default:
			length = fmt.Sprint(len(program))
			if proof := verify.Program(pol, program, weir.ProofSteps); proof.Verdict != verify.Equal {
				return 0, "", fmt.Errorf("proof: %v %s", proof.Verdict, proof.Reason)
			}
		}
		if took := time.Since(start); least == 0 || took < least {
			least = took
		}
	}
	return least, length, nil
}
