package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/artifact"
	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/transfer"
	"github.com/weir-dev/weir/internal/say"
	"github.com/weir-dev/weir/profile"
)

func pushCommand() *cobra.Command {
	var quiet bool
	cmd := &cobra.Command{
		Use:   "push FILE REF",
		Short: "Put a profile into a registry",
		Long: `Put a profile into a registry, as the OCI artifact that Kubernetes' runtimes and the
security-profiles-operator read. FILE (- is standard input) must be a profile by the OCI's
format; weir flatten and weir convert --to oci write one. What is printed names it by its
digest: the same profile has the same one everywhere, and it can be used wherever weir takes
a PROFILE.`,
		Example: `  weir push web.json registry.example/profiles/web:1
  weir flatten extended.json | weir push - registry.example/profiles/extended:1
  weir run --security-opt seccomp=oci://registry.example/profiles/web@sha256:... IMAGE`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := image.ParseReference(args[1])
			if err != nil {
				return err
			}
			file, src := args[0], []byte(nil)
			if file == "-" {
				file = "profile.json"
				src, err = profile.Read(cmd.InOrStdin(), "standard input")
			} else {
				src, err = profile.ReadFile(file)
				if file == "builtin" && errors.Is(err, fs.ErrNotExist) {
					err = say.Hint(err, "weir flatten builtin | weir push - REF puts it there, for one machine")
				}
			}
			if err != nil {
				return err
			}
			a, err := artifact.New(file, src)
			if err != nil {
				return err
			}
			progress := newProgress(cmd.ErrOrStderr(), quiet)
			defer progress.close()
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			if ref.Digest, err = transfer.Push(ctx, a, ref, progress.registry()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), artifact.Name(ref))
			return err
		},
	}
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "show no notices")
	return cmd
}
