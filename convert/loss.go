package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/profile"
)

// A finding is a loss before those of one kind are put together.
type finding struct {
	pos             profile.Pos
	path, msg, hint string
}

func (c *conversion) lose(pos profile.Pos, path, msg, hint string) {
	c.losses = append(c.losses, finding{pos, path, msg, hint})
}

// doubt lists where libseccomp may not do what the proof takes for granted.
func (c *conversion) doubt(pos profile.Pos, path, msg, hint string) {
	c.doubtful = true
	c.lose(pos, path, msg, hint)
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
	if c.flat {
		return
	}
	machine := "for " + c.machine()
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
