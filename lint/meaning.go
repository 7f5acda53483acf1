package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A verdict is what becomes of a call over all of its arguments.
type verdict uint8

const (
	absent    verdict = iota // the architecture does not have it
	runs                     // always
	sometimes                // it depends on the arguments
	denied                   // always
)

// denies reports whether a call with this return does not run. A tracer or a
// supervisor may let it.
func denies(r seccomp.Return) bool {
	switch r.Action() {
	case seccomp.ActAllow, seccomp.ActLog, seccomp.ActNotify, seccomp.ActTrace:
		return false
	}
	return true
}

// fallsBack reports whether a return is the ENOSYS after which programs do
// without: the kernel's or the generic one, which profiles write for all.
func (c *checker) fallsBack(r seccomp.Return) bool {
	return r == seccomp.ReturnErrno(c.policy.Native.ENOSYS()) || r == seccomp.ReturnErrno(seccomp.ArchX86_64.ENOSYS())
}

// verdict also returns the rule that decides where no condition holds.
func (c *checker) verdict(a seccomp.Arch, call syscalls.Call) (verdict, *policy.Rule) {
	nr, ok := call.Nr(a)
	abi := c.policy.ABI(a.Audit())
	if !ok || abi == nil {
		return absent, nil
	}
	rules := abi.Row(nr).Rules
	open, shut := 0, 0
	for i := range rules {
		if denies(rules[i].Return) {
			shut++
		} else {
			open++
		}
	}
	last := &rules[len(rules)-1]
	switch {
	case shut == 0:
		return runs, last
	case open == 0:
		return denied, last
	}
	return sometimes, last
}

// native is verdict for the name of a call on the native architecture.
func (c *checker) native(name string) (verdict, *policy.Rule) {
	call, _ := syscalls.Lookup(name)
	return c.verdict(c.policy.Native, call)
}

// place returns where the decision of a rule is written, and its path.
func (c *checker) place(rule *policy.Rule, name string) (profile.Pos, string) {
	if rule.Why != policy.WhyRule && rule.Why != policy.WhyMultiplexed {
		return c.profile.DefaultPos, "defaultAction"
	}
	r := &c.profile.Rules[rule.Origin]
	for j, n := range r.Names {
		if n.Text == name {
			return n.Pos, path(r, fmt.Sprintf(".names[%d]", r.Written(j)))
		}
	}
	return r.Pos, path(r, "")
}

// A group is calls about which one place of the profile decides alike.
type group struct {
	pos   profile.Pos
	path  string
	ret   seccomp.Return
	names []string
	whys  []string
}

// grouped collects calls by the place that decides about them.
func (c *checker) grouped(groups []group, rule *policy.Rule, name, why string) []group {
	pos, at := c.profile.DefaultPos, "defaultAction"
	if rule.Why == policy.WhyRule {
		r := &c.profile.Rules[rule.Origin]
		pos, at = r.Pos, path(r, "")
	}
	i := slices.IndexFunc(groups, func(g group) bool { return g.pos == pos && g.path == at })
	if i < 0 {
		groups = append(groups, group{pos: pos, path: at, ret: rule.Return})
		i = len(groups) - 1
	}
	if g := &groups[i]; !slices.Contains(g.names, name) {
		g.names = append(g.names, name)
		if why != "" {
			g.whys = append(g.whys, why)
		}
	}
	return groups
}

// checkDenylist counts what has come to Linux since a profile was written that
// lets through what it does not name.
func (c *checker) checkDenylist() {
	if denies(c.profile.Default) {
		return
	}
	newest, largest := "", seccomp.Nr(0)
	for _, i := range c.rules {
		for _, n := range c.profile.Rules[i].Names {
			call, _ := syscalls.Lookup(n.Text)
			if nr, ok := call.Nr(c.policy.Native); ok && nr >= largest {
				newest, largest = n.Text, nr
			}
		}
	}
	var since []string
	for _, call := range syscalls.On(c.policy.Native) {
		if nr, _ := call.Nr(c.policy.Native); newest != "" && nr > largest {
			since = append(since, call.String())
		}
	}
	if len(since) > 0 {
		c.add(agedDenylist, Warning, c.profile.DefaultPos, "defaultAction",
			fmt.Sprintf("what is not named is let through (%v), and %s is the newest call named: %s came later", c.profile.Default, newest, few(since)),
			"deny by default and name what programs need; such a profile does not age")
	}
}

// fallbacks are calls that a C library tries first and does without if they fail
// with ENOSYS; any other errno it takes for the answer.
var fallbacks = [...]struct{ call, why string }{
	{"clone3", "glibc 2.34 starts threads with clone3"},
	{"faccessat2", "glibc 2.33 and musl check access with faccessat2"},
	{"close_range", "glibc 2.34 closes descriptors of posix_spawn with close_range"},
	{"statx", "ls, and stat on 32-bit ABIs, try statx since glibc 2.28"},
	{"fchmodat2", "glibc 2.39 changes modes without following links with fchmodat2"},
	{"clock_gettime64", "32-bit musl 1.2 and glibc 2.31 read clocks with clock_gettime64"},
	{"futex_time64", "32-bit musl 1.2 and glibc 2.34 wait with futex_time64"},
}

// checkFallbacks finds calls whose denial breaks programs that could do without.
func (c *checker) checkFallbacks() {
	var groups []group
	for _, a := range c.archs {
		for _, f := range fallbacks {
			call, _ := syscalls.Lookup(f.call)
			v, rule := c.verdict(a, call)
			if v != denied || c.fallsBack(rule.Return) {
				continue
			}
			groups = c.grouped(groups, rule, f.call, f.why)
		}
	}
	for _, g := range groups {
		c.add(wantsENOSYS, Warning, g.pos, g.path, fmt.Sprintf("%s: %v, where programs fall back on an older call after ENOSYS alone (%s)", few(g.names), g.ret, strings.Join(g.whys, "; ")),
			fmt.Sprintf("allow them, or add a rule for them with SCMP_ACT_ERRNO and errnoRet %d", uint16(c.policy.Native.ENOSYS())))
	}
}

// checkRuns finds profiles under which nothing runs, or never ends.
func (c *checker) checkRuns() {
	for _, need := range [...]struct {
		call  string
		level Level
		why   string
	}{
		{"execve", Error, "no program can be started: the filter is there before the container's own execve"},
		{"exit_group", Warning, "a process cannot end: the C library calls it again and again, or crashes"},
		{"exit", Note, "a thread cannot end"},
		{"rt_sigreturn", Note, "a program with a signal handler crashes when the handler returns"},
	} {
		v, rule := c.native(need.call)
		if v != denied {
			continue
		}
		pos, at := c.place(rule, need.call)
		c.add(cannotRun, need.level, pos, at, fmt.Sprintf("%s: %v, so %s", need.call, rule.Return, need.why), "allow it")
	}
}
