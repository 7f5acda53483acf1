package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/profile"
)

func defaultCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "default",
		Short: "Print the default profile",
		Long: `Print the default profile: Docker's, as every container gets it unless told otherwise.
Save it, change it, and run a container under it with --security-opt seccomp=FILE.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), profile.DefaultSource())
			return err
		},
	}
}
