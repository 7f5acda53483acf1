package lint

import (
	"fmt"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// checkIdle finds rules that decide nothing, because another has the same action for
// all arguments. Rules with conditions on the machine are left out: there the other may
// be missing; and rules of files below others, which stand there for other profiles.
func (c *checker) checkIdle() {
	first := make(map[string]*profile.Rule) // the first rule without conditions, by call
	always := func(r *profile.Rule) bool {
		return r.Layer == 0 && r.Includes.Empty() && r.Excludes.Empty()
	}
	for i := range c.profile.Rules {
		r := &c.profile.Rules[i]
		if !always(r) || len(r.Args) > 0 {
			continue
		}
		for _, n := range r.Names {
			if first[n.Text] == nil {
				first[n.Text] = r
			}
		}
	}
	for i := range c.profile.Rules {
		r := &c.profile.Rules[i]
		if !always(r) {
			continue
		}
		var other *profile.Rule
		var pos profile.Pos
		var names []string
		for _, n := range r.Names {
			f := first[n.Text]
			if f == nil || f == r || f.Return != r.Return || other != nil && f != other {
				continue
			}
			if other == nil {
				other, pos = f, n.Pos
			}
			names = append(names, n.Text)
		}
		if other == nil {
			continue
		}
		where := fmt.Sprintf("syscalls[%d] (line %d)", other.Index, c.profile.Position(other.Pos).Line)
		if len(r.Args) > 0 {
			c.add(idle, Warning, pos, path(r, ""), fmt.Sprintf("%s: the conditions do not count: %s has the same action (%v) whatever the arguments", few(names), where, r.Return),
				"remove the name there, or this rule")
		} else {
			c.add(idle, Note, pos, path(r, ""), fmt.Sprintf("%s: %v by %s already", few(names), r.Return, where), "remove one of the two")
		}
	}
}

// checkOpenABIs finds architectures that are listed and that no program can need: a
// 64-bit program can make their calls all the same.
func (c *checker) checkOpenABIs() {
	mmap, _ := syscalls.Lookup("mmap")
	mmap2, _ := syscalls.Lookup("mmap2")
	for i, ref := range c.profile.Architectures {
		at := fmt.Sprintf("architectures[%d]", i)
		if ref.Arch == c.facts.Arch {
			continue
		}
		if v, _ := c.verdict(c.facts.Arch, mmap); v == runs {
			if there, rule := c.verdict(ref.Arch, mmap2); there == denied {
				c.add(openABI, Warning, ref.Pos, at, fmt.Sprintf("programs of %s cannot run: mmap2, with which they get memory, is %v; but what else the profile allows, 64-bit programs can call there", ref.Arch.Name(), rule.Return),
					"remove the architecture, or name the calls that its programs need")
				continue
			}
		}
		if ref.Arch == seccomp.ArchX32 {
			c.add(openABI, Note, ref.Pos, at, "x32 is open: few kernels run its programs, none of the large distributions has any, and the kernel keeps no cache of what a filter allows there", "remove it")
		}
	}
}
