package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/transfer"
)

func loadCommand() *cobra.Command {
	var input string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "load [-i FILE]",
		Short: "Load images from an archive",
		Long: `Load all images of an archive as docker save, podman save or skopeo write it: a
docker-archive or an OCI archive, plain or compressed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var in io.Reader = cmd.InOrStdin()
			if input != "" && input != "-" {
				f, err := os.Open(input)
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			} else if _, err := unix.IoctlGetTermios(int(os.Stdin.Fd()), unix.TCGETS); err == nil {
				return errors.New("load: standard input is a terminal, not an archive; name one with -i FILE")
			}
			store, err := openStore()
			if err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			progress := newProgress(cmd.ErrOrStderr(), quiet)
			defer progress.close()
			loaded, err := transfer.Load(ctx, store, in, progress.options())
			var out strings.Builder
			for _, l := range loaded {
				for _, ref := range l.Refs {
					fmt.Fprintf(&out, "Loaded image: %s\n", ref.Familiar())
				}
				if len(l.Refs) == 0 {
					fmt.Fprintf(&out, "Loaded image ID: %s\n", l.ID)
				}
			}
			_, werr := io.WriteString(cmd.OutOrStdout(), out.String())
			return errors.Join(err, werr)
		},
	}
	cmd.Flags().StringVarP(&input, "input", "i", "", "archive to read (default: standard input)")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "show no progress")
	return cmd
}
