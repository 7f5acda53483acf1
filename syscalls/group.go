package syscalls

import (
	"sort"
	"strings"
)

//go:generate go run ../internal/cmd/gengroups -C ..

// A group is a name and the calls that it stands for, separated by spaces.
type group struct{ name, calls string }

// Group returns the names of the calls in one of systemd's groups, such as
// @basic-io, in the order of the names. They are those of systemd 252, as far as
// an architecture of package seccomp has them (see internal/cmd/gengroups); calls
// that are newer than that systemd are in none.
func Group(name string) ([]string, bool) {
	i := sort.Search(len(groups), func(i int) bool { return groups[i].name >= name })
	if i == len(groups) || groups[i].name != name {
		return nil, false
	}
	return strings.Fields(groups[i].calls), true
}

// Groups returns the names of all groups, in their order.
func Groups() []string {
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = g.name
	}
	return list
}
