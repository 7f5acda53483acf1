package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/decompile"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

func verifyCommand() *cobra.Command {
	var pid int
	var against, container string
	var read readFlags
	cmd := &cobra.Command{
		Use:   "verify {--pid N | --container NAME} [--against PROFILE]",
		Short: "Prove that a process or container is confined as a profile says",
		Long: `Read all filters of a running process out of the kernel, and prove that together they do
with every possible call what the profile does: under this kernel, and with the
capabilities of the process's bounding set. Or show a call with which they do not.

Without --against, show what the filters do together, as weir explain shows a profile:
which calls of each ABI are allowed, which get which errno, and for which that depends on
which arguments.

--container finds the first process of a container of Docker, Podman, containerd, runc or
crun, by its name, its id, or what its id begins with.

The process is stopped while the kernel copies the filters, which takes well below a
millisecond, and goes on in any case.

The exit code is 0 if they are equal, 1 if they differ, and 2 on trouble, or if it cannot
be decided. weir diff pid:N PROFILE, or container:NAME, lists all differences.`,
		Example: `  weir verify --pid 4711 --against builtin
  weir verify --container web --against profile.json
  weir verify --pid 4711`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			byName := cmd.Flags().Changed("container")
			if !byName && pid <= 0 {
				return fmt.Errorf("--pid: %d is not the number of a process", pid)
			}
			if against == "" && (read.lenient || cmd.Flags().Changed("as")) {
				return errors.New("--lenient and --as are about the profile of --against, and there is none")
			}
			var target process
			var err error
			if byName {
				target, pid, err = readContainer(container)
			} else {
				target, err = readProcess(pid)
			}
			if err != nil {
				return err
			}
			facts, err := processFacts(pid)
			if err != nil {
				return err
			}
			if against == "" {
				printProcess(cmd.OutOrStdout(), target)
				return printEffective(cmd.OutOrStdout(), facts.Arch, &target)
			}
			p, err := read.read(against, cmd.InOrStdin())
			if err != nil {
				return err
			}
			return verifyProcess(cmd.OutOrStdout(), cmd.ErrOrStderr(), target, p, facts, read.lenient)
		},
	}
	cmd.Flags().IntVar(&pid, "pid", 0, "the process, or one thread of it")
	cmd.Flags().StringVar(&container, "container", "", "the container, by name or id, whose first process it is")
	cmd.Flags().StringVar(&against, "against", "", "the profile to hold it against")
	read.add(cmd)
	cmd.MarkFlagsOneRequired("pid", "container")
	cmd.MarkFlagsMutuallyExclusive("pid", "container")
	return cmd
}

func verifyProcess(w, stderr io.Writer, target process, p *profile.Profile, facts seccomp.Facts, lenient bool) error {
	want, err := resolved(p.File, p, facts, lenient, stderr)
	if err != nil {
		return err
	}
	c := verify.Compare(facts.Arch, target.Subject, want.Subject, compareSteps, 1)
	printProcess(w, target)
	switch c.Verdict {
	case verify.Equal:
		_, err = fmt.Fprintf(w, "equal to %s: proved in %d steps\n", want.name, c.Steps)
		return err
	case verify.Undecided:
		fmt.Fprintf(w, "undecided: %s\n", c.Reason)
		return &exitError{code: 2}
	}
	d := changes(c.Differences[:1])[0]
	width := max(len(target.name), len(want.name))
	fmt.Fprintf(w, "different from %s: %s  %s\n\n  %-*s  %s\n  %-*s  %s\n", want.name, d.Witness, d.ABI,
		width, target.name, d.A, width, want.name, d.B)
	return &exitError{code: 1}
}

// printEffective prints what filters do together.
func printEffective(w io.Writer, arch seccomp.Arch, target *process) error {
	r, err := decompile.Filters(arch, target.Filters, decompileSteps)
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := reading(target.name, r).Write(w, styleFor(w)); err != nil {
		return err
	}
	if r.Undecided != "" {
		fmt.Fprintf(w, "undecided: %s\n", r.Undecided)
		return &exitError{code: 2}
	}
	return nil
}

// printProcess says what was read and what that took.
func printProcess(w io.Writer, target process) {
	fmt.Fprintf(w, "%s: %s", target.name, plural(len(target.filters), "filter"))
	for i, f := range target.filters {
		fmt.Fprintf(w, "%s %s", [...]string{":", ","}[min(i, 1)], plural(len(f.Program), "instruction"))
		if f.Flags != 0 {
			fmt.Fprintf(w, " with %v", f.Flags)
		}
	}
	fmt.Fprintf(w, "; stopped for at most %v\n", target.took.Round(time.Microsecond))
}
