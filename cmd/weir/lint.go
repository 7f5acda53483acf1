package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/lint"
	"github.com/weir-dev/weir/profile"
)

func lintCommand() *cobra.Command {
	var facts factFlags
	var format, failOn string
	var fix, diff bool
	cmd := &cobra.Command{
		Use:   "lint PROFILE...",
		Short: "Find what is wrong with profiles, or likely to be",
		Long: `Find what is wrong with profiles, or likely to be: names that do not exist, conditions
that never hold, rules that contradict each other, other ways round a denial, and more.
Each finding has the number of its rule, which has a page in docs/lint.

The comment of a rule silences a finding about it: "comment": "weir:ignore WEIR019".

The exit code is 0 if nothing is found at the level of --fail-on or above it, 1 if
something is, and 2 on trouble. A profile that is refused is a finding.

--fix mends in the files what has one remedy, and reports the rest: words one slip away
from the only one that they can mean, if the profile is proved to let nothing more
through then, and what has no effect, if it is proved to mean the same. --diff shows what
that would change, as a patch, and changes nothing; the exit code is 1 if it is something.`,
		Example: `  weir lint profile.json
  weir lint --format sarif profiles/*.json > weir.sarif
  weir lint --arch aarch64 --fail-on error profile.json
  weir lint --diff profile.json | patch -p1`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			write := formats[format]
			if write == nil {
				return hintf(fmt.Errorf("--format: unknown format %q", format), "the formats are text, json, sarif and github")
			}
			level, ok := lint.ParseLevel(failOn)
			if !ok {
				return hintf(fmt.Errorf("--fail-on: unknown level %q", failOn), "the levels are error, warning and note")
			}
			if err := oneInput(args); err != nil {
				return err
			}
			f, err := facts.facts()
			if err != nil {
				return err
			}
			if diff {
				return showFixes(cmd, args, f)
			}
			var found []lint.Finding
			for _, arg := range args {
				file, src, err := readSource(arg, cmd.InOrStdin())
				if err != nil {
					return err
				}
				if fix {
					if src, err = mend(cmd.ErrOrStderr(), file, src, f); err != nil {
						return err
					}
				}
				found = append(found, lint.Check(file, src, f, composing(profile.Options{}))...)
			}
			if err := write(cmd.OutOrStdout(), found); err != nil {
				return err
			}
			for _, f := range found {
				if f.Level >= level {
					return &exitError{code: 1}
				}
			}
			return nil
		},
	}
	facts.add(cmd)
	cmd.Flags().StringVar(&format, "format", "text", "text, json, sarif (2.1.0) or github (annotations of a workflow)")
	cmd.Flags().StringVar(&failOn, "fail-on", "warning", "exit with 1 if something is found at this level or above it: error, warning or note")
	cmd.Flags().BoolVar(&fix, "fix", false, "mend in the files what has one remedy")
	cmd.Flags().BoolVar(&diff, "diff", false, "show what --fix would change, and change nothing")
	exclusive(cmd, "fix", "diff")
	return cmd
}

var formats = map[string]func(io.Writer, []lint.Finding) error{
	"text":   printFindings,
	"json":   lint.JSON,
	"sarif":  lint.SARIF,
	"github": lint.GitHub,
}

// printFindings writes the findings, and how many there are.
func printFindings(w io.Writer, found []lint.Finding) error {
	if err := lint.Text(w, found, lint.Style{Color: styleFor(w).Color}); err != nil {
		return err
	}
	var n [3]int
	for _, f := range found {
		n[f.Level]++
	}
	_, err := fmt.Fprintf(w, "%s, %s, %s\n", plural(n[lint.Error], "error"), plural(n[lint.Warning], "warning"), plural(n[lint.Note], "note"))
	return err
}
