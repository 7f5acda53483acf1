package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/internal/artifact"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// factFlags are the flags of every verb that resolves a profile.
type factFlags struct {
	arch   string
	kernel string
	caps   capFlags
}

func (f *factFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.arch, "arch", "", "architecture of the kernel that runs the filter, such as aarch64 (default: this machine's)")
	cmd.Flags().StringVar(&f.kernel, "kernel", "", "its version, such as 6.18 (default: this machine's)")
	f.caps.add(cmd)
}

// facts returns the host's facts and Docker's default capabilities, but for what
// the flags say.
func (f *factFlags) facts() (seccomp.Facts, error) {
	facts := seccomp.Facts{}
	var err error
	if facts.Caps, err = f.caps.apply(seccomp.DefaultCaps, seccomp.AllCaps); err != nil {
		return facts, err
	}
	if f.arch == "" {
		facts.Arch, err = hostArch()
	} else if a, ok := seccomp.ArchNamed(f.arch); ok {
		facts.Arch = a
	} else {
		err = hintf(fmt.Errorf("--arch: unknown architecture %q", f.arch), "the architectures are %s", archNames())
	}
	if err != nil {
		return facts, err
	}
	if f.kernel == "" {
		facts.Kernel, err = hostKernel()
	} else if facts.Kernel, err = seccomp.ParseKernelVersion(f.kernel); err != nil {
		err = fmt.Errorf("--kernel: %w", err)
	}
	return facts, err
}

func archNames() string {
	var names []string
	for _, a := range seccomp.Archs() {
		names = append(names, a.Name())
	}
	return strings.Join(names, ", ")
}

func hostArch() (seccomp.Arch, error) {
	a, ok := seccomp.ArchNamed(runtime.GOARCH)
	if !ok {
		return 0, fmt.Errorf("this machine's architecture, %s, is not supported", runtime.GOARCH)
	}
	return a, nil
}

func hostKernel() (seccomp.KernelVersion, error) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return seccomp.KernelVersion{}, fmt.Errorf("reading this machine's kernel version: %w", err)
	}
	return seccomp.ParseKernelVersion(unix.ByteSliceToString(uts.Release[:]))
}

// capFlags are Docker's --cap-add and --cap-drop.
type capFlags struct {
	addCaps, dropCaps []string
}

func (f *capFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.addCaps, "cap-add", nil, "capabilities to add, with or without CAP_, or ALL")
	cmd.Flags().StringSliceVar(&f.dropCaps, "cap-drop", nil, "capabilities to drop, with or without CAP_, or ALL")
}

// apply changes a set as Docker does: adding ALL leaves out what is dropped;
// otherwise what is added stays, whatever is dropped. A named addition that is
// not in grantable is an error; ALL means all that is.
func (f *capFlags) apply(base, grantable seccomp.Caps) (seccomp.Caps, error) {
	add, addAll, err := parseCaps("--cap-add", f.addCaps)
	if err != nil {
		return 0, err
	}
	drop, dropAll, err := parseCaps("--cap-drop", f.dropCaps)
	if err != nil {
		return 0, err
	}
	if missing := add &^ grantable; missing != 0 {
		c := missing.List()[0]
		return 0, hintf(fmt.Errorf("--cap-add: %v cannot be granted: the bounding set of this process lacks it", c),
			"grant it to the process that starts weir, or leave it out")
	}
	switch {
	case addAll && dropAll:
		return 0, fmt.Errorf("--cap-add ALL and --cap-drop ALL contradict each other")
	case addAll:
		return grantable &^ drop, nil
	case dropAll:
		return add, nil
	}
	return base&^drop | add, nil
}

func parseCaps(flag string, names []string) (set seccomp.Caps, all bool, err error) {
	for _, name := range names {
		if strings.EqualFold(name, "ALL") {
			all = true
		} else if c, ok := seccomp.CapNamed(name); ok {
			set |= seccomp.CapSet(c)
		} else {
			err := fmt.Errorf("%s: unknown capability %q", flag, name)
			if meant, ok := meantCap(name); ok {
				return 0, false, hintf(err, "did you mean %s?", meant)
			}
			return 0, false, hintf(err, "capabilities(7) lists them; SYS_ADMIN and CAP_SYS_ADMIN are both understood")
		}
	}
	return set, all, nil
}

// readFlags say how a PROFILE is read.
type readFlags struct {
	lenient bool
	as      string
}

