package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/weir-dev/weir"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/internal/engines"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// An engineCall is what becomes of one call.
type engineCall struct {
	Call    string   `json:"call"`
	Arch    string   `json:"arch"`
	Number  uint32   `json:"number"`
	Profile []string `json:"profile"`           // the answers of the profile, by what is left open
	Engine  []string `json:"engine,omitempty"`  // the engine's
	Depends string   `json:"depends,omitempty"` // why there is no prediction
	Changes []change `json:"differences"`       // from the profile to the engine
	Why     []string `json:"why,omitempty"`     // what of the engine leads there
}

// compare lists where the filter differs from the profile.
func (q *engineQuestion) compare(r *engineReport, asked bool) {
	c := verify.Compare(q.facts.Arch, verify.Subject{Policy: q.meant}, q.filter, compareSteps, maxDifferences)
	if !asked {
		c.Differences = q.certain(c.Differences)
		if len(c.Differences) == 0 && c.Verdict == verify.Different {
			c.Verdict = verify.Equal
		}
	}
	r.Filter = &report{A: "the profile", B: r.Engine, Verdict: c.Verdict.String(), Steps: c.Steps, Reason: c.Reason, Changes: changes(c.Differences)}
	for i := range r.Filter.Changes {
		at := &r.Filter.Changes[i]
		if at.ABI != "other" {
			at.Why = q.predicted.Why(q.meant, seccomp.AuditArch(at.Audit), seccomp.Nr(at.First))
		}
	}
	r.Filter.count()
	if !asked {
		r.Unsure = q.unsure()
	}
}

// unsure lists the calls without a prediction, each with the first reason.
func (q *engineQuestion) unsure() (list []unsureCall) {
	type number struct {
		audit seccomp.AuditArch
		first uint32
	}
	seen := map[number]bool{}
	q.predicted.Ranges(func(audit seccomp.AuditArch, first, last seccomp.Nr, why string) {
		d := verify.Difference{First: first, Last: last, Witness: seccomp.Data{Arch: audit, Nr: first}}
		for _, c := range changes([]verify.Difference{d}) {
			if n := (number{audit, c.First}); !seen[n] {
				seen[n] = true
				list = append(list, unsureCall{c.ABI, c.text(), why})
			}
		}
	})
	return list
}

// certain leaves out the numbers about which there is no prediction.
func (q *engineQuestion) certain(list []verify.Difference) []verify.Difference {
	var kept []verify.Difference
	for _, d := range list {
		if d.Foreign {
			kept = append(kept, d)
			continue
		}
		pieces := []verify.Difference{d}
		q.predicted.Ranges(func(audit seccomp.AuditArch, first, last seccomp.Nr, _ string) {
			if audit != d.Witness.Arch {
				return
			}
			var rest []verify.Difference
			for _, p := range pieces {
				if last < p.First || p.Last < first {
					rest = append(rest, p)
					continue
				}
				if below := p; p.First < first {
					below.Last = first - 1
					rest = append(rest, below)
				}
				if above := p; last < p.Last {
					above.First = last + 1
					rest = append(rest, above)
				}
			}
			pieces = rest
		})
		kept = append(kept, pieces...)
	}
	return kept
}

// calls answers about single calls.
func (q *engineQuestion) calls(about []calls.Call, asked bool) ([]engineCall, error) {
	mine, err := q.programOf(verify.Subject{Policy: q.meant})
	if err != nil {
		return nil, err
	}
	var its []bpf.Program
	if q.filter.Policy != nil || q.filter.Filters != nil {
		if its, err = q.programOf(q.filter); err != nil {
			return nil, err
		}
	}
	var list []engineCall
	for _, call := range about {
		c := engineCall{Call: call.String(), Arch: call.Arch.Name(), Number: uint32(call.Nr), Changes: []change{}}
		only := guard(call, q.facts.Arch.ByteOrder())
		if c.Profile, err = q.answers(only, mine); err != nil {
			return nil, err
		}
		why, unsure := q.predicted.Unsure(call.Arch.Audit(), call.Nr)
		switch {
		case its == nil:
		case unsure && !asked:
			c.Depends = why
		default:
			if c.Engine, err = q.answers(only, its); err != nil {
				return nil, err
			}
			differences, err := q.differences(only, mine, its)
			if err != nil {
				return nil, err
			}
			c.Changes = append(c.Changes, changes(differences)...)
			if len(differences) > 0 {
				c.Why = q.predicted.Why(q.meant, call.Arch.Audit(), call.Nr)
			}
		}
		list = append(list, c)
	}
	return list, nil
}

// programOf makes programs of a subject, for filters to be put in front of them.
func (q *engineQuestion) programOf(s verify.Subject) ([]bpf.Program, error) {
	if s.Policy == nil {
		return s.Filters, nil
	}
	prog, err := compile.Program(s.Policy)
	if err != nil {
		return nil, err
	}
	if proof := verify.Program(s.Policy, prog, weir.ProofSteps); proof.Verdict != verify.Equal {
		return nil, &weir.Unproved{File: q.written.File, Result: proof}
	}
	return []bpf.Program{prog}, nil
}

