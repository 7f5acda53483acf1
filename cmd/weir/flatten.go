package main

import (
	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
)

func flattenCommand() *cobra.Command {
	var facts factFlags
	var output string
	var strict bool
	var read readFlags
	cmd := &cobra.Command{
		Use:   "flatten PROFILE",
		Short: "Write a profile as plain JSON that Docker, Podman and Kubernetes read",
		Long: `Write what a profile means on one machine as plain JSON that Docker, Podman and the
runtimes under Kubernetes take alike: nothing is extended, groups and constants are
names of calls and numbers, and conditions on capabilities, architecture and kernel are
resolved, because containerd ignores them. --arch, --kernel and the capabilities say for
which machine. The comment of each rule says where it is from.

The result is read back and proved to mean the same. What cannot be written so is an
error.`,
		Example: `  weir flatten app.json -o app.flat.json
  weir flatten --arch aarch64 --cap-add SYS_PTRACE app.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, f, err := profileAndFacts(cmd, args[0], &read, &facts)
			if err != nil {
				return err
			}
			r, err := convert.Flatten(p, f, policy.Options{Lenient: read.lenient})
			if err != nil {
				return err
			}
			if err := printNotes(cmd.ErrOrStderr(), append(r.Notes, r.Losses...), strict); err != nil {
				return err
			}
			if err := writeOutput(cmd.OutOrStdout(), output, r.Text); err != nil {
				return err
			}
			return printProof(cmd.ErrOrStderr(), r, p.File, f)
		},
	}
	facts.add(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	addStrictness(cmd, &strict, &read)
	return cmd
}
