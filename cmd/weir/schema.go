package main

import (
	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/compose"
)

func schemaCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a profile, for editors",
		Long: `Print the JSON Schema (draft 2020-12) of a profile as weir reads it: Docker's dialect, the
OCI's, Podman's, and weir's own. Editors complete and check by it; a profile says where
it is by its key "$schema".`,
		Example: `  weir schema -o seccomp.schema.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeOutput(cmd.OutOrStdout(), output, compose.Schema())
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	return cmd
}
