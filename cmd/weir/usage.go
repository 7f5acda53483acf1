package main

import (
	"fmt"
	"io"
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

// wrapUsage has the flags in the help of root and its commands fit the width. A template of
// cobra's would do that too, and link what runs templates: a megabyte more for each weir run.
func wrapUsage(root *cobra.Command, width int) {
	usage := root.UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		out := cmd.OutOrStderr()
		var text strings.Builder
		cmd.SetOut(&text)
		err := usage(cmd)
		cmd.SetOut(out)
		for line := range strings.Lines(text.String()) {
			io.WriteString(out, wrapFlag(line, width))
		}
		return err
	})
}

// wrapFlag wraps the line of a flag, as pflag prints it: what it is about begins after three spaces at least.
func wrapFlag(line string, width int) string {
	name := strings.TrimLeft(line, " ")
	at := strings.Index(name, "   ")
	if len(line) <= width || at < 0 || !strings.HasPrefix(name, "-") {
		return line
	}
	about := strings.TrimLeft(name[at:], " ")
	column := len(line) - len(about)
	var b strings.Builder
	b.WriteString(line[:column])
	fold(&b, about, column, width)
	return b.String()
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
