package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	weir "github.com/weir-dev/weir"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/internal/say"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/verify"
)

// The forms of a program that compile writes.
const programFormats = "raw, asm, c, base64, json"

func compileCommand() *cobra.Command {
	var facts factFlags
	var format, output string
	var strict, stats bool
	var read readFlags
	cmd := &cobra.Command{
		Use:   "compile PROFILE",
		Short: "Compile a profile into a program",
		Long: `Compile a profile into a program (classic BPF) and prove that the program answers
every possible call as the profile does. What is not proved is not written.

The formats: raw is an array of struct sock_filter, as seccomp(2) takes it; asm is text
that weir disasm writes and reads; c is an initialiser; base64 is raw for crun's
annotation run.oci.seccomp_bpf_data; json is an array of instructions.`,
		Example: `  weir compile builtin                                 # the default profile, as text
  weir compile --format raw -o filter.bpf profile.json
  weir compile --arch aarch64 --kernel 5.10 --cap-add SYS_ADMIN profile.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, f, err := profileAndFacts(cmd, args[0], &read, &facts)
			if err != nil {
				return err
			}
			c, err := weir.Compile(p, f, weir.Options{Lenient: read.lenient})
			if err != nil {
				return err
			}
			if err := printNotes(cmd.ErrOrStderr(), c.Notes, strict); err != nil {
				return err
			}
			if stats {
				return printStats(cmd.OutOrStdout(), c)
			}
			text, err := programText(c, format)
			if err != nil {
				return err
			}
			return writeOutput(cmd.OutOrStdout(), output, text)
		},
	}
	facts.add(cmd)
	cmd.Flags().StringVarP(&format, "format", "f", "asm", "form of the program: "+programFormats)
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	cmd.Flags().BoolVar(&stats, "stats", false, "show what the program costs instead of the program")
	addStrictness(cmd, &strict, &read)
	return cmd
}

// addStrictness adds the flags of a verb that reads a profile and may refuse one
// that has notes.
func addStrictness(cmd *cobra.Command, strict *bool, read *readFlags) {
	cmd.Flags().BoolVar(strict, "strict", false, "make errors of the notes about the profile")
	read.add(cmd)
	exclusive(cmd, "strict", "lenient")
}

// printNotes prints the notes about a profile, each on a line. With strict they
// are an error.
func printNotes(w io.Writer, notes []profile.Problem, strict bool) error {
	if len(notes) > 0 && strict {
		return hintf(&profile.Error{Problems: notes}, "without --strict these are notes")
	}
	say.Problems(w, "weir: note: ", notes)
	return nil
}

func programText(c *weir.Compiled, format string) ([]byte, error) {
	order := c.Policy.Native.ByteOrder()
	switch format {
	case "raw":
		return c.Program.Raw(order), nil
	case "asm":
		return []byte(c.Program.Disassemble(order, annotator(c.Program))), nil
	case "c":
		return []byte(c.Program.C(order)), nil
	case "base64":
		return []byte(c.Program.Base64(order) + "\n"), nil
	case "json":
		return []byte(c.Program.JSON()), nil
	}
	return nil, hintf(fmt.Errorf("--format: unknown form %q", format), "the forms are %s", programFormats)
}

func printStats(w io.Writer, c *weir.Compiled) error {
	start := time.Now()
	proof := verify.Program(c.Policy, c.Program, weir.ProofSteps)
	took := time.Since(start)
	s := compile.Measure(c.Policy, c.Program)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d instructions\n", s.Length)
	fmt.Fprintf(&b, "%v to the policy: proved in %d steps, %v\n", proof.Verdict, proof.Steps, took.Round(time.Microsecond))
	fmt.Fprintf(&b, "about %v to attach, by a model", s.Attach.Round(time.Microsecond))
	if c.Flags != 0 {
		fmt.Fprintf(&b, ", with %v", c.Flags)
	}
	fmt.Fprint(&b, "\n\n")
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "ABI\tNUMBERS\tALLOWED\tCACHED BY THE KERNEL\tEXECUTED, MEAN\tWORST")
	for _, a := range s.ABIs {
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%.1f\t%d\n", a.Arch.Name(), a.Numbers, a.Allowed, a.Cached, a.Mean, a.Worst)
	}
	tw.Flush()
	_, err := w.Write(b.Bytes())
	return err
}

// writeOutput writes to a file whole or not at all, to a device or pipe as it is, or
// to standard output.
func writeOutput(stdout io.Writer, path string, text []byte) error {
	if path == "" || path == "-" {
		_, err := stdout.Write(text)
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("writing %s: it is a directory", path)
	case err == nil && !info.Mode().IsRegular():
		return os.WriteFile(path, text, 0)
	}
	return replace(path, text)
}

// replace gives a file another text: whole or not at all. It keeps its mode; that of a
// new one is by the umask.
func replace(path string, text []byte) error {
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text())
	tmp, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		var failed *fs.PathError
		if errors.As(err, &failed) { // whose path nobody knows
			err = failed.Err
		}
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(name)
	_, err = tmp.Write(text)
	if info, serr := os.Stat(path); serr == nil {
		err = errors.Join(err, tmp.Chmod(info.Mode().Perm()))
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(name, path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
