// Command weir-images is what weir runs for pull, load, import and push, and to read YAML.
// What talks to registries and reads archives is large and slow to start, and a
// container that starts needs none of it. It lies inside of weir, and has its command line.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/say"
)

func main() {
	if os.Args[0] == image.HelperName {
		os.Exit(image.Helper(os.Args[1:]))
	}
	if err := newRoot().Execute(); err != nil {
		say.Error(os.Stderr, err)
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
	root.AddCommand(pullCommand(), loadCommand(), importCommand(), pushCommand(), yamlCommand())
	for _, cmd := range root.Commands() {
		say.Usage(cmd)
	}
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
