package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/image"
)

func imagesCommand() *cobra.Command {
	var asJSON, quiet, noTrunc bool
	cmd := &cobra.Command{
		Use:   "images [REPOSITORY[:TAG]]",
		Short: "List images",
		Long: `List images by name. The size is that of an image's files; layers that it shares with
others are counted for each of them.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := openStore()
			if err != nil {
				return err
			}
			list, damaged := store.Images()
			if len(args) > 0 {
				if list, err = named(list, args[0]); err != nil {
					return err
				}
			}
			out := cmd.OutOrStdout()
			if asJSON {
				type item struct {
					Repository string    `json:"repository"`
					Tag        string    `json:"tag"`
					Digest     string    `json:"digest,omitempty"`
					ID         string    `json:"id"`
					Created    time.Time `json:"created,omitzero"`
					Size       int64     `json:"size"`
				}
				items := make([]item, 0, len(list))
				for _, s := range list {
					items = append(items, item{s.Repository, s.Tag, string(s.Digest), string(s.ID), s.Created, s.Size})
				}
				return errors.Join(printJSON(out, items), damaged)
			}
			tw := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
			if !quiet {
				fmt.Fprintln(tw, "REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE")
			}
			for _, s := range list {
				id := s.ID.Short()
				if noTrunc {
					id = string(s.ID)
				}
				if quiet {
					fmt.Fprintln(tw, id)
					continue
				}
				fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", s.Repository, s.Tag, id, age(s.Created), image.SizeText(s.Size))
			}
			return errors.Join(tw.Flush(), damaged)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print IDs only")
	cmd.Flags().BoolVar(&noTrunc, "no-trunc", false, "print whole IDs")
	exclusive(cmd, "json", "quiet")
	exclusive(cmd, "json", "no-trunc")
	return cmd
}

// named leaves the images by one name: those of a repository, or the one with a tag or digest in it.
func named(list []image.Summary, name string) ([]image.Summary, error) {
	ref, err := image.ParseReference(name)
	if err != nil {
		return nil, err
	}
	whole := ref.Digest != "" || strings.HasSuffix(name, ":"+ref.Tag)
	return slices.DeleteFunc(list, func(s image.Summary) bool {
		if whole {
			return s.Ref != ref.String()
		}
		return s.Repository != ref.FamiliarRepository()
	}), nil
}

// age says how long ago, in the one unit that people would use.
func age(t time.Time) string {
	if t.IsZero() {
		return "N/A"
	}
	d := time.Since(t)
	for _, u := range []struct {
		name string
		size time.Duration
	}{
		{"year", 365 * 24 * time.Hour}, {"month", 30 * 24 * time.Hour}, {"week", 7 * 24 * time.Hour},
		{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second},
	} {
		if n := d / u.size; n > 1 {
			return fmt.Sprintf("%d %ss ago", n, u.name)
		} else if n == 1 {
			return fmt.Sprintf("1 %s ago", u.name)
		}
	}
	return "just now"
}

// printJSON writes a value for programs to read.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
