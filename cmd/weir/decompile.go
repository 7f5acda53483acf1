package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/decompile"
	"github.com/weir-dev/weir/internal/explain"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// decompileSteps bounds the work on one call.
const decompileSteps = 1_000_000

func decompileCommand() *cobra.Command {
	var arch, format, output string
	var nearest bool
	cmd := &cobra.Command{
		Use:   "decompile FILE|pid:N|container:NAME",
		Short: "Turn a program, or the filters of a process, into a profile",
		Long: `Turn a program (classic BPF) in any form that weir compile writes, or the filters of a
running process (pid:N or container:NAME, all of them together, as the kernel runs them),
into a profile: JSON for Docker, Podman and OCI runtimes. It is proved to do with every
possible call what the program does.

Not all that a program does can be said in a profile. Then the reasons are listed, each
with a call that shows it, and what the program does is printed as text; the exit code
is 1. --nearest writes the profile that comes nearest all the same, and proves that it
differs in nothing else: where no rule can say what a call gets, it gets the strictest that
it may; bits of an argument that the kernel ignores do not count.

The formats: oci is the profile; text is for people, as weir explain prints a profile;
json has the same as text. If something cannot be decided, the exit code is 2.`,
		Example: `  weir decompile pid:4711 -o profile.json
  weir decompile --format text container:web
  weir decompile --arch aarch64 --nearest filter.bpf`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "oci" && format != "text" && format != "json" {
				return hintf(fmt.Errorf("--format: unknown form %q", format), "the forms are oci, text, json")
			}
			if nearest && format != "oci" {
				return errors.New("--nearest is about the profile, --format oci")
			}
			p, native, err := readFilters(args[0], arch, cmd.InOrStdin())
			if err != nil {
				return err
			}
			r, err := decompile.Filters(native, p.Filters, decompileSteps)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return printDecompiled(cmd, &p, r, format, output, nearest)
		},
	}
	cmd.Flags().StringVar(&arch, "arch", "", "architecture of the kernel that the program is for (default: this machine's)")
	cmd.Flags().StringVarP(&format, "format", "f", "oci", "what to write: oci, text, json")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	cmd.Flags().BoolVar(&nearest, "nearest", false, "write the nearest profile if there is none that does the same")
	return cmd
}

// readFilters reads a program, or the filters of a process.
func readFilters(arg, arch string, stdin io.Reader) (process, seccomp.Arch, error) {
	facts := factFlags{arch: arch}
	f, err := facts.facts()
	if err != nil {
		return process{}, 0, err
	}
	if arch != "" && (strings.HasPrefix(arg, "pid:") || strings.HasPrefix(arg, "container:")) {
		return process{}, 0, errors.New("--arch is for programs in files: a process is of this machine")
	}
	if p, running, err := readRunning(arg); running {
		return p, f.Arch, err
	}
	name, prog, err := readProgram(arg, f.Arch, stdin)
	if err == nil && arch == "" {
		err = ofOtherArch(name, prog, f.Arch)
	}
	return inFile(name, prog), f.Arch, err
}

// inFile is what is known of the process that a program in a file is for.
func inFile(name string, prog bpf.Program) process {
	return process{subject: subject{name, verify.Subject{Filters: []bpf.Program{prog}}}}
}

// ofOtherArch refuses a program that asks for other architectures than this
// machine's, where nobody has said what it is for.
func ofOtherArch(name string, prog bpf.Program, native seccomp.Arch) error {
	asked := prog.Tested(seccomp.OffsetArch)
	if slices.Contains(asked, uint32(native.Audit())) {
		return nil
	}
	var other seccomp.Arch
	for _, a := range seccomp.Archs() {
		if slices.Contains(asked, uint32(a.Audit())) && (other == 0 || a == seccomp.ArchX86_64) {
			other = a
		}
	}
	if other == 0 {
		return nil
	}
	return hintf(fmt.Errorf("%s: it asks whether the architecture is %s, not %s", name, other.Name(), native.Name()),
		"--arch %s, or whichever the program is for", other.Name())
}

