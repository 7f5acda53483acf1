package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/decompile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

func convertCommand() *cobra.Command {
	var facts factFlags
	var from, to, output string
	var strict bool
	var read readFlags
	cmd := &cobra.Command{
		Use:   "convert FILE --to FORMAT",
		Short: "Read and write a profile in the forms that others have",
		Long: `Read a profile in one form and write it in another, and list whatever is lost. What a form
cannot say it says more strictly, or it is an error.

The formats: docker is JSON that keeps its conditions, for Docker, Podman and CRI-O; oci
is linux.seccomp of the OCI runtime specification, for containerd and for Localhost
profiles of Kubernetes; spo is a SeccompProfile of the security-profiles-operator, the
manifest that kubectl applies, written in YAML and read in YAML and JSON; systemd is the
[Service] section of a unit, with the groups of systemd 252. A unit gives a call whose
answer depends on its arguments the strictest one. A program is read in any form that weir
compile --format writes: raw, for crun (base64), for C.

FILE is a file in one of these forms, - (standard input) or builtin. Which form it is in
is seen from the text, but for oci: --from oci makes errors of Docker's conditions, which
that format's readers ignore.

All of the readers use libseccomp, and skip the calls that theirs does not know. For oci
and spo, rules of which libseccomp is known to make something else are rewritten so that
it enforces the profile, and the result is proved equal to the profile as libseccomp takes
it; where it cannot, a note names the call and both answers. Without conditions a form
holds what the profile is for one machine: --arch, --kernel and the capabilities say for
which.`,
		Example: `  weir convert builtin --to oci -o /var/lib/kubelet/seccomp/default.json
  weir convert --cap-drop ALL profile.json --to spo | kubectl apply -f -
  kubectl get seccompprofile web -o yaml | weir convert - --to docker | weir lint -
  weir convert /lib/systemd/system/systemd-timesyncd.service --to oci`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := convertFormat(to)
			if err != nil {
				return err
			}
			f, err := facts.facts()
			if err != nil {
				return err
			}
			source, err := readForm(cmd, args[0], from, f.Arch, profile.Options{Lenient: read.lenient})
			if err != nil {
				return err
			}
			r, err := convert.Profile(source.Profile, format, f, policy.Options{Lenient: read.lenient})
			if err != nil {
				return err
			}
			notes := slices.Concat(source.Losses, r.Notes, r.Losses)
			if err := printNotes(cmd.ErrOrStderr(), notes, strict); err != nil {
				return err
			}
			if err := writeOutput(cmd.OutOrStdout(), output, r.Text); err != nil {
				return err
			}
			return printConversion(cmd.ErrOrStderr(), r, source, f)
		},
	}
	facts.add(cmd)
	cmd.Flags().StringVar(&from, "from", "", "format of the file: "+formatNames()+", program (default: seen from the text)")
	cmd.Flags().StringVar(&to, "to", "", "format to write: "+formatNames())
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	cmd.Flags().BoolVar(&strict, "strict", false, "make errors of the notes about the profile and of what is lost")
	read.addLenient(cmd)
	exclusive(cmd, "strict", "lenient")
	return cmd
}

// readForm reads a file in any form of a profile, or a program for an architecture.
func readForm(cmd *cobra.Command, arg, from string, native seccomp.Arch, o profile.Options) (*convert.Source, error) {
	file, src, err := readSource(arg, cmd.InOrStdin())
	if err != nil {
		return nil, err
	}
	format, ok := convert.ParseFormat(from)
	switch {
	case from == "":
		format = convert.Recognize(src)
	case !ok:
		return nil, hintf(fmt.Errorf("--from: unknown format %q", from), "the formats are %s, program", formatNames())
	}
	switch format {
	case convert.Docker, convert.OCI:
		if format == convert.OCI {
			o.Dialect = profile.OCI
		}
		p, err := compose.Parse(file, src, composing(o))
		return &convert.Source{Profile: p}, orOfOtherForm(file, src, err)
	case convert.SPO:
		if !beginsObject(src) {
			root, err := readYAML(cmd, file, src)
			if err != nil {
				return nil, err
			}
			return convert.Manifest(file, root, o)
		}
	case convert.Program:
		return readDecompiled(file, src, native)
	}
	return convert.Read(file, src, format, o)
}

// readDecompiled reads a program. What no profile can say is lost.
func readDecompiled(file string, src []byte, native seccomp.Arch) (*convert.Source, error) {
	program, err := decodeProgram(file, src, native)
	if err != nil {
		return nil, err
	}
	r, err := decompile.Filters(native, []bpf.Program{program}, decompileSteps)
	if err == nil && r.Undecided != "" {
		err = fmt.Errorf("undecided: %s", r.Undecided)
	}
	if err != nil {
		return nil, fmt.Errorf("decompiling %s: %w", file, err)
	}
	r.Profile.File = file
	source := &convert.Source{Profile: r.Profile}
	for _, l := range r.Losses {
		source.Losses = append(source.Losses, profile.Problem{Pos: profile.Position{File: file}, Msg: lossText(l)})
	}
	return source, nil
}

// readYAML has weir-images read YAML, because its library takes time at every start of
// weir.
func readYAML(cmd *cobra.Command, file string, src []byte) (*convert.Node, error) {
	var reply struct {
		Root  *convert.Node
		Error string
	}
	var out bytes.Buffer
	cmd.SetIn(bytes.NewReader(src))
	if err := transfer(cmd, &out, "yaml"); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out.Bytes(), &reply); err != nil {
		return nil, fmt.Errorf("reading %s: what weir-images says of it: %w", file, err)
	}
	if reply.Error != "" {
		return nil, fmt.Errorf("reading %s: %s", file, reply.Error)
	}
	return reply.Root, nil
}

func convertFormat(name string) (convert.Format, error) {
	format, ok := convert.ParseFormat(name)
	switch {
	case ok && format != convert.Program:
		return format, nil
	case name == "":
		return 0, hintf(errors.New("--to: no format given"), "the formats are %s", formatNames())
	case ok, strings.Contains(", "+programFormats+",", ", "+name+","):
		return 0, hintf(fmt.Errorf("--to: %s is a form of a program, not of a profile", name), "weir compile writes it, --format %s", programFormats)
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
func printConversion(w io.Writer, r *convert.Result, source *convert.Source, f seccomp.Facts) error {
	if len(source.Losses) > 0 {
		return printProof(w, r, "what was read of "+source.Profile.File, f)
	}
	return printProof(w, r, source.Profile.File, f)
}

// printProof says what the result is to what it was made of.
func printProof(w io.Writer, r *convert.Result, of string, f seccomp.Facts) error {
	machine := fmt.Sprintf("%s on %s, Linux %v", of, f.Arch.Name(), f.Kernel)
	var err error
	switch {
	case r.Proof.Verdict == verify.Equal && r.Doubtful:
		_, err = fmt.Fprintf(w, "weir: the result is proved equal to %s, as libseccomp documents its rules; the notes say where it may not keep to that\n", machine)
	case r.Proof.Verdict == verify.Equal:
		_, err = fmt.Fprintf(w, "weir: the result is proved equal to %s\n", machine)
	default:
		_, err = fmt.Fprintf(w, "weir: the result differs from %s: %s\n", machine, convert.Difference(r.Proof))
	}
	return err
}
