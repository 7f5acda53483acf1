package main

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/image"
)

func inspectCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect IMAGE...",
		Short: "Show all that is known of images",
		Long: `Show all that is known of images, as JSON with the keys of docker image inspect. Config
is the image's own, with what weir has no use for.`,
		Example: `  weir inspect debian:bookworm | jq -r '.[0].Config.Env[]'`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := openStore()
			if err != nil {
				return err
			}
			list := []inspected{}
			var missing error
			for _, name := range args {
				d, err := store.Inspect(name)
				if err != nil {
					missing = errors.Join(missing, err)
					continue
				}
				list = append(list, inspect(d))
			}
			return errors.Join(printJSON(cmd.OutOrStdout(), list), missing)
		},
	}
}

// inspected is an image in Docker's words and order.
type inspected struct {
	ID           image.Digest `json:"Id"`
	RepoTags     []string
	RepoDigests  []string
	Created      time.Time `json:",omitzero"`
	Author       string    `json:",omitempty"`
	Config       json.RawMessage
	Architecture string
	Variant      string `json:",omitempty"`
	Os           string
	Size         int64
	RootFS       struct {
		Type   string
		Layers []image.Digest
	}
}

func inspect(d *image.Details) inspected {
	i := inspected{
		ID:           d.ID,
		RepoTags:     []string{},
		RepoDigests:  []string{},
		Created:      d.File.Created,
		Author:       d.File.Author,
		Config:       d.Config,
		Architecture: d.File.Architecture,
		Variant:      d.File.Variant,
		Os:           d.File.OS,
		Size:         d.Size,
	}
	for _, r := range d.Refs {
		if r.Digest != "" {
			i.RepoDigests = append(i.RepoDigests, r.Familiar())
		} else {
			i.RepoTags = append(i.RepoTags, r.Familiar())
		}
	}
	i.RootFS.Type, i.RootFS.Layers = d.File.RootFS.Type, append([]image.Digest{}, d.File.RootFS.DiffIDs...)
	return i
}
