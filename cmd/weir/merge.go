package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
)

func mergeCommand() *cobra.Command {
	var facts factFlags
	var output string
	var strict, union, intersect bool
	var read readFlags
	cmd := &cobra.Command{
		Use:   "merge --union|--intersect PROFILE PROFILE...",
		Short: "Make one profile of several, by meaning",
		Long: `Make one profile of several, by meaning. The union lets a call through if any of them
does: it is what several programs need together. The intersection does if all of them
do, as if a process had their filters one on top of the other. Of two other answers, too,
the union has the one that the kernel ranks as less strict, the intersection the
stricter one. Where both deny with an errno, a rule's goes before a default action's, and
that of the first profile before others.

The result is plain JSON for one machine, as weir flatten writes it: --arch, --kernel and
the capabilities say for which. It is proved to be exactly that; what rules of one
profile cannot say is an error, with a call.`,
		Example: `  weir merge --union web.json worker.json -o both.json
  weir merge --intersect builtin company.json`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !union && !intersect {
				return hintf(errors.New("merge: neither --union nor --intersect is given"), "--union lets through what any profile does, --intersect what all do")
			}
			how := convert.Intersection
			if union {
				how = convert.Union
			}
			if err := oneInput(args); err != nil {
				return err
			}
			f, err := facts.facts()
			if err != nil {
				return err
			}
			var profiles []*profile.Profile
			var names []string
			for _, arg := range args {
				p, err := read.read(arg, cmd.InOrStdin())
				if err != nil {
					return err
				}
				profiles = append(profiles, p)
				names = append(names, p.File)
			}
			r, err := convert.Merge(how, profiles, f, policy.Options{Lenient: read.lenient})
			if err != nil {
				return err
			}
			if err := printNotes(cmd.ErrOrStderr(), append(r.Notes, r.Losses...), strict); err != nil {
				return err
			}
			if err := writeOutput(cmd.OutOrStdout(), output, r.Text); err != nil {
				return err
			}
			return printProof(cmd.ErrOrStderr(), r, fmt.Sprintf("the %v of %s", how, strings.Join(names, " and ")), f)
		},
	}
	facts.add(cmd)
	cmd.Flags().BoolVar(&union, "union", false, "let through what any of the profiles does")
	cmd.Flags().BoolVar(&intersect, "intersect", false, "let through what all of them do")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	exclusive(cmd, "union", "intersect")
	addStrictness(cmd, &strict, &read)
	return cmd
}
