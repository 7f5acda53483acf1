package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print a script that completes command lines in a shell",
		Long: `Print a script that completes weir's command lines in a shell: verbs, flags, images, files
and what else flags take. make install puts the scripts where the shells look for them.

Images are those of the caller's own store: as a plain user one cannot see root's.`,
		Example: `  weir completion bash > /usr/local/share/bash-completion/completions/weir   # needs the package bash-completion
  weir completion zsh > /usr/local/share/zsh/site-functions/_weir
  weir completion fish > ~/.config/fish/completions/weir.fish`,
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(cmd *cobra.Command, args []string) error {
			generate := map[string]func(io.Writer) error{
				"bash": func(w io.Writer) error { return cmd.Root().GenBashCompletionV2(w, true) },
				"zsh":  cmd.Root().GenZshCompletion,
				"fish": func(w io.Writer) error { return cmd.Root().GenFishCompletion(w, true) },
			}
			write := generate[args[0]]
			if write == nil {
				return hintf(fmt.Errorf("completion: unknown shell %q", args[0]), "the shells are %s", strings.Join(cmd.ValidArgs, ", "))
			}
			var script strings.Builder
			if err := write(&script); err != nil {
				return err
			}
			// The flag of --security-opt=seccomp=FILE ends at the first '='. Cobra's scripts for zsh and fish
			// look for the last one.
			_, err := io.WriteString(cmd.OutOrStdout(), strings.ReplaceAll(script.String(), "'-.*='", "'-[^=]*='"))
			return err
		},
	}
}
