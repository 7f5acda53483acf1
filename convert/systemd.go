package convert

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// lineWidth is where lists of names are broken. A setting that is given again
// adds to the list.
const lineWidth = 100

// systemd writes the [Service] section. systemd knows one answer for a call,
// whatever its arguments and ABI, so a call gets the strictest of those that the
// profile has for it.
func (c *conversion) systemd() []byte {
	p := c.profile
	if p.FlagsSet {
		c.lose(0, "flags", "systemd loads filters with flags of its own", "")
	}
	if p.ListenerPath != "" {
		c.lose(0, "listenerPath", "systemd has no listener", "")
	}
	byDefault := c.systemdReturn(p.Default, p.DefaultPos, "defaultAction")
	allows := byDefault.Action() != seccomp.ActAllow // a list of what is allowed
	switch {
	case byDefault.Action() == seccomp.ActLog:
		c.refuse(p.DefaultPos, "defaultAction", "systemd cannot log by default", "")
	case byDefault == seccomp.ActErrno.With(0):
		c.refuse(p.DefaultPos, "defaultErrnoRet", "systemd has no errno 0 by default", "")
	case allows && byDefault != seccomp.ReturnErrno(c.facts.Arch.ENOSYS()) && c.hasNewer():
		c.changed = true
		c.lose(p.DefaultPos, "defaultAction", fmt.Sprintf("calls that are newer than the profile get %v from systemd, not ENOSYS", byDefault), "")
	}

	var allowed, denied, logged []string
	for _, name := range c.names() {
		ret, ok := c.systemdCall(name)
		if !ok {
			continue
		}
		if ret.Action() == seccomp.ActLog {
			logged = append(logged, name.Text)
			ret = seccomp.ActAllow.Return()
		}
		switch {
		case ret == byDefault:
		case ret.Action() == seccomp.ActAllow:
			allowed = append(allowed, name.Text)
		case ret.Action() == seccomp.ActErrno:
			denied = append(denied, name.Text+":"+c.errno(ret))
		default:
			denied = append(denied, name.Text+":kill")
		}
	}

	var b bytes.Buffer
	fmt.Fprintln(&b, "[Service]")
	settings(&b, "SystemCallArchitectures=", c.systemdArchs())
	if allows {
		if byDefault.Action() == seccomp.ActErrno {
			fmt.Fprintf(&b, "SystemCallErrorNumber=%s\n", c.errno(byDefault))
		}
		fmt.Fprintln(&b, "# The first list begins one of allowed calls, and systemd adds @default to it; the second empties it.")
		fmt.Fprintln(&b, "SystemCallFilter=@default")
		fmt.Fprintln(&b, "SystemCallFilter=~@default")
	}
	settings(&b, "SystemCallFilter=", allowed)
	settings(&b, "SystemCallFilter=~", denied)
	settings(&b, "SystemCallLog=", logged)
	return b.Bytes()
}

// settings writes a list under one key, on as many lines as it needs.
func settings(b *bytes.Buffer, key string, words []string) {
	width := 0
	for _, w := range words {
		if width == 0 || width+1+len(w) > lineWidth {
			if width > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(key)
			width = len(key)
		} else {
			b.WriteByte(' ')
			width++
		}
		b.WriteString(w)
		width += len(w)
	}
	if width > 0 {
		b.WriteByte('\n')
	}
}

