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
	rounds := flag.Int("rounds", 31, "how often each compiler compiles")
	starts := flag.Int("starts", 31, "how often each engine starts a container")
	size := flag.Int("crowd", 100, "how many containers each engine starts at once; 0 leaves that out")
	weir := flag.String("weir", "../bin/weir", "the weir whose containers are measured")
	flag.Parse()
	if flag.NArg() > 0 || *rounds < 1 || *starts < 1 || *size < 0 {
		fmt.Fprintln(os.Stderr, "usage: sidebyside [-rounds N] [-starts N] [-crowd N] [-weir FILE], with N of at least 1, or 0 for -crowd")
		os.Exit(2)
	}
	exit(run(*rounds, *starts, *size, *weir))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(rounds, starts, size int, weir string) error {
	fmt.Printf("%s, libseccomp %s, %d CPUs; medians; Docker's default profile, %d bytes\n\n",
		runtime.Version(), libseccomp.Version(), runtime.NumCPU(), len(source))
	if err := compilers(rounds); err != nil {
		return err
	}
	if err := firsts(rounds); err != nil {
		return err
	}
	if err := programs(); err != nil {
		return err
	}
	if err := architectures(); err != nil {
		return err
	}
	if err := profiles(); err != nil {
		return err
	}
	if err := attached(2 * rounds); err != nil {
		return err
	}
	return containers(starts, size, weir)
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