func printDecompiled(cmd *cobra.Command, p *process, r *decompile.Result, format, output string, nearest bool) error {
	stderr := cmd.ErrOrStderr()
	var told strings.Builder
	var err error
	switch {
	case format == "json":
		err = printJSON(&told, reading(p.name, r))
	case format == "text" || r.Undecided != "" || len(r.Losses) > 0 && !nearest:
		style := explain.Style{}
		if output == "" {
			style = styleFor(cmd.OutOrStdout())
		}
		err = reading(p.name, r).Write(&told, style)
	default:
		if r.Profile.FlagsSet = p.logs(); r.Profile.FlagsSet {
			r.Profile.Flags = seccomp.FlagLog
		}
		told.Write(r.Profile.MarshalOCI(seccomp.Facts{Arch: r.Archs[0]}))
	}
	if err != nil {
		return err
	}
	if format == "oci" && (r.Undecided != "" || len(r.Losses) > 0 && !nearest) {
		output = "" // what was asked for there does not exist
	}
	if err := writeOutput(cmd.OutOrStdout(), output, []byte(told.String())); err != nil {
		return err
	}
	if r.Profile != nil && format == "oci" {
		for _, note := range beside(p, r.Profile) {
			fmt.Fprintf(stderr, "weir: note: %s\n", note)
		}
	}
	switch {
	case r.Undecided != "":
		return fmt.Errorf("decompiling %s: undecided: %s", p.name, r.Undecided)
	case format != "oci":
		return nil
	case len(r.Losses) == 0:
		_, err := fmt.Fprintf(stderr, "weir: the profile is proved equal to %s\n", p.name)
		return err
	case nearest:
		for _, l := range r.Losses {
			fmt.Fprintf(stderr, "weir: note: %s\n", lossText(l))
		}
		_, err := fmt.Fprintf(stderr, "weir: the profile is proved equal to %s but for that\n", p.name)
		return err
	}
	text := fmt.Sprintf("decompiling %s: no profile does the same:", p.name)
	for _, l := range r.Losses {
		text += "\n" + lossText(l)
	}
	return &exitError{code: 1, err: hintf(errors.New(text), "--nearest writes a profile that differs in nothing else")}
}

// beside says what belongs to filters and is in no program.
func beside(p *process, made *profile.Profile) []string {
	var notes []string
	logging := 0
	for _, f := range p.filters {
		if f.Flags&seccomp.FlagLog != 0 {
			logging++
		}
	}
	if 0 < logging && logging < len(p.filters) {
		notes = append(notes, fmt.Sprintf("%d of %d filters log what they deny; the profile does not say so", logging, len(p.filters)))
	}
	asks := func(r seccomp.Return) bool { return r.Action() == seccomp.ActNotify }
	if asks(made.Default) || slices.ContainsFunc(made.Rules, func(r profile.Rule) bool { return asks(r.Return) }) {
		notes = append(notes, "a supervisor answers some calls: the profile lacks its listenerPath")
	}
	return notes
}

// lossText says what a profile cannot say, with a call.
func lossText(l decompile.Loss) string {
	c := changes([]verify.Difference{l.Witness})[0]
	what := l.Why
	if len(l.Calls) > 0 {
		what = list(l.Calls) + ": " + what
	}
	return fmt.Sprintf("%s, such as %s on %s: %s, in the profile %s", what, c.Witness, abiText(c), c.A, c.B)
}

// abiText names the architecture of a witness.
func abiText(c change) string {
	if c.ABI == "other" {
		return fmt.Sprintf("architecture %#x", c.Audit)
	}
	return c.ABI
}

// list names a few and counts the rest.
func list(names []string) string {
	const most = 5
	if len(names) > most+1 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// reading is what filters do, for people.
func reading(name string, r *decompile.Result) *explain.Reading { return readable(name, r).Read() }

func readable(name string, r *decompile.Result) explain.Program {
	p := explain.Program{Name: name, Policy: r.Policy, Default: r.Default, Archs: r.Archs}
	for _, b := range r.Beyond {
		p.Beyond = append(p.Beyond, explain.NewBeyond(b.Arch, b.Call, b.First, b.Last, b.Why, b.Answers))
	}
	return p
}
