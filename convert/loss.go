package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A finding is a loss before those of one kind are put together.
type finding struct {
	pos             profile.Pos
	path, msg, hint string
}

func (c *conversion) lose(pos profile.Pos, path, msg, hint string) {
	c.losses = append(c.losses, finding{pos, path, msg, hint})
}

func (c *conversion) refuse(pos profile.Pos, path, msg, hint string) {
	c.refused = append(c.refused, finding{pos, path, msg, hint})
}

// problems puts findings with one message together, at the place of the first.
func (c *conversion) problems(list []finding) []profile.Problem {
	slices.SortStableFunc(list, func(a, b finding) int { return cmp.Compare(a.pos, b.pos) })
	var out []profile.Problem
	group := make(map[string]int) // by message: its index in out
	more := make(map[int][]string)
	for _, f := range list {
		i, seen := group[f.msg]
		if !seen {
			group[f.msg] = len(out)
			out = append(out, c.profile.Problem(f.pos, f.path, f.msg, f.hint))
			continue
		}
		line := fmt.Sprint(c.profile.Position(f.pos).Line)
		if !slices.Contains(more[i], line) {
			more[i] = append(more[i], line)
		}
	}
	for i := range out {
		switch lines := more[i]; {
		case len(lines) == 1:
			out[i].Msg += "; so on line " + lines[0]
		case len(lines) > 1:
			out[i].Msg += "; so on lines " + strings.Join(lines, ", ")
		}
	}
	return out
}

// docker lists what Docker's form loses on the way to the runtime.
func (c *conversion) docker() {
	if c.profile.FlagsSet && c.profile.Flags == 0 {
		c.lose(0, "flags", `an empty list is none at all to Docker and Podman: the runtime then uses SECCOMP_FILTER_FLAG_SPEC_ALLOW`, "")
	}
}

// resolved lists what forms without conditions lose.
func (c *conversion) resolved() {
	machine := fmt.Sprintf("for %s, Linux %v and the capabilities", c.facts.Arch.Name(), c.facts.Kernel)
	p := c.profile
	if len(p.ArchMap) > 0 {
		c.lose(p.ArchMap[0].Arch.Pos, "archMap", "resolved "+machine, "")
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		_, applies := slices.BinarySearch(c.rules, i)
		path := fmt.Sprintf("syscalls[%d]", r.Index)
		if key := conditionKey(r); key != "" && applies {
			c.lose(r.Pos, path+key, "the condition is resolved "+machine+": the rule is kept", "")
		} else if key != "" {
			c.lose(r.Pos, path+key, "the condition is resolved "+machine+": the rule is left out", "")
		}
		if r.Comment != "" && applies {
			c.lose(r.Pos, path+".comment", "the comment is lost", "")
		}
	}
}

// conditionKey names where the conditions of a rule are.
func conditionKey(r *profile.Rule) string {
	switch {
	case !r.Includes.Empty():
		return ".includes"
	case !r.Excludes.Empty():
		return ".excludes"
	}
	return ""
}

// engines lists where runtimes that compile with libseccomp take the same rules
// differently. Package policy notes conflicting actions; the rest is here.
func (c *conversion) engines() {
	unequal := make(map[syscalls.Call]*comparisons)
	for _, i := range c.rules {
		r := &c.profile.Rules[i]
		for _, n := range r.Names {
			call, ok := syscalls.Lookup(n.Text)
			if !ok || len(r.Args) == 0 {
				continue
			}
			for j := range r.Args {
				c.width(r, j, call)
			}
			if unequal[call] == nil {
				unequal[call] = &comparisons{call: call, rule: r}
			}
			unequal[call].add(r)
		}
	}
	var found []*comparisons
	for _, u := range unequal {
		if u.risky() {
			found = append(found, u)
		}
	}
	slices.SortFunc(found, func(a, b *comparisons) int { return cmp.Compare(a.call, b.call) })
	for _, u := range found {
		c.lose(u.rule.Pos, fmt.Sprintf("syscalls[%d]", u.rule.Index),
			fmt.Sprintf("%v: runtimes with libseccomp may enforce something else: it does not compile every set of rules that compares by other than equality as written", u.call),
			"rewrite them with SCMP_CMP_EQ or SCMP_CMP_MASKED_EQ")
	}
}

// width tells of a condition on an argument of which the kernel looks at less
// than the register: libseccomp compares the register.
func (c *conversion) width(r *profile.Rule, j int, call syscalls.Call) {
	a := &r.Args[j]
	for _, arch := range c.archs {
		bits := call.Bits(arch, int(a.Index))
		if _, ok := call.Nr(arch); !ok || int(bits) >= arch.ArgBits() || a.Op == seccomp.OpMaskedEqual && a.Value>>bits == 0 {
			continue
		}
		hint := ""
		if a.Op == seccomp.OpEqualTo {
			hint = fmt.Sprintf("SCMP_CMP_MASKED_EQ with the mask %#x means the same to both", uint64(1)<<bits-1)
		}
		c.lose(a.Pos, fmt.Sprintf("syscalls[%d].args[%d]", r.Index, j),
			fmt.Sprintf("argument %d of %v: the kernel looks at %d bits, and weir compares those; runtimes with libseccomp compare all %d", a.Index, call, bits, arch.ArgBits()), hint)
		return
	}
}

// comparisons is what the rules of one call compare.
type comparisons struct {
	call  syscalls.Call
	rule  *profile.Rule // the first
	conds int
	args  [6]bool
	high  uint64 // the upper word of the first value
	wide  bool   // another value has another
	order bool   // something else than equality is asked
}

func (u *comparisons) add(r *profile.Rule) {
	for i := range r.Args {
		a := &r.Args[i]
		if u.conds == 0 {
			u.high = a.Value >> 32
		}
		u.conds++
		u.args[a.Index] = true
		u.wide = u.wide || a.Value>>32 != u.high
		u.order = u.order || a.Op != seccomp.OpEqualTo && a.Op != seccomp.OpMaskedEqual
	}
}

// risky reports the sets of rules of which libseccomp was seen to compile some
// wrongly: orders and inequalities on several arguments, or with values that
// differ in the upper word. Equality in any number is safe.
func (u *comparisons) risky() bool {
	several := 0
	for _, used := range u.args {
		if used {
			several++
		}
	}
	return u.order && u.conds > 1 && (several > 1 || u.wide)
}
