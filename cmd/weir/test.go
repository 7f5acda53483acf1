package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/explain"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

func testCommand() *cobra.Command {
	var facts factFlags
	var read readFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test PROFILE CASES...",
		Short: "Hold a profile against a table of calls and verdicts",
		Long: `Hold a profile against a table of calls and the verdicts that they should get, for CI.
CASES is a file or - (standard input), one case a line: a call as strace writes it, =, and the verdict; before
it, if need be, the ABI that makes the call:

  mount = EPERM                             # by name alone: whatever the arguments
  clone(CLONE_NEWUSER|SIGCHLD) = denied     # anything that does not run the call
  x86: socketcall(SYS_SOCKET) = allow

A verdict is allow, log, notify, trace, trap, kill, kill thread, kill process, denied, or
an errno by name or number.

The exit code is 0 if every case is met, 1 if one is not, and 2 on trouble.`,
		Example: `  weir test profile.json cases/*.txt
  echo 'mount = denied' | weir test profile.json -`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if first := slices.Index(args, "-"); first >= 0 && slices.Contains(args[first+1:], "-") {
				return errors.New("only one argument can be standard input")
			}
			p, f, err := profileAndFacts(cmd, args[0], &read, &facts)
			if err != nil {
				return err
			}
			var tables []table
			for _, arg := range args[1:] {
				t, err := readTable(arg, cmd.InOrStdin(), f.Arch)
				if err != nil {
					return err
				}
				t.failures, err = explain.Question{Profile: p, Facts: f, Options: policy.Options{Lenient: read.lenient}}.Check(t.cases)
				if err != nil {
					return err
				}
				tables = append(tables, t)
			}
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), tablesJSON(tables))
			} else {
				err = printFailures(cmd.OutOrStdout(), tables)
			}
			if err == nil && slices.ContainsFunc(tables, func(t table) bool { return len(t.failures) > 0 }) {
				return &exitError{code: 1}
			}
			return err
		},
	}
	facts.add(cmd)
	read.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: a list with an entry for each CASES")
	return cmd
}

// A table is the cases of a file, and those that are not met.
type table struct {
	file     string
	cases    []explain.Expectation
	failures []explain.Failure
}

func readTable(arg string, stdin io.Reader, arch seccomp.Arch) (table, error) {
	t := table{file: arg}
	var text []byte
	var err error
	if arg == "-" {
		t.file = "standard input"
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(arg)
	}
	if err != nil {
		return t, err
	}
	t.cases, err = explain.ParseCases(string(text), arch)
	if err != nil {
		return t, withHint(fmt.Errorf("%s: %w", t.file, err))
	}
	if len(t.cases) == 0 {
		return t, fmt.Errorf("%s: there is no case in it", t.file)
	}
	return t, nil
}

func printFailures(w io.Writer, tables []table) error {
	all, failed := 0, 0
	for _, t := range tables {
		for _, f := range t.failures {
			fmt.Fprintf(w, "%s:%d: not met: %s\n\n", t.file, f.Line, f.Text)
			if err := f.Answer.Write(w, styleFor(w)); err != nil {
				return err
			}
			fmt.Fprintln(w)
		}
		all, failed = all+len(t.cases), failed+len(t.failures)
	}
	_, err := fmt.Fprintf(w, "%d of %d cases met\n", all-failed, all)
	return err
}

// A failureJSON is a case that is not met.
type failureJSON struct {
	Line   int             `json:"line"`
	Case   string          `json:"case"`
	Answer *explain.Answer `json:"answer"` // as of weir explain --json
}

// A tableJSON is what --json prints of a table.
type tableJSON struct {
	File     string        `json:"file"`
	Cases    int           `json:"cases"`
	Failures []failureJSON `json:"failures"`
}

func tablesJSON(tables []table) []tableJSON {
	var list []tableJSON
	for _, t := range tables {
		j := tableJSON{File: t.file, Cases: len(t.cases), Failures: []failureJSON{}}
		for _, f := range t.failures {
			j.Failures = append(j.Failures, failureJSON{f.Line, f.Text, f.Answer})
		}
		list = append(list, j)
	}
	return list
}