// names returns the calls about which the policy has rules, in the order of their
// names, each with the place where the profile first has it.
func (c *conversion) names() []profile.Name {
	var list []profile.Name
	for _, i := range c.rules {
		for _, n := range c.profile.Rules[i].Names {
			if _, ok := syscalls.Lookup(n.Text); ok {
				list = append(list, n)
			}
		}
	}
	for i := range c.policy.ABIs {
		for _, row := range c.policy.ABIs[i].Rows {
			if rule := &row.Rules[0]; rule.Why == policy.WhyMultiplexed {
				list = append(list, profile.Name{Text: row.Call(row.First).String(), Pos: c.profile.Rules[rule.Origin].Pos})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b profile.Name) int { return strings.Compare(a.Text, b.Text) })
	return slices.CompactFunc(list, func(a, b profile.Name) bool { return a.Text == b.Text })
}

// systemdCall returns what a call gets: the strictest of the answers that it has.
// It reports false for a call that none of the architectures has.
func (c *conversion) systemdCall(name profile.Name) (seccomp.Return, bool) {
	call, _ := syscalls.Lookup(name.Text)
	var answers []seccomp.Return
	conditional := false
	for _, a := range c.archs {
		nr, ok := call.Nr(a)
		if !ok {
			continue
		}
		rules := c.policy.ABI(a.Audit()).Row(nr).Rules
		conditional = conditional || len(rules) > 1
		for _, rule := range rules {
			answers = append(answers, rule.Return)
		}
	}
	if len(answers) == 0 {
		return 0, false
	}
	strictest := answers[0]
	differ := false
	for _, ret := range answers[1:] {
		differ = differ || ret != answers[0]
		if ret.Stricter(strictest) {
			strictest = ret
		}
	}
	written := c.systemdReturn(strictest, name.Pos, name.Text)
	switch {
	case conditional && differ:
		c.changed = true
		c.lose(name.Pos, "", fmt.Sprintf("systemd cannot compare the arguments of %s: it gets %v whatever they are", name.Text, written), "")
	case differ:
		c.changed = true
		c.lose(name.Pos, "", fmt.Sprintf("systemd has one answer for %s on all architectures: it gets %v", name.Text, written), "")
	}
	return written, true
}

// systemdReturn returns what systemd has in the place of an answer: the same, or a
// stricter one.
func (c *conversion) systemdReturn(ret seccomp.Return, pos profile.Pos, path string) seccomp.Return {
	switch ret.Action() {
	case seccomp.ActKillThread:
		c.changed = true
		c.lose(pos, path, "systemd kills the process, not the thread", "")
		return seccomp.ActKillProcess.Return()
	case seccomp.ActTrap, seccomp.ActTrace, seccomp.ActNotify:
		c.refuse(pos, path, fmt.Sprintf("systemd cannot answer a call with %v", ret.Action()), "")
	}
	return ret
}

// hasNewer reports whether the policy has numbers that are newer than the
// profile.
func (c *conversion) hasNewer() bool {
	for i := range c.policy.ABIs {
		for _, row := range c.policy.ABIs[i].Rows {
			if row.Rules[0].Why == policy.WhyNewer {
				return true
			}
		}
	}
	return false
}

// errno writes an errno for systemd, which takes names for those of the machine
// that it runs on: MIPS has numbers of its own.
func (c *conversion) errno(ret seccomp.Return) string {
	if c.facts.Arch.MIPS() {
		return fmt.Sprint(ret.Data())
	}
	return seccomp.Errno(ret.Data()).String()
}

// systemdArchs names the architectures of a profile.
func (c *conversion) systemdArchs() []string {
	list := []string{"native"}
	for _, a := range c.archs {
		if a != c.facts.Arch {
			list = append(list, unitArch(a))
		}
	}
	return list
}

// unitArch names an architecture as systemd.exec(5) and ConditionArchitecture of
// systemd.unit(5) do.
func unitArch(a seccomp.Arch) string {
	switch a {
	case seccomp.ArchX86_64:
		return "x86-64"
	case seccomp.ArchAARCH64:
		return "arm64"
	case seccomp.ArchMIPS64N32:
		return "mips64-n32"
	case seccomp.ArchMIPSEL:
		return "mips-le"
	case seccomp.ArchMIPSEL64:
		return "mips64-le"
	case seccomp.ArchMIPSEL64N32:
		return "mips64-le-n32"
	case seccomp.ArchPPC64LE:
		return "ppc64-le"
	}
	return a.Name()
}
