package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"

	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// setting is what every profile here is resolved against.
var setting = seccomp.Facts{
	Arch:   seccomp.ArchX86_64,
	Kernel: seccomp.KernelVersion{Major: 6, Minor: 18},
	Caps:   seccomp.DefaultCaps,
}

// source is what every compiler reads.
var source = []byte(profile.Default().Source())

func main() {
	if len(os.Args) > 1 {
		if done, err := child(os.Args[1:]); done {
			exit(err)
		}
	}
	var o options
	flag.IntVar(&o.rounds, "rounds", 31, "how often each compiler compiles")
	flag.IntVar(&o.starts, "starts", 31, "how often each engine starts a container")
	flag.IntVar(&o.crowd, "crowd", 100, "how many containers each engine starts at once; 0 leaves that out")
	flag.StringVar(&o.weir, "weir", "../bin/weir", "the weir whose containers are measured")
	flag.StringVar(&o.plot, "plot", "", "where to draw the growth with the size of a profile, as SVG")
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 1 || o.starts < 1 || o.crowd < 0 {
		fmt.Fprintln(os.Stderr, "usage: sidebyside [-rounds N] [-starts N] [-crowd N] [-weir FILE] [-plot FILE], with N of at least 1, or 0 for -crowd")
		os.Exit(2)
	}
	exit(run(o))
}

type options struct {
	rounds, starts, crowd int
	weir, plot            string
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(o options) error {
	fmt.Printf("%s, libseccomp %s, %d CPUs; medians; Docker's default profile, %d bytes\n\n",
		runtime.Version(), libseccomp.Version(), runtime.NumCPU(), len(source))
	for _, measure := range []func() error{
		func() error { return compilers(o.rounds) },
		func() error { return firsts(o.rounds) },
		programs,
		architectures,
		profiles,
		func() error { return growth(3, o.plot) },
		func() error { return attached(o.rounds) },
		func() error { return containers(o.starts, o.crowd, o.weir) },
	} {
		if err := measure(); err != nil {
			return err
		}
	}
	return nil
}

// child does what this program asks of itself in another process.
func child(args []string) (done bool, err error) {
	switch args[0] {
	case firstArg:
		return true, first(args[1])
	case startsArg:
		return true, measureStarts(args[1:])
	}
	return false, nil
}
