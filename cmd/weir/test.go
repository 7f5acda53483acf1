package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/explain"
	"github.com/weir-dev/weir/policy"
)

func testCommand() *cobra.Command {
	var facts factFlags
	var read readFlags
	cmd := &cobra.Command{
		Use:   "test PROFILE CASES",
		Short: "Hold a profile against a table of calls and verdicts",
		Long: `Hold a profile against a table of calls and the verdicts that they should get, for CI.
CASES is a file, one case a line: a call as strace writes it, =, and the verdict; before
it, if need be, the ABI that makes the call:

  mount = EPERM                             # by name alone: whatever the arguments
  clone(CLONE_NEWUSER|SIGCHLD) = denied     # anything that does not run the call
  x86: socketcall(SYS_SOCKET) = allow

A verdict is allow, log, notify, trace, trap, kill, kill thread, kill process, denied, or
an errno by name or number.

The exit code is 0 if every case is met, 1 if one is not, and 2 on trouble.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, f, err := profileAndFacts(cmd, args[0], &read, &facts)
			if err != nil {
				return err
			}
			table, err := os.ReadFile(args[1])
			if err != nil {
				return err
			}
			cases, err := explain.ParseCases(string(table), f.Arch)
			if err != nil {
				return withHint(fmt.Errorf("%s: %w", args[1], err))
			}
			if len(cases) == 0 {
				return fmt.Errorf("%s: there is no case in it", args[1])
			}
			failures, err := explain.Question{Profile: p, Facts: f, Options: policy.Options{Lenient: read.lenient}}.Check(cases)
			if err != nil {
				return err
			}
			if err := printFailures(cmd.OutOrStdout(), args[1], len(cases), failures); err != nil {
				return err
			}
			if len(failures) > 0 {
				return &exitError{code: 1}
			}
			return nil
		},
	}
	facts.add(cmd)
	read.add(cmd)
	return cmd
}

func printFailures(w io.Writer, file string, n int, failures []explain.Failure) error {
	for _, f := range failures {
		fmt.Fprintf(w, "%s:%d: not met: %s\n\n", file, f.Line, f.Text)
		if err := f.Answer.Write(w, styleFor(w)); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintf(w, "%d of %d cases met\n", n-len(failures), n)
	return err
}
