package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// A hierarchy is a mounted tree of cgroups, as this process sees it.
type hierarchy struct {
	v2          bool
	controllers []string // of v1 those that it was mounted with
	mount       string   // where it is mounted
	own         string   // the directory of this process's cgroup, at or below mount
}

// hierarchies reads what /proc has of this process in the directory proc. That of v2
// comes last: a controller is there if none of v1 has it.
func hierarchies(proc string) ([]hierarchy, error) {
	cgroups, err := os.ReadFile(path.Join(proc, "cgroup"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("this kernel has no cgroups")
	}
	if err != nil {
		return nil, err
	}
	mounts, err := os.ReadFile(path.Join(proc, "mountinfo"))
	if err != nil {
		return nil, err
	}
	var list []hierarchy
	for line := range strings.Lines(string(cgroups)) {
		// 4:memory:/path, and 0::/path of v2
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s/cgroup: unexpected line %q", proc, line)
		}
		h := hierarchy{v2: fields[0] == "0", controllers: strings.Split(fields[1], ",")}
		if h.find(string(mounts), fields[2]) {
			list = append(list, h)
		}
	}
	slices.SortStableFunc(list, func(a, b hierarchy) int {
		switch {
		case a.v2 == b.v2:
			return 0
		case a.v2:
			return 1
		}
		return -1
	})
	return list, nil
}

// find looks for the mount in which the cgroup of this process is to be seen.
func (h *hierarchy) find(mountinfo, cgroup string) bool {
	for line := range strings.Lines(mountinfo) {
		// 36 35 0:31 ROOT MOUNTPOINT OPTIONS [TAG...] - TYPE SOURCE SUPEROPTIONS
		before, after, _ := strings.Cut(line, " - ")
		mount, super := strings.Fields(before), strings.Fields(after)
		if len(mount) < 5 || len(super) < 3 {
			continue
		}
		switch {
		case h.v2 && super[0] != "cgroup2",
			!h.v2 && (super[0] != "cgroup" || !slices.Contains(strings.Split(super[2], ","), h.controllers[0])):
			continue
		}
		below, ok := strings.CutPrefix(cgroup+"/", strings.TrimSuffix(unescape(mount[3]), "/")+"/")
		if !ok || slices.Contains(strings.Split(below, "/"), "..") {
			continue // what is mounted is another part of the tree
		}
		h.mount = unescape(mount[4])
		h.own = path.Join(h.mount, below)
		return true
	}
	return false
}

// unescape undoes what mountinfo does to white space.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
