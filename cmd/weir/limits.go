package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/container"
)

// limitFlags are the flags about what a container may use up.
type limitFlags struct {
	ulimits []string
}

func (f *limitFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.ulimits, "ulimit", nil, "limit of a process: NAME=SOFT[:HARD], such as nofile=1024:4096")
}

func (f *limitFlags) apply(spec *container.Spec) error {
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
