package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// checkNames looks every name up, also in rules that do not apply here.
func (c *checker) checkNames() {
	listed := c.listed()
	for i := range c.profile.Rules {
		r := &c.profile.Rules[i]
		var absent []string
		var first profile.Pos
		for j, n := range r.Names {
			call, ok := syscalls.Lookup(n.Text)
			if !ok {
				c.unknownName(r, j)
				continue
			}
			if listed != nil && !r.FromGroup(j) && !slices.ContainsFunc(listed, func(a seccomp.Arch) bool { return has(a, call) }) {
				if absent == nil {
					first = n.Pos
				}
				absent = append(absent, n.Text)
			}
		}
		if absent != nil {
			c.add(absentName, Note, first, path(r, ""), fmt.Sprintf("%s: not on %s, and the profile lists no other architecture", few(absent), archList(listed)),
				"list the architecture that has it, or remove the name")
		}
	}
}

// has reports whether a name means something on an architecture: the call may
// also be behind socketcall or ipc.
func has(a seccomp.Arch, call syscalls.Call) bool {
	if _, ok := call.Nr(a); ok {
		return true
	}
	_, _, ok := call.Multiplexed(a)
	return ok
}

func (c *checker) unknownName(r *profile.Rule, j int) {
	n := r.Names[j]
	msg, hint, level := fmt.Sprintf("no architecture has a system call %q up to Linux %s", n.Text, syscalls.Release), "", Warning
	if s, ok := syscalls.Suggest(n.Text); ok {
		hint = fmt.Sprintf("did you mean %q?", s)
	}
	if r.Return.Stricter(c.profile.Default) || len(c.profile.Layers) > 1 && r.Return.Action() != seccomp.ActAllow {
		level = Error
		msg += fmt.Sprintf(", so the rule (%v) would not restrict it; runc and crun drop the name in silence", r.Return)
	}
	c.add(unknownName, level, n.Pos, path(r, fmt.Sprintf(".names[%d]", r.Written(j))), msg, hint)
}

// listed returns the architectures that a name must be on to count: nil for all,
// because with an archMap each machine has its own.
func (c *checker) listed() []seccomp.Arch {
	if len(c.profile.ArchMap) > 0 || len(c.profile.Architectures) == 0 {
		return nil
	}
	var list []seccomp.Arch
	for _, a := range c.profile.Architectures {
		if !slices.Contains(list, a.Arch) {
			list = append(list, a.Arch)
		}
	}
	if !slices.Contains(list, c.facts.Arch) {
		list = append(list, c.facts.Arch)
	}
	return list
}

// checkRepeats finds names that stand twice in one entry.
func (c *checker) checkRepeats() {
	for i := range c.profile.Rules {
		r := &c.profile.Rules[i]
		seen := make(map[string]bool, len(r.Names))
		for j, n := range r.Names {
			if seen[n.Text] {
				c.add(repeatedName, Note, n.Pos, path(r, fmt.Sprintf(".names[%d]", r.Written(j))), fmt.Sprintf("%q is in this list already", n.Text), "remove one")
			}
			seen[n.Text] = true
		}
	}
}

// path spells the place of an entry and what is in it.
func path(r *profile.Rule, rest string) string {
	return fmt.Sprintf("syscalls[%d]%s", r.Index, rest)
}

// few lists names, and counts those that are too many.
func few(names []string) string {
	const most = 5
	if len(names) > most+1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func archList(archs []seccomp.Arch) string {
	var names []string
	for _, a := range archs {
		names = append(names, a.Name())
	}
	return strings.Join(names, ", ")
}
