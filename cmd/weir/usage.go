package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// sayUsage has a command say how it is used where its arguments are too few or too
// many.
func sayUsage(cmd *cobra.Command) {
	check := cmd.Args
	if check == nil {
		return
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		given := plural(len(args), "argument") + " given"
		if len(args) == 0 {
			given = "no argument given"
		}
		return hintf(fmt.Errorf("%s: %s", cmd.Name(), given), "usage: %s", cmd.UseLine())
	}
}

// exclusive has a command refuse two flags together.
func exclusive(cmd *cobra.Command, a, b string) {
	cmd.MarkFlagsMutuallyExclusive(a, b) // for completions
	next := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed(a) && cmd.Flags().Changed(b) {
			return fmt.Errorf("--%s and --%s exclude each other", a, b)
		}
		if next != nil {
			return next(cmd, args)
		}
		return nil
	}
}
