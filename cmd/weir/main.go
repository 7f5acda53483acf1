// Command weir is seccomp for containers that you can read, prove and watch.
// One file a verb; each parses its flags, calls a package once, and prints.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/say"
)

// began is the begin of main, for weir run --timing.
var began *timing

func main() {
	if os.Args[0] == image.HelperName {
		os.Exit(image.Helper(os.Args[1:]))
	}
	began = beginTiming()
	os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Main runs one command line and returns the exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(args)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		addCompletions(root)
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	if err == nil {
		return 0
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{err: err}
	}
	if exit.err != nil {
		say.Error(stderr, exit.err)
	}
	switch {
	case exit.code != 0:
		return exit.code
	case cmd.Name() == "run":
		return 125
	}
	return 2
}

// newRoot makes the commands, for a command line. One that runs a container has no
// time for the others.
func newRoot(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "weir",
		Short: "seccomp for containers that you can read, prove and watch",
		Long: `weir is seccomp for containers that you can read, prove and watch.

A profile (JSON) is resolved into a policy, compiled into a program (BPF) that is
proved equal to it, and loaded as a filter: the last thing before the container's
own process starts.

A PROFILE is a file, - (standard input), builtin (Docker's default profile) or
oci://HOST/PATH@sha256:DIGEST (one that weir push put into a registry).`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.AddGroup(
		&cobra.Group{ID: "containers", Title: "Containers:"},
		&cobra.Group{ID: "profiles", Title: "Profiles:"},
		&cobra.Group{ID: "images", Title: "Images:"},
	)
	if len(args) > 0 && args[0] == "run" {
		run := runCommand()
		run.GroupID = "containers"
		root.AddCommand(run)
		return root
	}
	root.Version = version()
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd == root && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			return knownCommand(root, args) // its flags are nobody's
		}
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) && unknown.GetSpecifiedName() == "json" && cmd.Flags().Lookup("format") != nil {
			return hintf(err, "%s --format json prints JSON", cmd.CommandPath())
		}
		return hintf(err, "%s --help lists the flags", cmd.CommandPath())
	})
	if width := styleFor(os.Stdout).Width; width > 0 {
		wrapUsage(root, width)
	}
	for _, verb := range []struct {
		group string
		cmd   *cobra.Command
	}{
		{"containers", runCommand()},
		{"containers", probeCommand()},
		{"containers", checkCommand()},
		{"profiles", defaultCommand()},
		{"profiles", compileCommand()},
		{"profiles", convertCommand()},
		{"profiles", flattenCommand()},
		{"profiles", mergeCommand()},
		{"profiles", schemaCommand()},
		{"profiles", explainCommand()},
		{"profiles", testCommand()},
		{"profiles", lintCommand()},
		{"profiles", diffCommand()},
		{"profiles", verifyCommand()},
		{"profiles", decompileCommand()},
		{"profiles", disasmCommand()},
		{"profiles", transferCommand("push FILE REF", "Put a profile into a registry")},
		{"images", transferCommand("pull REF", "Fetch an image or a profile")},
		{"images", transferCommand("load [-i FILE]", "Load images from an archive")},
		{"images", transferCommand("import DIR|TAR REF", "Make an image of a root file system")},
		{"images", imagesCommand()},
		{"images", inspectCommand()},
		{"images", rmiCommand()},
		{"images", pruneCommand()},
	} {
		verb.cmd.GroupID = verb.group
		say.Usage(verb.cmd)
		root.AddCommand(verb.cmd)
	}
	completion := completionCommand()
	say.Usage(completion)
	root.AddCommand(completion)
	sayUnknownTopic(root)
	return root
}

// An exitError ends the program with a code; err may be nil, when all that is to
// be said has been.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// hintf adds a next step to an error.
func hintf(err error, format string, args ...any) error {
	return say.Hint(err, fmt.Sprintf(format, args...))
}
