package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/image"
)

func pruneCommand() *cobra.Command {
	var all, force, asJSON bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove what is not in use",
		Long: `Remove images that no tag stands for, layers without an image, such as a pull that was cut
off leaves, and whatever else is left of processes that were killed. With -a, remove all
images, and the profiles of registries. What a container runs on stays.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := openStore()
			if err != nil {
				return err
			}
			what := "images that no tag stands for and layers without an image"
			if all {
				what = "images that no container runs on, and profiles of registries"
			}
			if !force && !confirmed(cmd.InOrStdin(), cmd.ErrOrStderr(), "This removes all "+what+".") {
				return hintf(errors.New("prune: not confirmed, so nothing was removed"), "-f does not ask")
			}
			removed, err := store.Prune(all)
			out := cmd.OutOrStdout()
			if asJSON {
				return errors.Join(printJSON(out, struct {
					Untagged []string       `json:"untagged"`
					Deleted  []image.Digest `json:"deleted"`
					Freed    int64          `json:"freed"`
				}{append([]string{}, removed.Untagged...), append([]image.Digest{}, removed.Deleted...), removed.Freed}), err)
			}
			total := fmt.Sprintf("Total reclaimed space: %s\n", image.SizeText(removed.Freed))
			return errors.Join(printRemoved(out, removed, total), err)
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "remove also images that have a tag")
	cmd.Flags().BoolVarP(&force, "force", "f", false, "do not ask")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// confirmed asks, and takes y or yes for yes.
func confirmed(in io.Reader, out io.Writer, question string) bool {
	fmt.Fprintf(out, "%s Go on? [y/N] ", question)
	line, _ := bufio.NewReader(in).ReadString('\n')
	if !strings.HasSuffix(line, "\n") {
		fmt.Fprintln(out)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true
	}
	return false
}
