package compose

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/internal/spell"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// lookUp replaces the groups of a file by their calls, and gives its constants
// their values.
func lookUp(p *profile.Profile, lenient bool) error {
	l := lookup{profile: p, lenient: lenient}
	for i := range p.Rules {
		l.groups(&p.Rules[i])
		for j := range p.Rules[i].Args {
			l.constants(&p.Rules[i], j)
		}
	}
	if len(l.problems) > 0 {
		return &profile.Error{Problems: l.problems[:min(len(l.problems), profile.MaxProblems)]}
	}
	return nil
}

type lookup struct {
	profile  *profile.Profile
	lenient  bool
	problems []profile.Problem
}

func (l *lookup) report(pos profile.Pos, path, msg, hint string) {
	l.problems = append(l.problems, l.profile.Problem(pos, path, msg, hint))
}

// groups replaces the groups in a rule's names.
func (l *lookup) groups(r *profile.Rule) {
	isGroup := func(n profile.Name) bool { return strings.HasPrefix(n.Text, "@") }
	if !slices.ContainsFunc(r.Names, isGroup) {
		return
	}
	var names []profile.Name
	has := make(map[string]bool)
	for _, n := range r.Names {
		has[n.Text] = true
	}
	for i, n := range r.Names {
		n.Moved = int32(len(names) - i)
		if !isGroup(n) {
			names = append(names, n)
			continue
		}
		calls, ok := syscalls.Group(n.Text)
		if !ok {
			l.report(n.Pos, fmt.Sprintf("syscalls[%d].names[%d]", r.Index, i), fmt.Sprintf("unknown group %q", n.Text), nearestGroup(n.Text))
		}
		for _, call := range calls {
			if !has[call] {
				has[call] = true
				names = append(names, profile.Name{Text: call, Pos: n.Pos, Moved: int32(len(names) - i)})
			}
		}
	}
	r.Names = names
}

func nearestGroup(name string) string {
	best, found := max(1, len(name)/3)+1, ""
	for _, g := range syscalls.Groups() {
		if d := spell.Distance(strings.ToLower(name), g, best); d < best {
			best, found = d, g
		}
	}
	if found == "" {
		return "the groups are " + strings.Join(syscalls.Groups(), ", ")
	}
	return fmt.Sprintf("did you mean %q?", found)
}

// constants gives the operands of condition j their values.
func (l *lookup) constants(r *profile.Rule, j int) {
	a := &r.Args[j]
	if a.Named == nil {
		return
	}
	path := fmt.Sprintf("syscalls[%d].args[%d]", r.Index, j)
	ok := l.constant(r, a, &a.Named.Value, path+".value")
	ok = l.constant(r, a, &a.Named.ValueTwo, path+".valueTwo") && ok
	if !ok || a.Op != seccomp.OpMaskedEqual {
		return
	}
	for _, on := range seccomp.Archs() {
		mask, datum, ok := a.Operands(on)
		if !ok || mask != 0 && datum&^mask == 0 {
			continue
		}
		key, msg, reading := ".valueTwo", fmt.Sprintf("%#x has bits outside of the mask %#x on %s", datum, mask, on.Name()), "they are ignored"
		if mask == 0 {
			key, msg, reading = ".value", "a mask of 0 compares nothing", "the condition always holds"
		}
		const hint = "value is the mask, valueTwo what the masked argument must be"
		if l.lenient {
			l.profile.Notes = append(l.profile.Notes, l.profile.Problem(a.Pos, path+key, msg+"; "+reading, hint))
		} else {
			l.report(a.Pos, path+key, msg, hint)
		}
		return
	}
}

// constant gives a constant its value on every architecture that has it.
func (l *lookup) constant(r *profile.Rule, a *profile.Arg, c *profile.Constant, path string) bool {
	if c.Text == "" {
		return true
	}
	var call syscalls.Call // serves hints
	if len(r.Names) > 0 {
		call, _ = syscalls.Lookup(r.Names[0].Text)
	}
	c.On = make(map[seccomp.Arch]uint64)
	var absent *calls.Error
	for _, on := range seccomp.Archs() {
		v, err := calls.Evaluate(on, call, int(a.Index), c.Text)
		if err == nil {
			c.On[on] = v
			continue
		}
		e, _ := errors.AsType[*calls.Error](err)
		if !e.Absent {
			l.report(c.Pos+profile.Pos(e.Column), path, e.Msg, e.Hint)
			return false
		}
		absent = e
	}
	if len(c.On) == 0 {
		l.report(c.Pos+profile.Pos(absent.Column), path, "no architecture has all constants of "+c.Text, "")
		return false
	}
	return true
}
