package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/transfer"
)

func importCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "import DIR|TAR REF",
		Short: "Make an image of a root file system",
		Long: `Make an image of one layer from a root file system: a directory, such as debootstrap
makes, or a tar of one. As with docker import the image has no command of its own.
Of a directory, a plain user's files become root's, as a volume shows them.`,
		Example: `  debootstrap --variant=minbase bookworm rootfs
  weir import rootfs debian:bookworm`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := image.ParseReference(args[1])
			if err != nil {
				return err
			}
			store, err := openStore()
			if err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			progress := newProgress(cmd.ErrOrStderr(), false)
			defer progress.close()
			id, err := transfer.Import(ctx, store, args[0], ref, progress.options())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), id)
			return err
		},
	}
}
