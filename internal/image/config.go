package image

import (
	"encoding/json"
	"fmt"
	"time"
)

// Config is what an image says about running it: the "config" object of the OCI image-spec's config.md, in Docker's
// spelling, which is the same. Nil and empty mean that the image says nothing.
type Config struct {
	Entrypoint []string            `json:",omitempty"`
	Cmd        []string            `json:",omitempty"`
	Env        []string            `json:",omitempty"` // NAME=value
	User       string              `json:",omitempty"` // user[:group], names or numbers
	WorkingDir string              `json:",omitempty"`
	Volumes    map[string]struct{} `json:",omitempty"`
	StopSignal string              `json:",omitempty"`
	Labels     map[string]string   `json:",omitempty"`
}

// ConfigFile is an image's configuration, the bytes whose digest is the image ID: config.md again.
type ConfigFile struct {
	Created      time.Time `json:"created,omitzero"`
	Author       string    `json:"author,omitempty"`
	Architecture string    `json:"architecture"`
	Variant      string    `json:"variant,omitempty"`
	OS           string    `json:"os"`
	Config       Config    `json:"config"`
	RootFS       RootFS    `json:"rootfs"`
	History      []History `json:"history,omitempty"`
}

// RootFS names the layers, the lowest first.
type RootFS struct {
	Type    string   `json:"type"` // "layers"
	DiffIDs []Digest `json:"diff_ids"`
}

// History tells where a layer came from, for people.
type History struct {
	Created time.Time `json:"created,omitzero"`
	Comment string    `json:"comment,omitempty"`
}

// ParseConfig reads a configuration and checks its diff IDs, which become paths.
func ParseConfig(b []byte) (*ConfigFile, error) {
	c := new(ConfigFile)
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("image configuration: %w", err)
	}
	if c.RootFS.Type != "layers" {
		return nil, fmt.Errorf("image configuration: rootfs.type is %q, want \"layers\"", c.RootFS.Type)
	}
	for i, d := range c.RootFS.DiffIDs {
		if _, err := ParseDigest(string(d)); err != nil {
			return nil, fmt.Errorf("image configuration: rootfs.diff_ids[%d]: %w", i, err)
		}
	}
	return c, nil
}