// guard is a program that kills every call but one, as far as that is known: two
// stacks with it on top differ only in what they do with that call.
func guard(call calls.Call, order seccomp.ByteOrder) bpf.Program {
	prog := bpf.Program{}
	is := func(offset, value uint32) {
		prog = append(prog, bpf.LoadAbs(offset), bpf.JumpIf(bpf.OpJeq, value, 1, 0), bpf.Ret(seccomp.ActKillProcess.Return()))
	}
	is(seccomp.OffsetArch, uint32(call.Arch.Audit()))
	is(seccomp.OffsetNr, uint32(call.Nr))
	for i, v := range call.Args {
		if v.Known {
			is(seccomp.OffsetLow(i, order), uint32(v.N))
			is(seccomp.OffsetHigh(i, order), uint32(v.N>>32))
		}
	}
	return append(prog, bpf.Ret(seccomp.ActAllow.Return()))
}

func (q *engineQuestion) differences(only bpf.Program, a, b []bpf.Program) ([]verify.Difference, error) {
	c := verify.Compare(q.facts.Arch, verify.Subject{Filters: append(slices.Clone(a), only)}, verify.Subject{Filters: append(slices.Clone(b), only)}, compareSteps, maxDifferences)
	if c.Reason != "" {
		return nil, fmt.Errorf("comparing answers: undecided: %s", c.Reason)
	}
	return c.Differences, nil
}

// answers returns all answers that programs give to a call.
func (q *engineQuestion) answers(only bpf.Program, programs []bpf.Program) ([]string, error) {
	var list []string
	// Every answer differs from one of these two.
	for _, other := range []seccomp.Action{seccomp.ActAllow, seccomp.ActKillThread} {
		differences, err := q.differences(only, programs, []bpf.Program{{bpf.Ret(other.Return())}})
		if err != nil {
			return nil, err
		}
		for _, d := range differences {
			if !slices.Contains(list, d.A.String()) {
				list = append(list, d.A.String())
			}
		}
	}
	slices.Sort(list)
	return list, nil
}

// print prints the report for people.
func (r *engineReport) print(w io.Writer) error {
	var out bytes.Buffer
	how := "predicted"
	if r.Asked {
		how = "asked"
	}
	fmt.Fprintf(&out, "%s under %s (%s)\n\n", r.Profile, r.Engine, how)
	printStart(&out, "starts", r.Starts)
	printStart(&out, "with no_new_privs", r.NoNewPrivs)
	printLines(&out, "Refused by weir", r.Refused)
	printLines(&out, "Lost", r.Lost)
	if r.Filter != nil {
		out.WriteByte('\n')
		if err := r.Filter.print(&out); err != nil {
			return err
		}
	}
	r.printUnsure(&out)
	name, _, _ := strings.Cut(r.Engine, " ")
	for _, c := range r.Calls {
		c.print(&out, name)
	}
	_, err := w.Write(out.Bytes())
	return err
}

func printStart(out *bytes.Buffer, what string, s engines.Start) {
	fmt.Fprintf(out, "%-17s  %s", what, s.Answer)
	if len(s.Why) > 0 {
		fmt.Fprintf(out, ": %s", strings.Join(s.Why, "; "))
	}
	out.WriteByte('\n')
}

func printLines(out *bytes.Buffer, title string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(out, "\n%s\n  %s\n", title, strings.Join(lines, "\n  "))
	}
}

// printUnsure groups the calls without a prediction by the reason.
func (r *engineReport) printUnsure(out *bytes.Buffer) {
	var order []unsureCall
	members := map[unsureCall][]string{}
	for _, u := range r.Unsure {
		g := unsureCall{ABI: u.ABI, Why: u.Why}
		if members[g] == nil {
			order = append(order, g)
		}
		members[g] = append(members[g], u.Call)
	}
	for _, g := range order {
		fmt.Fprintf(out, "\ndepends on the engine  %s\n  %s\n", g.ABI, g.Why)
		printWords(out, members[g])
	}
}

func (c *engineCall) print(out *bytes.Buffer, engine string) {
	fmt.Fprintf(out, "\n%s  %s %s\n", c.Call, c.Arch, numeral(c.Number))
	width := max(len("the profile"), len(engine))
	fmt.Fprintf(out, "  %-*s  %s\n", width, "the profile", openly(c.Profile))
	switch {
	case c.Depends != "":
		fmt.Fprintf(out, "  %-*s  depends on the engine: %s\n", width, engine, c.Depends)
	case c.Engine == nil:
		fmt.Fprintf(out, "  %-*s  starts nothing\n", width, engine)
	default:
		fmt.Fprintf(out, "  %-*s  %s\n", width, engine, openly(c.Engine))
	}
	for _, d := range c.Changes {
		fmt.Fprintf(out, "  %s: %s: %s -> %s\n", d.Direction, d.Witness, d.A, d.B)
	}
	if len(c.Why) > 0 {
		fmt.Fprintf(out, "  %s\n", strings.Join(c.Why, "; "))
	}
}

// openly joins answers.
func openly(answers []string) string {
	text := strings.Join(answers, " or ")
	if len(answers) > 1 {
		text += ", by the arguments"
	}
	return text
}
