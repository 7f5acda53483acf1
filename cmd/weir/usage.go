package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// knownCommand refuses what is no command, with what may have been meant.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if err := verbElsewhere(args[0]); err != nil {
		return err
	}
	err := fmt.Errorf("unknown command %q", args[0])
	root.SuggestionsMinimumDistance = 2
	if meant := root.SuggestionsFor(args[0]); len(meant) > 0 {
		return hintf(err, "did you mean %s?", strings.Join(meant, " or "))
	}
	return hintf(err, "weir --help lists the commands")
}

// sayUnknownTopic has weir help refuse what is no command, too.
func sayUnknownTopic(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil {
		return
	}
	show := help.Run
	help.RunE = func(cmd *cobra.Command, args []string) error {
		if topic, rest, err := root.Find(args); err == nil && topic == root {
			if err := knownCommand(root, rest); err != nil {
				return err
			}
		}
		show(cmd, args)
		return nil
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
