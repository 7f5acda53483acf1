package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

func diffCommand() *cobra.Command {
	var facts factFlags
	var failOn string
	var asJSON bool
	var read readFlags
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two profiles, programs or processes by meaning",
		Long: `Compare two of: a profile, builtin, the filters of a running process (pid:N, or
container:NAME for the first process of one; all filters together, as the kernel runs
them), a program in any form that weir compile writes.

Every possible call is compared; equal means that it is proved. Where the two differ,
each number is shown with one call (a name alone: with all arguments 0), and what becomes
of it on either side. B is looser than A if the kernel would let A's answer overrule B's,
tighter if it is the other way round, and different if the action is the same and its
errno or message is not.

A profile beside a process has the capabilities of the process's bounding set, as with
weir verify; --cap-add and --cap-drop change them.

The exit code is 0 if there is no difference (or, with --fail-on looser, none that is
looser), 1 if there is one, and 2 on trouble, or if it cannot be decided.`,
		Example: `  weir diff builtin profile.json --fail-on looser     # in CI
  weir diff pid:4711 builtin
  weir diff old.bpf new.bpf --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if failOn != "any" && failOn != "looser" {
				return hintf(fmt.Errorf("--fail-on: unknown direction %q", failOn), "it is any or looser")
			}
			if err := oneInput(args); err != nil {
				return err
			}
			f, err := facts.facts()
			if err != nil {
				return err
			}
			var subjects [2]subject
			for i, arg := range args {
				p, running, err := readRunning(arg)
				if unconfined(err) {
					err = nil
				}
				if running && err == nil {
					subjects[i] = p.subject
					f.Caps, err = p.caps()
				}
				if running && err == nil {
					f.Caps, err = facts.caps.apply(f.Caps, seccomp.AllCaps)
				}
				if err != nil {
					return err
				}
			}
			for i, arg := range args {
				if subjects[i].name != "" {
					continue
				}
				if subjects[i], err = readSubject(arg, f, &read, cmd.InOrStdin(), cmd.ErrOrStderr()); err != nil {
					return err
				}
			}
			return diff(cmd.OutOrStdout(), f.Arch, subjects[0], subjects[1], failOn, asJSON)
		},
	}
	facts.add(cmd)
	read.add(cmd)
	cmd.Flags().StringVar(&failOn, "fail-on", "any", "differences that make the exit code 1: any, or looser")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// A report is what diff --json prints.
type report struct {
	A         string   `json:"a"` // what is compared: from a to b
	B         string   `json:"b"`
	Verdict   string   `json:"verdict"`
	Steps     int      `json:"steps"`
	Reason    string   `json:"reason,omitempty"` // why not all was compared
	Looser    int      `json:"looser"`           // calls; and ranges of numbers without a name
	Tighter   int      `json:"tighter"`
	Different int      `json:"different"`
	Changes   []change `json:"differences"`
}

func diff(w io.Writer, arch seccomp.Arch, a, b subject, failOn string, asJSON bool) error {
	c := verify.Compare(arch, a.Subject, b.Subject, compareSteps, maxDifferences)
	r := report{A: a.name, B: b.name, Verdict: c.Verdict.String(), Steps: c.Steps, Reason: c.Reason, Changes: changes(c.Differences)}
	r.count()
	var err error
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(r)
	} else {
		err = r.print(w)
	}
	switch {
	case err != nil:
		return err
	case r.Looser > 0, failOn == "any" && len(r.Changes) > 0:
		return &exitError{code: 1}
	case c.Reason != "":
		return &exitError{code: 2}
	}
	return nil
}

// count counts each call of each ABI once in a direction.
func (r *report) count() {
	type one struct {
		direction, abi string
		first          uint32
	}
	seen := map[one]bool{}
	for _, c := range r.Changes {
		if k := (one{c.Direction, c.ABI, c.First}); !seen[k] {
			seen[k] = true
			switch c.Direction {
			case "looser":
				r.Looser++
			case "tighter":
				r.Tighter++
			default:
				r.Different++
			}
		}
	}
}

func (r *report) print(w io.Writer) error {
	var out bytes.Buffer
	switch {
	case r.Verdict == verify.Equal.String():
		fmt.Fprintf(&out, "equal: proved in %d steps\n", r.Steps)
	case len(r.Changes) == 0:
		fmt.Fprintf(&out, "undecided: %s\n", r.Reason)
	default:
		fmt.Fprintf(&out, "%s looser, %d tighter, %d different: from %s to %s\n", plural(r.Looser, "call"), r.Tighter, r.Different, r.A, r.B)
		for _, direction := range []string{"looser", "tighter", "different"} {
			r.printDirection(&out, direction)
		}
		if r.Reason != "" {
			fmt.Fprintf(&out, "\nNot all was compared: %s\n", r.Reason)
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

// printDirection groups what changes in the same way.
func (r *report) printDirection(out *bytes.Buffer, direction string) {
	type group struct{ abi, a, b, why string }
	var order []group
	members := map[group][]change{}
	for _, c := range r.Changes {
		if c.Direction != direction {
			continue
		}
		g := group{c.ABI, c.A, c.B, strings.Join(c.Why, "; ")}
		if members[g] == nil {
			order = append(order, g)
		}
		members[g] = append(members[g], c)
	}
	for _, g := range order {
		fmt.Fprintf(out, "\n%s  %s  %s -> %s\n", direction, g.abi, g.a, g.b)
		if g.why != "" {
			fmt.Fprintf(out, "  because %s\n", g.why)
		}
		printList(out, members[g])
	}
}

func printList(out *bytes.Buffer, list []change) {
	var texts []string
	for _, c := range list {
		texts = append(texts, c.text())
	}
	printWords(out, texts)
}

// printWords fills lines.
func printWords(out *bytes.Buffer, list []string) {
	const width = 96
	column := 0
	for i, text := range list {
		if i < len(list)-1 {
			text += ","
		}
		if column > 0 && column+1+len(text) > width {
			out.WriteByte('\n')
			column = 0
		}
		if column == 0 {
			out.WriteByte(' ')
			column = 1
		}
		out.WriteString(" " + text)
		column += 1 + len(text)
	}
	out.WriteByte('\n')
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
