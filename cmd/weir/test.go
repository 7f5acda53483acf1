package main

import (
	"errors"
	"fmt"
	"io"
	"os"

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
		Short: "Hold a profile against tables of calls and verdicts",
		Long: `Hold a profile against tables of calls and the verdicts that they should get, for CI.
CASES is a file or - (standard input), one case a line: a call as strace writes it, =, and
the verdict; before it, if need be, the ABI that makes the call:

  mount = EPERM                             # by name alone: whatever the arguments
  clone(CLONE_NEWUSER|SIGCHLD) = denied     # anything that does not run the call
  x86: socketcall(SYS_SOCKET) = allow

A verdict is allow, log, notify, trace, trap, kill, kill thread, kill process, denied, or
an errno by name or number.

The exit code is 0 if every case is met, 1 if one is not, and 2 on trouble.`,
		Example: `  weir test profile.json profile.cases
  weir test --cap-add NET_ADMIN profile.json common.cases network.cases
  echo 'unshare = EPERM' | weir test builtin -`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneInput(args); err != nil {
				return err
			}
			p, f, err := profileAndFacts(cmd, args[0], &read, &facts)
			if err != nil {
				return err
			}
			var cases []explain.Expectation
			for _, arg := range args[1:] {
				table, err := readCases(arg, cmd.InOrStdin(), f.Arch)
				if err != nil {
					return err
				}
				cases = append(cases, table...)
			}
			failures, err := explain.Question{Profile: p, Facts: f, Options: policy.Options{Lenient: read.lenient}}.Check(cases)
			if err != nil {
				return err
			}
			r := testReport{Profile: p.File, Cases: len(cases), Met: len(cases) - len(failures), Failures: failures}
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), r)
			} else {
				err = r.print(cmd.OutOrStdout())
			}
			if err == nil && len(failures) > 0 {
				err = &exitError{code: 1}
			}
			return err
		},
	}
	facts.add(cmd)
	read.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// readCases reads a table, in which there is something.
func readCases(arg string, stdin io.Reader, arch seccomp.Arch) ([]explain.Expectation, error) {
	file := arg
	var text []byte
	var err error
	if arg == "-" {
		file = "standard input"
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(arg)
	}
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	cases, err := explain.ParseCases(file, string(text), arch)
	var wrong *explain.CaseError
	if errors.As(err, &wrong) && wrong.Hint != "" {
		return nil, hintf(err, "%s", wrong.Hint)
	}
	if err == nil && len(cases) == 0 {
		err = fmt.Errorf("%s: there is no case in it", file)
	}
	return cases, err
}

// A testReport is what test --json prints.
type testReport struct {
	Profile  string            `json:"profile"`
	Cases    int               `json:"cases"`
	Met      int               `json:"met"`
	Failures []explain.Failure `json:"failures"` // each with an answer as of weir explain --json
}

func (r *testReport) print(w io.Writer) error {
	for _, f := range r.Failures {
		fmt.Fprintf(w, "%s:%d: not met: %s\n\n", f.File, f.Line, f.Text)
		if err := f.Answer.Write(w, styleFor(w)); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintf(w, "%d of %d cases met\n", r.Met, r.Cases)
	return err
}
