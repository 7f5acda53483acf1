package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/weir-dev/weir/internal/artifact"
)

// readArtifact reads a PROFILE that a registry has. It is fetched once; from then on
// the store has it, and what its digest says is all that it can be.
func readArtifact(arg string) ([]byte, error) {
	ref, err := artifact.ParseReference(arg)
	if errors.Is(err, artifact.ErrNoDigest) {
		return nil, hintf(err, "weir pull %s prints its name by digest", ref.Familiar())
	}
	if err != nil {
		return nil, err
	}
	store, err := openStore()
	if err != nil {
		return nil, err
	}
	src, err := artifact.Load(store, ref)
	if !errors.Is(err, fs.ErrNotExist) {
		return src, err
	}
	if runImages(context.Background(), nil, io.Discard, os.Stderr, "pull", "--", arg) != nil {
		return nil, fmt.Errorf("profile %s: it is not here and could not be fetched", arg)
	}
	return artifact.Load(store, ref)
}
