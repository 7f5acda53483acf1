package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/container/cgroup"
)

// limitFlags are the flags about what a container may use up.
type limitFlags struct {
	ulimits           []string
	memory, swap, cpu string
	pids              int64
	ofCgroup          cgroup.Limits // what the last four say
}

func (f *limitFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.memory, "memory", "m", "", "memory of the container, such as 512m")
	flags.StringVar(&f.swap, "memory-swap", "", "memory and swap together, -1 for any (default twice the memory)")
	flags.StringVar(&f.cpu, "cpus", "", "processors' time that it gets, such as 1.5")
	flags.Int64Var(&f.pids, "pids-limit", -1, "processes and threads at once, -1 for any number")
	flags.StringArrayVar(&f.ulimits, "ulimit", nil, "limit of a process: NAME=SOFT[:HARD], such as nofile=1024:4096")
}

// apply reads the flags and sets the limits of the container's processes.
func (f *limitFlags) apply(spec *container.Spec) (err error) {
	if f.ofCgroup, err = f.parse(); err != nil {
		return err
	}
	for _, text := range f.ulimits {
		l, err := parseUlimit(text)
		if err != nil {
			return fmt.Errorf("--ulimit: %w", err)
		}
		// As in Docker the last one of a name counts.
		spec.Rlimits = slices.DeleteFunc(spec.Rlimits, func(other container.Rlimit) bool { return other.Resource == l.Resource })
		spec.Rlimits = append(spec.Rlimits, l)
	}
	return nil
}

// cgroup makes the container a cgroup of its own if it has limits of that kind: nil
// without.
func (f *limitFlags) cgroup() (*cgroup.Group, error) {
	if f.ofCgroup == (cgroup.Limits{}) {
		return nil, nil
	}
	g, err := cgroup.New(f.ofCgroup)
	switch {
	case errors.Is(err, cgroup.ErrSwap):
		err = hintf(err, "--memory-swap -1 limits the memory alone")
	case errors.Is(err, fs.ErrPermission):
		err = hintf(err, "limits of a container need root, or a cgroup that was delegated: systemd-run --user --scope -p Delegate=yes weir run ...")
	}
	if err != nil {
		return nil, fmt.Errorf("make a cgroup for the limits: %w", err)
	}
	return g, nil
}

func (f *limitFlags) parse() (l cgroup.Limits, err error) {
	if f.memory != "" {
		if l.Memory, err = parseSize(f.memory); err != nil {
			return l, fmt.Errorf("-m: %w", err)
		}
	}
	if f.swap == "-1" {
		l.Swap = -1
	} else if f.swap != "" {
		if l.Swap, err = parseSize(f.swap); err != nil {
			return l, fmt.Errorf("--memory-swap: %w", err)
		}
	}
	if f.cpu != "" {
		cpus, ok := new(big.Rat).SetString(f.cpu)
		if !ok || cpus.Sign() < 0 {
			return l, fmt.Errorf("--cpus: %q is not a number such as 1.5", f.cpu)
		}
		nano := cpus.Mul(cpus, big.NewRat(1e9, 1))
		if !nano.IsInt() || !nano.Num().IsInt64() {
			return l, fmt.Errorf("--cpus: %s is too precise, or too much", f.cpu)
		}
		l.CPUs = nano.Num().Int64()
	}
	if f.pids > 0 { // neither 0 nor -1 limits anything, in Docker either
		l.Pids = f.pids
	} else if f.pids < -1 {
		return l, fmt.Errorf("--pids-limit: %d is not a number of processes, or -1", f.pids)
	}
	return l, l.Check()
}

// ulimitNames are Docker's names of the limits. It has none for the address space.
var ulimitNames = [...]struct {
	name     string
	resource int
}{
	{"core", unix.RLIMIT_CORE}, {"cpu", unix.RLIMIT_CPU}, {"data", unix.RLIMIT_DATA}, {"fsize", unix.RLIMIT_FSIZE},
	{"locks", unix.RLIMIT_LOCKS}, {"memlock", unix.RLIMIT_MEMLOCK}, {"msgqueue", unix.RLIMIT_MSGQUEUE},
	{"nice", unix.RLIMIT_NICE}, {"nofile", unix.RLIMIT_NOFILE}, {"nproc", unix.RLIMIT_NPROC}, {"rss", unix.RLIMIT_RSS},
	{"rtprio", unix.RLIMIT_RTPRIO}, {"rttime", unix.RLIMIT_RTTIME}, {"sigpending", unix.RLIMIT_SIGPENDING},
	{"stack", unix.RLIMIT_STACK},
}

// parseUlimit reads NAME=SOFT[:HARD]; -1 is no limit.
func parseUlimit(text string) (container.Rlimit, error) {
	name, values, assigned := strings.Cut(text, "=")
	softText, hardText, two := strings.Cut(values, ":")
	l := container.Rlimit{Name: name, Resource: -1}
	var known []string
	for _, u := range ulimitNames {
		if known = append(known, u.name); u.name == name {
			l.Resource = u.resource
		}
	}
	var err error
	switch {
	case !assigned:
		return l, fmt.Errorf("%q is not NAME=SOFT[:HARD]", text)
	case l.Resource < 0:
		return l, hintf(fmt.Errorf("%q: unknown limit %q", text, name), "known are %s", strings.Join(known, ", "))
	}
	if l.Soft, err = parseLimit(softText); err != nil {
		return l, fmt.Errorf("%q: %w", text, err)
	}
	if l.Hard = l.Soft; two {
		if l.Hard, err = parseLimit(hardText); err != nil {
			return l, fmt.Errorf("%q: %w", text, err)
		}
	}
	if l.Soft > l.Hard {
		return l, fmt.Errorf("%q: the soft limit is above the hard one", text)
	}
	return l, nil
}

func parseLimit(text string) (uint64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < -1 {
		return 0, fmt.Errorf("%q is not a number, or -1 for no limit", text)
	}
	return uint64(n), nil // of -1 it is RLIM_INFINITY
}
