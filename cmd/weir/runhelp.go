package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// runGroups is the order in which the help shows the flags of weir run.
var runGroups = []struct{ title, flags string }{
	{"Process", "interactive tty env env-file workdir user group-add entrypoint init stop-signal hostname"},
	{"Filter and capabilities", "security-opt lenient strict as cap-add cap-drop privileged"},
	{"Files", "rootfs read-only volume mount tmpfs shm-size"},
	{"Limits", "memory memory-swap cpus pids-limit ulimit"},
	{"Network, image, run", "network pull rm timing help"},
}

// several is the value of a flag that may be given several times, as Docker calls it.
type several struct{ pflag.Value }

func (several) Type() string { return "list" }

// shown is a flag as the help shows it.
func shown(f *pflag.Flag) *pflag.Flag {
	if _, many := f.Value.(pflag.SliceValue); many {
		named := *f
		named.Value, named.DefValue = several{f.Value}, ""
		return &named
	}
	return f
}

// runUsage prints the flags of weir run by what they are about.
func runUsage(cmd *cobra.Command) error {
	out := cmd.OutOrStderr()
	fmt.Fprintf(out, "Usage: weir %s\n", strings.ReplaceAll(cmd.Use, "\n", "\n     "))
	for _, group := range runGroups {
		set := pflag.NewFlagSet(group.title, pflag.ContinueOnError)
		set.SortFlags = false
		for name := range strings.FieldsSeq(group.flags) {
			set.AddFlag(shown(cmd.Flags().Lookup(name)))
		}
		fmt.Fprintf(out, "\n%s:\n%s", group.title, set.FlagUsagesWrapped(styleFor(os.Stdout).Width))
	}
	return nil
}