func (f *readFlags) add(cmd *cobra.Command) {
	f.addLenient(cmd)
	cmd.Flags().StringVar(&f.as, "as", "docker", "read the profile as docker, or as oci (containerd)")
}

func (f *readFlags) addLenient(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.lenient, "lenient", false, "note what loosens the profile, do not refuse it, as Docker and runc")
}

// read reads a PROFILE: a file, -, builtin or oci://HOST/PATH@DIGEST.
func (f *readFlags) read(arg string, stdin io.Reader) (*profile.Profile, error) {
	file, src, err := readSource(arg, stdin)
	if err != nil {
		return nil, err
	}
	return f.parse(file, src)
}

// parse reads the text of a PROFILE.
func (f *readFlags) parse(file string, src []byte) (*profile.Profile, error) {
	dialect, err := f.dialect()
	if err != nil {
		return nil, err
	}
	p, err := compose.Parse(file, src, composing(profile.Options{Lenient: f.lenient, Dialect: dialect}))
	return p, orOfOtherForm(file, src, err)
}

// orOfOtherForm says of a text that is no profile if it is one of those that weir
// reads elsewhere.
func orOfOtherForm(file string, src []byte, err error) error {
	if err == nil {
		return nil
	}
	what, hint := "", "weir convert --to docker makes one of it"
	switch convert.Recognize(src) {
	case convert.SPO:
		what = "a SeccompProfile"
	case convert.Systemd:
		what = "a unit of systemd"
	case convert.Program:
		host, failed := hostArch()
		if failed != nil {
			break
		}
		if _, failed = decodeProgram(file, src, host); failed == nil {
			what, hint = "a program", "weir decompile makes one of it, weir explain shows it"
		}
	}
	if isRuntimeConfig(src) {
		what, hint = "the configuration of a container", "its profile is a part of it, which jq .linux.seccomp prints"
	}
	if what == "" {
		var p *profile.Error
		if text := bytes.TrimSpace(src); errors.As(err, &p) && len(text) > 0 && unicode.IsLetter(rune(text[0])) {
			return hintf(err, "a profile is JSON, and begins with {")
		}
		return err
	}
	return hintf(fmt.Errorf("%s: this is %s, not a profile", file, what), "%s", hint)
}

// composing reads what a profile extends as a PROFILE is read.
func composing(o profile.Options) compose.Options {
	return compose.Options{Options: o, Artifact: readArtifact}
}

func (f *readFlags) dialect() (profile.Dialect, error) {
	switch f.as {
	case "docker":
		return profile.Superset, nil
	case "oci":
		return profile.OCI, nil
	}
	return 0, hintf(fmt.Errorf("--as: unknown dialect %q", f.as), "the dialects are docker and oci")
}

// profileAndFacts returns what a verb resolves: a PROFILE, and what its flags say
// it is resolved against.
func profileAndFacts(cmd *cobra.Command, arg string, read *readFlags, flags *factFlags) (*profile.Profile, seccomp.Facts, error) {
	facts, err := flags.facts()
	if err != nil {
		return nil, facts, err
	}
	p, err := read.read(arg, cmd.InOrStdin())
	return p, facts, err
}

// oneInput refuses to read standard input twice.
func oneInput(args []string) error {
	if i := slices.Index(args, "-"); i >= 0 && slices.Contains(args[i+1:], "-") {
		return errors.New("only one file can be standard input")
	}
	return nil
}

// readSource reads the text of a PROFILE, and says what it is called.
func readSource(arg string, stdin io.Reader) (file string, src []byte, err error) {
	switch arg {
	case "builtin":
		return arg, []byte(profile.DefaultSource()), nil
	case "-":
		file = "standard input"
		src, err = profile.Read(stdin, file)
		return file, src, err
	}
	if strings.HasPrefix(arg, "pid:") || strings.HasPrefix(arg, "container:") {
		return arg, nil, hintf(fmt.Errorf("%s: a process is no profile", arg), "weir decompile makes one of its filters; explain, diff and verify read it as it is")
	}
	if artifact.IsReference(arg) {
		src, err = readArtifact(arg)
		return arg, src, err
	}
	src, err = profile.ReadFile(arg)
	if errors.Is(err, fs.ErrNotExist) {
		err = meantProfile(arg, err)
	}
	return arg, src, err
}
