package main

import (
	"context"
	"fmt"
	"io"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/transfer"
)

func pullCommand() *cobra.Command {
	var platform string
	cmd := &cobra.Command{
		Use:   "pull REF",
		Short: "Fetch an image from a registry",
		Long: `Fetch an image from a registry. A short name is one of Docker Hub: debian is
docker.io/library/debian:latest. Registries on the loopback are asked over plain http,
all others over https.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := image.ParseReference(args[0])
			if err != nil {
				return err
			}
			store, err := openStore()
			if err != nil {
				return err
			}
			var p transfer.Platform
			if platform != "" {
				if p, err = transfer.ParsePlatform(platform); err != nil {
					return fmt.Errorf("--platform: %w", err)
				}
			}
			id, err := pull(cmd.Context(), cmd.ErrOrStderr(), store, ref, p)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), id)
			return nil
		},
	}
	cmd.Flags().StringVar(&platform, "platform", "", "OS/ARCH[/VARIANT] of the image, such as linux/arm64 (default: this machine's)")
	return cmd
}

func pull(ctx context.Context, stderr io.Writer, s *image.Store, ref image.Reference, p transfer.Platform) (image.Digest, error) {
	ctx, stop := interruptible(ctx)
	defer stop()
	progress := newProgress(stderr)
	defer progress.close()
	options := progress.options()
	options.Platform = p
	return transfer.Pull(ctx, s, ref, options)
}

// interruptible returns a context that the signals which ask a program to end
// cancel, so that what is half done is removed.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
}
