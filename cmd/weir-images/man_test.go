package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/weir-dev/weir/internal/cmd/manpage"
)

var manDir = flag.String("man", "", "write the manual to this directory")

// The pages of the verbs that weir runs here for. weir's own test has weir(1) and the others.
func TestManual(t *testing.T) {
	dir := t.TempDir()
	if *manDir != "" {
		dir = *manDir
	}
	root := newRoot()
	if err := manpage.Write(dir, root); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range root.Commands() {
		if cmd.Hidden {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "weir-"+cmd.Name()+".1")); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "weir.1")); err == nil && *manDir == "" {
		t.Error("weir.1 is written twice")
	}
}
