package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/artifact"
	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/transfer"
)

func pullCommand() *cobra.Command {
	var platform, output string
	var quiet, unnamed bool
	cmd := &cobra.Command{
		Use:   "pull REF",
		Short: "Fetch an image or a profile",
		Long: `Fetch an image or a profile from a registry, or an image from a directory or file.

A REF is NAME[:TAG] or NAME@DIGEST. A short name is one of Docker Hub: debian is
docker.io/library/debian:latest. Registries on the loopback are asked over plain http,
all others over https. Credentials are those of docker login and podman login.

A REF may also be oci:DIR[:TAG], an OCI layout, or docker-archive:FILE[:REF], which docker
save wrote. Such an image gets the names that it has there.

What is fetched is printed: the ID of an image; of a profile its reference by digest, to
be used wherever weir takes a PROFILE.`,
		Example: `  weir pull debian:bookworm
  weir pull oci:./layout:1.0
  weir pull registry.example/profiles/web:1 -o web.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := openStore()
			if err != nil {
				return err
			}
			progress := newProgress(cmd.ErrOrStderr(), quiet)
			defer progress.close()
			progress.local = image.IsLocal(args[0])
			options := progress.options()
			if platform != "" {
				if options.Platform, err = transfer.ParsePlatform(platform); err != nil {
					return fmt.Errorf("--platform: %w", err)
				}
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			got, err := pull(ctx, store, args[0], !unnamed, output, options)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), got)
			return err
		},
	}
	cmd.Flags().StringVar(&platform, "platform", "", "OS/ARCH[/VARIANT] of the image, such as linux/arm64 (default: this machine's)")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the profile to this file, too")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "show no progress")
	cmd.Flags().BoolVar(&unnamed, "unnamed", false, "leave the names of an archive out")
	_ = cmd.Flags().MarkHidden("unnamed") // weir run's: it must not change what names stand for
	return cmd
}

// pull returns what to call what it fetched.
func pull(ctx context.Context, s *image.Store, arg string, named bool, output string, o transfer.Options) (string, error) {
	if image.IsLocal(arg) {
		local, err := image.ParseLocal(arg)
		if err == nil && output != "" {
			err = errors.New("--output is for profiles; images go into the store")
		}
		if err != nil {
			return "", err
		}
		id, err := transfer.PullLocal(ctx, s, local, named, o)
		return string(id), err
	}
	ref, err := image.ParseReference(strings.TrimPrefix(arg, artifact.Scheme))
	if err != nil {
		return "", err
	}
	o.OnlyProfile = artifact.IsReference(arg) || output != ""
	pulled, err := transfer.Pull(ctx, s, ref, o)
	if err != nil || pulled.ID != "" {
		return string(pulled.ID), err
	}
	ref.Digest = pulled.Profile
	if output == "" {
		return artifact.Name(ref), nil
	}
	b, err := artifact.Load(s, ref)
	if err != nil {
		return "", err
	}
	return artifact.Name(ref), os.WriteFile(output, b, 0o644)
}

// interruptible returns a context that the signals which ask a program to end
// cancel, so that what is half done is removed.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
}
