package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/artifact"
	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/container/cgroup"
	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/seccomp"
)

// runFlags are the flags of weir run, by Docker's names and meanings.
type runFlags struct {
	interactive, tty bool
	env, envFiles    []string
	workdir, user    string
	groups           []string
	shmSize          string
	pull             string
	entrypoint       string
	entrypointSet    bool
	init             bool
	stop             string
	hostname         string
	readOnly         bool
	mounts           mountFlags
	limits           limitFlags
	network          string
	privileged       bool
	rootfs           string
	security         securityFlags
	caps             capFlags
	showTiming       bool
	timing           *timing // nil unless it is to be shown
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [flags] IMAGE [COMMAND [ARG...]]\n  weir run [flags] --rootfs DIR COMMAND [ARG...]",
		Short: "Run a command in a new container, under a filter",
		Long: `Run a command in a new container, in the foreground, under the filter of the default profile or of
the one that --security-opt names. The exit code is the command's own; 125 if weir failed, 126 if
the command cannot be executed, 127 if it was not found, 128+n if signal n ended it.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.entrypointSet = cmd.Flags().Changed("entrypoint")
			if f.showTiming {
				f.timing = began
				f.security.reached = f.timing.filter
			}
			code, err := f.run(cmd, args)
			f.timing.print(cmd.ErrOrStderr())
			if err != nil || code != 0 {
				return &exitError{code, err}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.SetInterspersed(false)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	flags.Bool("rm", false, "accepted for Docker's sake: weir keeps no container")
	flags.BoolVarP(&f.interactive, "interactive", "i", false, "pass standard input on")
	flags.BoolVarP(&f.tty, "tty", "t", false, "give the container a terminal")
	flags.StringArrayVarP(&f.env, "env", "e", nil, "set NAME=VALUE; NAME alone passes the caller's on")
	flags.StringArrayVar(&f.envFiles, "env-file", nil, "set what a file has, one NAME=VALUE or NAME a line")
	flags.StringVarP(&f.workdir, "workdir", "w", "", "working directory inside the container")
	flags.StringVarP(&f.user, "user", "u", "", "user or uid, and :group or :gid")
	flags.StringArrayVar(&f.groups, "group-add", nil, "a further group or gid for the user")
	flags.StringVar(&f.entrypoint, "entrypoint", "", "program to run instead of the image's entrypoint")
	flags.BoolVar(&f.init, "init", false, "start a first process that forwards signals and reaps")
	flags.StringVar(&f.stop, "stop-signal", "", "signal to pass on when weir gets SIGTERM (default the image's)")
	flags.StringVarP(&f.hostname, "hostname", "h", "", "host name inside the container")
	flags.BoolVar(&f.readOnly, "read-only", false, "make the root file system read-only")
	flags.StringVar(&f.shmSize, "shm-size", "", "size of /dev/shm, such as 128m (default 64m)")
	flags.StringVar(&f.pull, "pull", "missing", "fetch the image: always, missing or never")
	flags.StringVar(&f.network, "network", "none", "none (a loopback of its own) or host")
	flags.BoolVar(&f.privileged, "privileged", false, "all capabilities and devices; unconfined unless a profile is named")
	flags.StringVar(&f.rootfs, "rootfs", "", "use a directory instead of an image")
	flags.BoolVar(&f.showTiming, "timing", false, "show on standard error where the time went, in milliseconds")
	f.mounts.add(cmd)
	f.limits.add(cmd)
	f.caps.add(cmd)
	f.security.add(cmd)
	flags.Bool("help", false, "show this help")
	cmd.SetUsageFunc(runUsage)
	return cmd
}

// run returns the container's exit code. An error has the code of its own kind.
func (f *runFlags) run(cmd *cobra.Command, args []string) (int, error) {
	debug.SetGCPercent(-1) // a start is short, and waiting allocates nothing
	if f.tty && f.interactive && !stdinIsTerminal() {
		return 125, errors.New("-t: the input device is not a terminal: leave out -t, or -i")
	}
	spec := &container.Spec{
		Init:           initProgram(),
		User:           f.user,
		Groups:         f.groups,
		Reaper:         f.init,
		Hostname:       f.hostname,
		ReadonlyRootfs: f.readOnly,
		Privileged:     f.privileged,
		TTY:            f.tty,
		Stdout:         os.Stdout,
		Stderr:         os.Stderr,
	}
	if f.interactive {
		spec.Stdin = os.Stdin
	}
	switch f.pull {
	case "always", "missing", "never":
	default:
		return 125, fmt.Errorf("--pull: %q is not always, missing or never", f.pull)
	}
	var err error
	if spec.HostNetwork, err = hostNetwork(f.network); err != nil {
		return 125, err
	}
	if f.shmSize != "" {
		if spec.ShmSize, err = parseSize(f.shmSize); err != nil {
			return 125, fmt.Errorf("--shm-size: %w", err)
		}
	}
	if err := f.mounts.apply(spec); err != nil {
		return 125, err
	}
	if err := f.limits.apply(spec); err != nil {
		return 125, err
	}
	if spec.Caps, err = f.caps.granted(f.privileged, cmd.ErrOrStderr()); err != nil {
		return 125, err
	}
	f.security.reaper = f.init
	f.timing.over("command line")
	confining, err := f.security.begin(spec, cmd)
	if err != nil {
		return 125, err
	}
	if confining != nil {
		spec.Filter = confining.filter
	}
	release, err := f.root(cmd, spec, args, confining)
	if err != nil {
		return 125, err
	}
	f.timing.over("image")
	spec.Reached = f.timing.reached
	spec.Unheeded = f.unheeded(cmd.ErrOrStderr())
	status, err := f.start(cmd.Context(), spec)
	if rerr := release(); err == nil && rerr != nil {
		err = rerr
	}
	f.timing.over("removing what it wrote")
	c, cerr := confining.wait()
	if cerr != nil {
		return 125, cerr
	}
	if err != nil {
		var cerr *container.Error
		if errors.As(err, &cerr) {
			return cerr.Code, err
		}
		return 125, err
	}
	if status.Signal == unix.SIGSYS && confining != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), "weir: note: SIGSYS ended the program: it made a call that the profile answers with kill or trap")
		fmt.Fprintf(cmd.ErrOrStderr(), "hint: the kernel's log has a killed call's number: dmesg | grep type=1326; weir explain %s NUMBER says what it is\n", c.profile.File)
	}
	return status.Status(), nil
}

// start runs the container, in a cgroup if it has limits.
func (f *runFlags) start(ctx context.Context, spec *container.Spec) (status container.ExitStatus, err error) {
	if spec.Cgroup, err = f.limits.cgroup(); err != nil {
		return status, err
	}
	if spec.Cgroup == nil { // what killed ones have left, one with limits removes itself
		cgroup.Sweep()
	}
	status, err = container.Run(ctx, spec)
	if spec.Cgroup != nil {
		if cerr := spec.Cgroup.Close(); err == nil {
			err = cerr
		}
	}
	return status, err
}

func stdinIsTerminal() bool { return isTerminal(os.Stdin) }

// root fills in the root file system and the process, from an image or from
// --rootfs. The function that it returns releases what the container used.
func (f *runFlags) root(cmd *cobra.Command, spec *container.Spec, args []string, confining *confining) (release func() error, err error) {
	if f.rootfs != "" {
		if spec.Rootfs, err = filepath.Abs(f.rootfs); err != nil {
			return nil, err
		}
		if st, err := os.Stat(spec.Rootfs); err != nil {
			return nil, fmt.Errorf("--rootfs: %w", err)
		} else if !st.IsDir() {
			return nil, fmt.Errorf("--rootfs: %s is not a directory", f.rootfs)
		}
		return func() error { return nil }, f.process(spec, image.Config{}, args)
	}
	if len(args) == 0 {
		return nil, hintf(errors.New("no image named"), "weir run IMAGE [COMMAND [ARG...]]; weir run --help has the flags")
	}
	dir, err := image.DefaultDir()
	if err != nil {
		return nil, err
	}
	store, swept, err := image.OpenToRun(dir)
	if err != nil {
		return nil, err
	}
	img, hold, err := f.image(cmd, store, args[0], confining)
	if err != nil {
		return nil, err
	}
	if err := f.process(spec, img.Config, args[1:]); err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	scratch, err := store.NewScratch()
	if err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	spec.Layers, spec.Upper, spec.Work = img.LayerDirs, scratch.Upper, scratch.Work
	return func() error {
		swept()
		return errors.Join(scratch.Leave(), hold.Close())
	}, nil
}

// image finds an image, fetches it as --pull says, and keeps it from being removed.
// It is not fetched for a container whose profile is at fault.
func (f *runFlags) image(cmd *cobra.Command, store *image.Store, name string, confining *confining) (*image.Image, *image.Hold, error) {
	img, err := f.lookup(cmd, store, name, confining)
	if err != nil {
		return nil, nil, err
	}
	if img.OS != "linux" || !runsHere(img.Architecture) {
		return nil, nil, hintf(fmt.Errorf("image %s is for %s/%s, this machine is linux/%s", name, img.OS, img.Architecture, runtime.GOARCH),
			"weir pull %s fetches the one for this machine, where there is one", name)
	}
	hold, err := img.Hold()
	return img, hold, err
}

func (f *runFlags) lookup(cmd *cobra.Command, store *image.Store, name string, confining *confining) (*image.Image, error) {
	local := image.IsLocal(name)
	if local && f.pull == "never" {
		return nil, fmt.Errorf("--pull never: %s is brought into the store when it is run", name)
	}
	if !local && f.pull != "always" {
		img, err := store.Image(name)
		if !errors.Is(err, image.ErrNotFound) || f.pull == "never" {
			return img, err
		}
		ref, perr := image.ParseReference(name)
		if perr != nil {
			return nil, err
		}
		if _, err := confining.wait(); err != nil {
			return nil, err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "Unable to find image '%s' locally\n", ref.Familiar())
	}
	if _, err := confining.wait(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if transfer(cmd, &out, "pull", "--unnamed", "--", name) != nil {
		return nil, fmt.Errorf("image %s: it could not be fetched", name)
	}
	id := strings.TrimSpace(out.String())
	if artifact.IsReference(id) {
		return nil, hintf(fmt.Errorf("image %s: it is a profile", name), "--security-opt seccomp=%s runs an image under it", id)
	}
	return store.Image(id)
}

// runsHere reports whether this machine's kernel runs programs of an
// architecture: its own, or the 32-bit one that it is compatible with.
func runsHere(goarch string) bool {
	return goarch == runtime.GOARCH || runtime.GOARCH == "amd64" && goarch == "386" || runtime.GOARCH == "arm64" && goarch == "arm"
}

func hostNetwork(name string) (bool, error) {
	switch name {
	case "none":
		return false, nil
	case "host":
		return true, nil
	}
	return false, hintf(fmt.Errorf("--network: %q is not known here", name),
		"none and host are; other networks are what Docker and Podman provide")
}

// granted returns the capabilities of the container: Docker's, or all, changed
// by the flags, as far as this process can grant them.
func (f *capFlags) granted(privileged bool, stderr io.Writer) (seccomp.Caps, error) {
	grantable, err := container.Grantable()
	if err != nil {
		return 0, err
	}
	if privileged {
		return grantable, nil
	}
	base := seccomp.DefaultCaps & grantable
	if missing := seccomp.DefaultCaps &^ grantable; missing != 0 && os.Geteuid() == 0 {
		fmt.Fprintf(stderr, "weir: note: this process cannot grant %v: the container goes without\n", missing.List())
	}
	return f.apply(base, grantable)
}
