package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

func convertCommand() *cobra.Command {
	var facts factFlags
	var to, output string
	var strict bool
	var read readFlags
	cmd := &cobra.Command{
		Use:   "convert PROFILE --to FORMAT",
		Short: "Write a profile in a form that others read",
		Long: `Write a profile in a form that others read, and list whatever that form cannot keep, or
its readers take differently. What a form cannot say it says more strictly, or it is an error. All of these readers use libseccomp, and skip the calls
that theirs does not know. For oci and spo, rules of which libseccomp is known to make
something else are rewritten so that it enforces the profile; where it cannot, a note
names the call and both answers.

The formats: docker is JSON that keeps its conditions, for Docker, Podman and CRI-O; oci
is linux.seccomp of the OCI runtime specification, for containerd and for Localhost
profiles of Kubernetes; spo is a SeccompProfile of the security-profiles-operator, as
JSON that kubectl applies; systemd is the [Service] section of a unit, and gives a call
whose answer depends on its arguments the strictest one.

What is read back as JSON is compiled, and the program proved equal to the profile, or a
call shown on which they differ. Without conditions a form holds what the profile is for
one machine: --arch, --kernel and the capabilities say for which.`,
		Example: `  weir convert builtin --to oci -o /var/lib/kubelet/seccomp/default.json
  weir convert --cap-drop ALL profile.json --to spo | kubectl apply -f -
  weir convert --strict profile.json --to systemd`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := convertFormat(to)
			if err != nil {
				return err
			}
			p, f, err := profileAndFacts(cmd, args[0], &read, &facts)
			if err != nil {
				return err
			}
			r, err := convert.Profile(p, format, f, policy.Options{Lenient: read.lenient})
			if err != nil {
				return err
			}
			if err := printNotes(cmd.ErrOrStderr(), append(r.Notes, r.Losses...), strict); err != nil {
				return err
			}
			if err := writeOutput(cmd.OutOrStdout(), output, r.Text); err != nil {
				return err
			}
			return printConversion(cmd.ErrOrStderr(), r, p, f)
		},
	}
	facts.add(cmd)
	cmd.Flags().StringVar(&to, "to", "", "format to write: "+formatNames())
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	addStrictness(cmd, &strict, &read)
	return cmd
}

func convertFormat(name string) (convert.Format, error) {
	format, ok := convert.ParseFormat(name)
	switch {
	case ok:
		return format, nil
	case name == "":
		return 0, hintf(errors.New("--to: no format given"), "the formats are %s", formatNames())
	case strings.Contains(", "+programFormats+",", ", "+name+","):
		return 0, hintf(fmt.Errorf("--to: %s is a form of a program, not of a profile", name), "weir compile --format %s writes it", name)
	}
	return 0, hintf(fmt.Errorf("--to: unknown format %q", name), "the formats are %s", formatNames())
}

func formatNames() string {
	var names []string
	for _, f := range convert.Formats {
		names = append(names, f.String())
	}
	return strings.Join(names, ", ")
}

// printConversion says what is known of the result.
func printConversion(w io.Writer, r *convert.Result, p *profile.Profile, f seccomp.Facts) error {
	machine := fmt.Sprintf("%s on %s, Linux %v", p.File, f.Arch.Name(), f.Kernel)
	var err error
	switch {
	case r.Proof == nil:
		_, err = fmt.Fprintln(w, "weir: the result is not proved: systemd has its own model of a filter")
	case r.Proof.Verdict == verify.Equal && r.Doubtful:
		_, err = fmt.Fprintf(w, "weir: the result is proved equal to %s, as libseccomp documents its rules; the notes say where it may not keep to that\n", machine)
	case r.Proof.Verdict == verify.Equal:
		_, err = fmt.Fprintf(w, "weir: the result is proved equal to %s\n", machine)
	default:
		_, err = fmt.Fprintf(w, "weir: the result differs from %s: %s\n", machine, convert.Difference(r.Proof))
	}
	return err
}
