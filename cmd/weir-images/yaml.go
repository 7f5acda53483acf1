package main

import (
	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/yamltree"
)

// yamlCommand serves weir convert.
func yamlCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "yaml",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return yamltree.Write(cmd.OutOrStdout(), cmd.InOrStdin())
		},
	}
}
