package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/image"
)

func rmiCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
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
				removed, err := store.Remove(name, force)
				if force && errors.Is(err, image.ErrNotFound) {
					continue
				}
				all = errors.Join(all, err, printRemoved(cmd.OutOrStdout(), removed, ""))
			}
			return all
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "with an ID, remove all its names; an image that is not there is no error")
	return cmd
}

func printRemoved(w io.Writer, removed image.Removed, total string) error {
	var out strings.Builder
	for _, ref := range removed.Untagged {
		fmt.Fprintf(&out, "Untagged: %s\n", ref)
	}
	for _, id := range removed.Deleted {
		fmt.Fprintf(&out, "Deleted: %s\n", id)
	}
	_, err := io.WriteString(w, out.String()+total)
	return err
}
