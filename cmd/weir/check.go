package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/kernel"
)

func checkCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Show what this kernel has of seccomp",
		Long: `Show what this kernel has of seccomp, and what this machine has for containers of plain
users; how that was found out, and what it gives weir.

The exit code is 0 if containers can be confined here, 1 if they cannot, and 2 if that
could not be found out.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			support := kernel.Probe()
			support.Features = append(support.Features, rootlessFeatures()...)
			var err error
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), struct {
					Confines kernel.Answer `json:"confines"`
					kernel.Support
				}{support.Confines(), support})
			} else {
				err = printSupport(cmd.OutOrStdout(), support)
			}
			if err != nil {
				return err
			}
			switch support.Confines() {
			case kernel.Yes:
				return nil
			case kernel.No:
				return &exitError{code: 1}
			}
			return &exitError{code: 2}
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printSupport(w io.Writer, s kernel.Support) error {
	verdict := map[kernel.Answer]string{
		kernel.Yes:     "containers can be confined here",
		kernel.No:      "containers cannot be confined here",
		kernel.Unknown: "whether containers can be confined here could not be found out",
	}
	fmt.Fprintf(w, "Linux %s on %s: %s\n", s.Release, s.Arch, verdict[s.Confines()])
	var rows [][]string
	group := ""
	for _, f := range s.Features {
		if f.Group != group {
			group = f.Group
			rows = append(rows, []string{""}, []string{group})
		}
		since := ""
		if f.Since != "" {
			since = "Linux " + f.Since
		}
		rows = append(rows, []string{"  " + f.Name, fmt.Sprint(f.Has), since, f.Gives, f.How})
	}
	return printTable(w, rows, 3)
}
