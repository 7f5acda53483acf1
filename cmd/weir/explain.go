package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/decompile"
	"github.com/weir-dev/weir/internal/explain"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

func explainCommand() *cobra.Command {
	var facts factFlags
	var asJSON, ask bool
	var engine string
	var read readFlags
	cmd := &cobra.Command{
		Use:   "explain PROFILE [CALL...]",
		Short: "Say what a profile does, or what it does with a call",
		Long: `Say what a profile does with a call: the verdict, the rule that decides, the rules that
do not match and why, what would change it, other ways to the same act, and why the call
is guarded. Without CALL: the whole profile, for each ABI.

A CALL is written as strace prints it: 'socket(AF_ALG, SOCK_SEQPACKET, 0)'. A name or a
number alone asks about every argument; _ is one that is left open. It is a call of the
kernel's own ABI, if none is named: 'x86: socketcall(SYS_SOCKET)'.

--arch all asks about the kernels of every architecture, in one line each.

PROFILE may also be pid:N or container:NAME, which is about the filters of a process, or a
program in any form that weir compile writes.

--engine says what runc or crun makes of the profile instead: where that differs from
what the profile says, and whether their init gets as far as the container's program. It
is a prediction; what it cannot know depends on the engine. --ask has the installed engine
start a container, and reads its filter. --as says who hands the profile to the engine.`,
		Example: `  weir explain builtin 'clone(CLONE_NEWUSER|SIGCHLD)'
  weir explain --cap-add SYS_ADMIN builtin mount 'socket(AF_VSOCK, SOCK_STREAM, 0)'
  weir explain --arch all profile.json clone3
  weir explain profile.json
  weir explain container:web 'socket(AF_ALG)'
  weir explain --engine runc profile.json
  weir explain --engine crun --ask profile.json 'personality(0xffffffff)'`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if engine != "" {
				return explainEngine(cmd, engine, ask, args, &facts, &read, asJSON)
			}
			if ask {
				return errors.New("--ask asks the engine of --engine, and there is none")
			}
			everywhere := facts.arch == "all"
			if everywhere {
				facts.arch = ""
			}
			f, err := facts.facts()
			if err != nil {
				return err
			}
			if target, running, err := readRunning(args[0]); running {
				if err != nil {
					return err
				}
				return explainFilters(cmd, &target, f.Arch, args[1:], asJSON)
			}
			name, p, prog, err := read.readEither(args[0], f.Arch, cmd.InOrStdin())
			if err != nil {
				return err
			}
			if prog != nil && everywhere {
				return fmt.Errorf("--arch all is about a profile, and %s is none", name)
			}
			if prog != nil {
				return explainProgram(cmd, name, prog, f.Arch, args[1:], asJSON)
			}
			q := explain.Question{Profile: p, Facts: f, Options: policy.Options{Lenient: read.lenient}}
			var told []explanation
			if len(args) == 1 {
				told, err = readings(q, everywhere)
			} else {
				told, err = answers(q, everywhere, args[1:])
			}
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), told)
			}
			return printExplanations(cmd.OutOrStdout(), told)
		},
	}
	facts.add(cmd)
	cmd.Flags().Lookup("arch").Usage = "architecture of the kernel that runs the filter, such as aarch64, or all (default: this machine's)"
	read.add(cmd)
	cmd.Flags().StringVar(&engine, "engine", "", "say what runc or crun makes of it; with a version, runc:1.1.5 (default: the installed one's)")
	cmd.Flags().BoolVar(&ask, "ask", false, "with --engine: start a container with the installed one, and read its filter")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: a list with an entry for each CALL or architecture")
	return cmd
}

// explainProgram explains a program in a file, for the kernel of --arch.
func explainProgram(cmd *cobra.Command, name string, prog bpf.Program, arch seccomp.Arch, questions []string, asJSON bool) error {
	target := inFile(name, prog)
	if !cmd.Flags().Changed("arch") {
		if err := ofOtherArch(name, prog, arch); err != nil {
			return err
		}
	}
	return explainFilters(cmd, &target, arch, questions, asJSON)
}

// explainFilters explains filters of which no profile is known.
func explainFilters(cmd *cobra.Command, target *process, arch seccomp.Arch, questions []string, asJSON bool) error {
	var given string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "json" && (f.Name != "arch" || target.pid > 0) {
			given = f.Name
		}
	})
	if given != "" {
		return fmt.Errorf("--%s is about a profile, and %s is none", given, target.name)
	}
	r, err := decompile.Filters(arch, target.Filters, decompileSteps)
	if err != nil {
		return fmt.Errorf("%s: %w", target.name, err)
	}
	p := readable(target.name, r)
	told := []explanation{p.Read()}
	if len(questions) > 0 {
		told = nil
	}
	for _, call := range questions {
		a, err := p.Ask(call)
		if err != nil {
			return withHint(err)
		}
		told = append(told, a)
	}
	if asJSON {
		err = printJSON(cmd.OutOrStdout(), told)
	} else {
		err = printExplanations(cmd.OutOrStdout(), told)
	}
	if err == nil && r.Undecided != "" && len(questions) == 0 {
		err = fmt.Errorf("%s: undecided: %s", target.name, r.Undecided)
	}
	return err
}

// An explanation is what package explain answers with.
type explanation interface {
	Write(w io.Writer, s explain.Style) error
}

// answers asks about each call.
func answers(q explain.Question, everywhere bool, calls []string) (told []explanation, err error) {
	for _, call := range calls {
		var e explanation
		if everywhere {
			e, err = q.AskEverywhere(call)
		} else {
			e, err = q.Ask(call)
		}
		if err != nil {
			return nil, withHint(err)
		}
		told = append(told, e)
	}
	return told, nil
}

// readings reads the whole profile, for one kernel or for those of every
// architecture.
func readings(q explain.Question, everywhere bool) (told []explanation, err error) {
	archs := []seccomp.Arch{q.Facts.Arch}
	if everywhere {
		archs = seccomp.Archs()
	}
	for _, a := range archs {
		q.Facts.Arch = a
		r, err := q.Read()
		if err != nil {
			return nil, err
		}
		told = append(told, r)
	}
	return told, nil
}

// withHint sets off the hint of an error in a call.
func withHint(err error) error {
	var e *calls.Error
	if errors.As(err, &e) && e.Hint != "" {
		return hintf(err, "%s", e.Hint)
	}
	return err
}

func printExplanations(w io.Writer, told []explanation) error {
	for i, e := range told {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := e.Write(w, styleFor(w)); err != nil {
			return err
		}
	}
	return nil
}

// styleFor is coloured and as wide as the window on a terminal.
func styleFor(w io.Writer) explain.Style {
	f, ok := w.(*os.File)
	if !ok {
		return explain.Style{}
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return explain.Style{}
	}
	return explain.Style{Width: int(size.Col), Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}
