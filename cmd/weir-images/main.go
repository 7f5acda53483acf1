// Command weir-images is what weir runs for pull, load and import, and to read YAML.
// What talks to registries and reads archives is large and slow to start, and a
// container that starts needs none of it. It lies inside of weir, and has its command line.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/image"
)

func main() {
	if err := newRoot().Execute(); err != nil {
		fmt.Fprintf(os.Stderr, "weir: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n      "))
		giveBack(err)
		os.Exit(2)
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "weir",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(pullCommand(), loadCommand(), importCommand(), yamlCommand())
	return root
}

// openStore opens the caller's image store.
func openStore() (*image.Store, error) {
	dir, err := image.DefaultDir()
	if err != nil {
		return nil, err
	}
	return image.Open(dir)
}
