package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func rmiCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rmi IMAGE...",
		Short: "Remove images",
		Long: `Remove images, by reference or ID. A reference is untagged; the image goes with its
last reference, and a layer with its last image. What a container runs on stays.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := openStore()
			if err != nil {
				return err
			}
			var all error
			for _, name := range args {
				removed, err := store.Remove(name)
				for _, ref := range removed.Untagged {
					fmt.Fprintf(cmd.OutOrStdout(), "Untagged: %s\n", ref)
				}
				for _, id := range removed.Deleted {
					fmt.Fprintf(cmd.OutOrStdout(), "Deleted: %s\n", id)
				}
				all = errors.Join(all, err)
			}
			return all
		},
	}
}
