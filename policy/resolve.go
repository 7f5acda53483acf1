package policy

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// Options say how a profile is resolved.
type Options struct {
	// Lenient makes notes of the errors that [profile.Options].Lenient is about:
	// here, an unknown name in a rule that is stricter than the default action.
	Lenient bool
}

// Resolve gives a profile its meaning under facts. The notes tell what the author
// may not expect: names that no architecture has, and rules about which weir
// and libseccomp would decide differently. They do not repeat [profile.Profile.Notes].
//
// The error is a *[profile.Error], or one about the facts.
func Resolve(p *profile.Profile, f seccomp.Facts, o Options) (*Policy, []profile.Problem, error) {
	if !f.Arch.Valid() {
		return nil, nil, fmt.Errorf("resolving %s: the facts name no architecture", p.File)
	}
	if p.Pending() {
		return nil, nil, &profile.Error{Problems: []profile.Problem{p.Problem(0, "",
			"the profile extends others, or names groups or constants, which have not been looked up", "read it with package compose")}}
	}
	rules, archs := p.Flatten(f)
	if !slices.Contains(archs, f.Arch) {
		archs = append(archs, f.Arch)
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	r := resolver{profile: p, facts: f, lenient: o.Lenient, scratch: s}
	r.checkByteOrder(archs)
	r.collect(rules)
	if len(r.problems) > 0 {
		return nil, nil, &profile.Error{Problems: r.problems}
	}
	r.noteConflicts()
	pol := r.policy(archs)
	if len(r.problems) > 0 {
		return nil, nil, &profile.Error{Problems: r.problems}
	}
	return pol, r.notes, nil
}

// A use is one name in one rule that applies.
type use struct {
	call     syscalls.Call
	rule     int32 // index into Profile.Rules
	previous int32 // the last use of the same call before this one, or -1
	variants int32 // of the last use of a call: 1 more than the index of its last variant
}

type resolver struct {
	profile *profile.Profile
	facts   seccomp.Facts
	lenient bool

	*scratch
	plain []Rule // by rule of the profile, for calls that it decides alone

	// variants are the calls whose arguments count. Most ABIs have them alike.
	variants []variant

	problems []profile.Problem
	notes    []profile.Problem
}

// A scratch is what a resolver looks calls up in. It is used again.
type scratch struct {
	uses []use   // in the order of the file
	last []int32 // by call: its last use, or -1

	// alone has, by call, the rule that alone decides about it, whatever its
	// arguments; nobody; or several, if there is more to it.
	alone []int32
}

const (
	nobody  = -1
	several = -2
)

var scratches = sync.Pool{New: func() any {
	n := syscalls.Count() + 1
	return &scratch{last: make([]int32, n), alone: make([]int32, n)}
}}

// checkByteOrder refuses architectures that no kernel of the native one can run:
// a filter reads words in one byte order.
func (r *resolver) checkByteOrder(archs []seccomp.Arch) {
	for _, a := range archs {
		if a.ByteOrder() != r.facts.Arch.ByteOrder() {
			pos, path := r.archRef(a)
			r.problems = append(r.problems, r.profile.Problem(pos, path,
				fmt.Sprintf("%v has another byte order than the native %v: no filter can serve both", a, r.facts.Arch),
				"list the architectures by archMap, or keep one profile for each byte order"))
		}
	}
}

// archRef finds where the profile lists an architecture.
func (r *resolver) archRef(a seccomp.Arch) (profile.Pos, string) {
	for i, ref := range r.profile.Architectures {
		if ref.Arch == a {
			return ref.Pos, fmt.Sprintf("architectures[%d]", i)
		}
	}
	for i, e := range r.profile.ArchMap {
		for j, ref := range e.Sub {
			if e.Arch.Arch == r.facts.Arch && ref.Arch == a {
				return ref.Pos, fmt.Sprintf("archMap[%d].subArchitectures[%d]", i, j)
			}
		}
	}
	return 0, ""
}

// collect looks every name up once.
func (r *resolver) collect(rules []int) {
	total := 0
	for _, i := range rules {
		total += len(r.profile.Rules[i].Names)
	}
	r.uses = slices.Grow(r.uses[:0], total)
	for i := range r.last {
		r.last[i], r.alone[i] = -1, nobody
	}
	r.plain = make([]Rule, len(r.profile.Rules))
	for _, i := range rules {
		rule := &r.profile.Rules[i]
		r.plain[i] = Rule{Return: rule.Return, Origin: int32(i)}
		alone := int32(i)
		if len(rule.Args) > 0 {
			alone = several
		}
		for j := range rule.Names {
			call, ok := syscalls.Lookup(rule.Names[j].Text)
			if !ok {
				r.unknown(i, j)
				continue
			}
			r.uses = append(r.uses, use{call: call, rule: int32(i), previous: r.last[call]})
			r.last[call] = int32(len(r.uses) - 1)
			if r.alone[call] == nobody {
				r.alone[call] = alone
			} else {
				r.alone[call] = several
			}
		}
	}
}

func (r *resolver) unknown(rule, name int) {
	entry := &r.profile.Rules[rule]
	n, ret := &entry.Names[name], entry.Return
	// In one file a rule stands against the default action, in several against
	// whatever another file says.
	restricts := ret.Stricter(r.profile.Default) || r.layers() && ret.Action() != seccomp.ActAllow
	msg := fmt.Sprintf("no architecture has a system call %q up to Linux %s", n.Text, syscalls.Release)
	hint := ""
	if s, ok := syscalls.Suggest(n.Text); ok {
		hint = fmt.Sprintf("did you mean %q?", s)
	}
	problem := r.profile.Problem(n.Pos, fmt.Sprintf("syscalls[%d].names[%d]", entry.Index, entry.Written(name)), msg, hint)
	if restricts && !r.lenient {
		problem.Msg += fmt.Sprintf(", so the rule (%v) would not restrict it", ret)
		r.problems = append(r.problems, problem)
		return
	}
	r.notes = append(r.notes, problem)
}

// usesOf returns the uses of a call in the order of the file.
func (r *resolver) usesOf(call syscalls.Call) []int32 {
	var list []int32
	for i := r.last[call]; i >= 0; i = r.uses[i].previous {
		list = append(list, i)
	}
	slices.Reverse(list)
	return list
}

// policy builds the total policy from the uses.
func (r *resolver) policy(archs []seccomp.Arch) *Policy {
	p := &Policy{
		Native:  r.facts.Arch,
		Default: r.profile.Default,
		Foreign: Rule{Return: seccomp.ActKillThread.Return(), Why: WhyForeign},
	}
	archs = slices.Clone(archs)
	slices.SortFunc(archs, func(a, b seccomp.Arch) int {
		return cmp.Or(cmp.Compare(a.Audit(), b.Audit()), cmp.Compare(a, b))
	})
	for i := 0; i < len(archs); {
		n := i + 1
		for n < len(archs) && archs[n].Audit() == archs[i].Audit() {
			n++
		}
		p.ABIs = append(p.ABIs, r.abi(p, archs[i:n]))
		i = n
	}
	return p
}

// calls adds the rows of the calls that rules name on one architecture, and of
// what lies between them. A call that only generated rules are about gets none
// above the boundary: it is newer than the profile.
func (r *resolver) calls(b *builder, t *table) {
	a := t.arch
	through := r.multiplexed(a)
	next, _ := t.calls[0].Nr(a)
	for on := t.calls; len(on) > 0; {
		// Two names of one number, which some architectures have, are one call.
		nr := next
		names := 1
		for names < len(on) {
			if next, _ = on[names].Nr(a); next != nr {
				break
			}
			names++
		}
		rules := r.rulesOf(on[:names], a)
		if rules == nil && nr <= t.boundary {
			for i := range through {
				if through[i].call == on[0] {
					rules = r.order(through[i].rules)
				}
			}
		}
		on = on[names:]
		if rules == nil || uint64(nr) < b.next { // number 0 of s390, which abi has decided about
			continue
		}
		if nr > 0 {
			b.fill(nr-1, a, t.between)
		}
		b.call(nr, a, rules)
	}
}
