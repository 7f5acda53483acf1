package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/decompile"
	"github.com/weir-dev/weir/internal/explain"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

func verifyCommand() *cobra.Command {
	var pid int
	var against, container string
	var asJSON bool
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

The exit code is 0 if they are equal, 1 if they differ, as where there is no filter, and 2
on trouble, or if it cannot be decided. weir diff pid:N PROFILE, or container:NAME, lists all differences.`,
		Example: `  weir verify --pid 4711 --against builtin
  weir verify --container web --against profile.json
  weir verify --pid 4711`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			byName := cmd.Flags().Changed("container")
			if !byName && !cmd.Flags().Changed("pid") {
				return hintf(errors.New("verify: neither --pid nor --container is given"), "usage: %s", cmd.UseLine())
			}
			if !byName && pid <= 0 {
				return fmt.Errorf("--pid: %d is not the number of a process", pid)
			}
			if against == "" && (read.lenient || cmd.Flags().Changed("as")) {
				return errors.New("--lenient and --as are about the profile of --against, and there is none")
			}
			var target process
			var err error
			if byName {
				target, err = readContainer(container)
			} else {
				target, err = readProcess(pid)
			}
			if err != nil && (against == "" || !unconfined(err)) {
				return err
			}
			facts, err := new(factFlags).facts()
			if err == nil {
				facts.Caps, err = target.caps()
			}
			if err != nil {
				return err
			}
			if against == "" {
				return effective(cmd.OutOrStdout(), facts.Arch, &target, asJSON)
			}
			p, err := read.read(against, cmd.InOrStdin())
			if err != nil {
				return err
			}
			want, err := resolved(p.File, p, facts, read.lenient, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return verifyProcess(cmd.OutOrStdout(), facts.Arch, &target, want, asJSON)
		},
	}
	cmd.Flags().IntVar(&pid, "pid", 0, "the process, or one thread of it")
	cmd.Flags().StringVar(&container, "container", "", "the container, by name or id, whose first process it is")
	cmd.Flags().StringVar(&against, "against", "", "the profile to hold it against")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	read.add(cmd)
	exclusive(cmd, "pid", "container")
	return cmd
}

// A verifiedJSON is what --json prints.
type verifiedJSON struct {
	Process string       `json:"process"`
	Filters []filterJSON `json:"filters"`             // in the order in which they were attached
	Stopped int64        `json:"stoppedMicroseconds"` // at most

	// With --against.
	Against    string  `json:"against,omitempty"`
	Verdict    string  `json:"verdict,omitempty"`    // equal, different or undecided
	Difference *change `json:"difference,omitempty"` // from the process to the profile, as of weir diff --json

	// Without.
	Effective *explain.Reading `json:"effective,omitempty"` // as of weir decompile --format json

	Undecided string `json:"undecided,omitempty"` // why
}

type filterJSON struct {
	Instructions int    `json:"instructions"`
	Flags        string `json:"flags,omitempty"`
}

func newVerifiedJSON(target *process) *verifiedJSON {
	v := &verifiedJSON{Process: target.name, Filters: []filterJSON{}, Stopped: target.took.Microseconds()}
	for _, f := range target.filters {
		j := filterJSON{Instructions: len(f.Program)}
		if f.Flags != 0 {
			j.Flags = fmt.Sprint(f.Flags)
		}
		v.Filters = append(v.Filters, j)
	}
	return v
}

func verifyProcess(w io.Writer, arch seccomp.Arch, target *process, want subject, asJSON bool) error {
	c := verify.Compare(arch, target.Subject, want.Subject, compareSteps, 1)
	var err error
	if asJSON {
		v := newVerifiedJSON(target)
		v.Against, v.Verdict = want.name, c.Verdict.String()
		if c.Verdict == verify.Different {
			v.Difference = &changes(c.Differences[:1])[0]
		} else {
			v.Undecided = c.Reason
		}
		err = printJSON(w, v)
	} else {
		err = printVerified(w, target, want, &c)
	}
	switch {
	case err != nil:
		return err
	case c.Verdict == verify.Undecided:
		return &exitError{code: 2}
	case c.Verdict == verify.Different:
		return &exitError{code: 1}
	}
	return nil
}

func printVerified(w io.Writer, target *process, want subject, c *verify.Comparison) error {
	printProcess(w, target)
	var err error
	switch c.Verdict {
	case verify.Equal:
		_, err = fmt.Fprintf(w, "equal to %s: proved in %d steps\n", want.name, c.Steps)
	case verify.Undecided:
		_, err = fmt.Fprintf(w, "undecided: %s\n", c.Reason)
	default:
		d := changes(c.Differences[:1])[0]
		width := max(len(target.name), len(want.name))
		_, err = fmt.Fprintf(w, "different from %s: %s  %s\n\n  %-*s  %s\n  %-*s  %s\n", want.name, d.Witness, d.ABI,
			width, target.name, d.A, width, want.name, d.B)
	}
	return err
}

// effective prints what filters do together.
func effective(w io.Writer, arch seccomp.Arch, target *process, asJSON bool) error {
	r, err := decompile.Filters(arch, target.Filters, decompileSteps)
	if err != nil {
		return err
	}
	told := reading(target.name, r)
	if asJSON {
		v := newVerifiedJSON(target)
		v.Effective, v.Undecided = told, r.Undecided
		err = printJSON(w, v)
	} else {
		printProcess(w, target)
		fmt.Fprintln(w)
		if err = told.Write(w, styleFor(w)); err == nil && r.Undecided != "" {
			_, err = fmt.Fprintf(w, "undecided: %s\n", r.Undecided)
		}
	}
	if err == nil && r.Undecided != "" {
		return &exitError{code: 2}
	}
	return err
}

// printProcess says what was read and what that took.
func printProcess(w io.Writer, target *process) {
	count := "no filter"
	if n := len(target.filters); n > 0 {
		count = plural(n, "filter")
	}
	fmt.Fprintf(w, "%s: %s", target.name, count)
	for i, f := range target.filters {
		fmt.Fprintf(w, "%s %s", [...]string{":", ","}[min(i, 1)], plural(len(f.Program), "instruction"))
		if f.Flags != 0 {
			fmt.Fprintf(w, " with %v", f.Flags)
		}
	}
	fmt.Fprintf(w, "; stopped for at most %v\n", target.took.Round(time.Microsecond))
}
