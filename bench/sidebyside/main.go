package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bench/realrunc"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// setting is what every profile here is resolved against.
var setting = seccomp.Facts{
	Arch:   seccomp.ArchX86_64,
	Kernel: seccomp.KernelVersion{Major: 6, Minor: 18},
	Caps:   seccomp.DefaultCaps,
}

// source is what every compiler reads but runc, which is handed ociSource.
var (
	source    = []byte(profile.DefaultSource())
	ociSource = profile.Default().MarshalOCI(setting)
)

func main() {
	if len(os.Args) > 1 {
		if done, err := child(os.Args[1:]); done {
			exit(err)
		}
	}
	var o options
	flag.IntVar(&o.rounds, "rounds", 31, "how many turns each compiler and each filter has")
	flag.IntVar(&o.starts, "starts", 31, "how many turns each engine has at starting containers")
	flag.IntVar(&o.crowd, "crowd", 100, "how many containers each engine starts at once; 0 leaves that out")
	flag.StringVar(&o.weir, "weir", "../bin/weir", "the weir whose containers are measured")
	flag.StringVar(&o.runc, "runc", "runc", "the runc whose containers are measured")
	flag.StringVar(&o.plot, "plot", "", "where to draw the growth with the size of a profile, as SVG")
	flag.StringVar(&o.json, "json", "", "where to write the last table, as JSON")
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 1 || o.starts < 1 || o.crowd < 0 {
		fmt.Fprintln(os.Stderr, "usage: sidebyside [-rounds N] [-starts N] [-crowd N] [-weir FILE] [-runc FILE] [-plot FILE] [-json FILE], with N of at least 1, or 0 for -crowd")
		os.Exit(2)
	}
	if os.Geteuid() == 0 && os.Getenv(insideEnv) == "" {
		exit(inside())
	}
	exit(run(o))
}

type options struct {
	rounds, starts, crowd  int
	weir, runc, plot, json string
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// insideEnv names the directory of the program that runs inside.
const insideEnv = "WEIR_SIDEBYSIDE_INSIDE"

// inside does it all again in a mount namespace of its own, which root can have, and
// removes what it leaves behind when it is interrupted too.
func inside() error {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGINT, syscall.SIGTERM)
	dir, err := os.MkdirTemp("", "weir-sidebyside-")
	if err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideEnv+"="+dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err = cmd.Start(); err == nil {
		ended := make(chan struct{})
		go func() {
			select {
			case s := <-interrupted:
				cmd.Process.Signal(s)
			case <-ended:
			}
		}()
		err = cmd.Wait()
		close(ended)
	}
	removeGroups()
	if rerr := os.RemoveAll(dir); err == nil {
		err = rerr
	}
	if failed := new(exec.ExitError); errors.As(err, &failed) && failed.Exited() {
		os.Exit(1) // it has said why
	}
	return err
}

func run(o options) error {
	fmt.Printf("Docker's default profile, %d bytes, on x86_64 with x86 and x32; %d CPUs, %s, libseccomp %s.\n",
		len(source), runtime.NumCPU(), runtime.Version(), libseccomp.Version())
	fmt.Printf("As compilers: runc %s, its own code; crun, what it asks libseccomp for, asked through cgo;\n", realrunc.Version())
	fmt.Printf("gVisor and Elastic, which know x86_64 alone. As engines: %s, %s, %s.\n%s\n\n",
		version(o.runc), version("crun"), version("dockerd"), turnRule)
	all, err := built()
	if err != nil {
		return err
	}
	t := newTable()
	for _, measure := range []func() error{
		func() error { return compilers(o.rounds, t) },
		func() error { return firsts(o.rounds, t) },
		func() error { return programs(all, t) },
		func() error { return answers(all, t) },
		architectures,
		profiles,
		func() error { return growth(3, o.plot) },
		func() error { return attached(o.rounds, all, t) },
		func() error { return containers(o, t) },
	} {
		if err := measure(); err != nil {
			return err
		}
	}
	t.print()
	if o.json == "" {
		return nil
	}
	return t.write(o.json)
}

// version is the first line that an engine says of itself.
func version(engine string) string {
	out, err := exec.Command(engine, "--version").Output()
	if err != nil {
		return fmt.Sprintf("no %s (%v)", engine, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

// unable says what is not measured; where everything must run, it is an error.
func unable(why string) error {
	if os.Getenv("WEIR_TEST_MUST_RUN") == "1" {
		return errors.New(why)
	}
	fmt.Println("left out:", why)
	return nil
}

// child does what this program asks of itself in another process.
func child(args []string) (done bool, err error) {
	switch args[0] {
	case firstArg:
		return true, first(args[1])
	case realrunc.AttachArg:
		return true, realrunc.Attach()
	}
	return false, nil
}
