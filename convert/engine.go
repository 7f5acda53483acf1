package convert

import (
	"fmt"
	"math"
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// How many rules one call may become, tried in this order until the proof comes to
// an end, and all calls together: a program has at most 4096 instructions.
var maxBoxes = [...]int{192, 48, 0}

const maxAllBoxes = 640

// forEngines writes the profile's rules, resolved for the facts, so that runtimes
// which compile with libseccomp enforce the policy. That library compares all bits
// of a register, forgets conditions beside a rule without, decides about overlapping
// rules in an order of its own, and compiles some sets of ordered comparisons to
// something else; runc and crun leave out rules that equal the default action. What it
// takes as the policy has it stays as written. The rules of any other call are
// replaced: by equalities under masks, which it compiles rightly, and such that no
// two with different actions overlap. Where that cannot be, or the library makes
// something else of it on another architecture, there is a loss.
func (c *conversion) forEngines(to Format) (q *profile.Profile, err error) {
	c.errnos()
	before := c.losses
	for _, most := range maxBoxes {
		c.losses, c.changed, c.doubtful = before[:len(before):len(before)], false, false
		e := &engineRules{conversion: c, uses: make(map[syscalls.Call][]*profile.Rule), kept: make(map[syscalls.Call]bool),
			most: most, left: maxAllBoxes, largest: math.MaxUint64}
		if to == SPO {
			e.largest = math.MaxInt64
		}
		q = e.replaced()
		c.losesNumber(q)
		if err = c.engines(q); err == nil {
			return q, nil
		}
	}
	return nil, err
}

// engineRules is forEngines under way.
type engineRules struct {
	*conversion
	uses map[syscalls.Call][]*profile.Rule
	kept map[syscalls.Call]bool // whose rules could not be replaced

	most, left int    // how many rules a call may become, and how many more all may
	largest    uint64 // mask, but for that of a whole argument
}

// replaced makes the profile with other rules.
func (e *engineRules) replaced() *profile.Profile {
	c, p := e.conversion, e.profile
	q := *p
	q.Rules = nil
	for _, i := range c.rules {
		for _, n := range p.Rules[i].Names {
			if call, ok := syscalls.Lookup(n.Text); ok {
				e.uses[call] = append(e.uses[call], &p.Rules[i])
			}
		}
	}
	done := make(map[syscalls.Call]bool)
	var silent []profile.Name
	for _, i := range c.rules {
		r := p.Rules[i]
		r.Includes, r.Excludes = profile.Filter{}, profile.Filter{}
		var same []profile.Name
		var rewritten []profile.Rule
		for _, n := range r.Names {
			call, ok := syscalls.Lookup(n.Text)
			if !ok || e.asWritten(call) {
				same = append(same, n)
				continue
			}
			if done[call] {
				continue
			}
			rules, ok := e.rewrite(call, n)
			switch {
			case !ok:
				same = append(same, n)
			case len(rules) == 0:
				silent = append(silent, n)
			}
			done[call] = ok
			rewritten = append(rewritten, rules...)
		}
		if len(same) > 0 || len(r.Names) == 0 {
			r.Names = same
			q.Rules = append(q.Rules, r)
		}
		q.Rules = append(q.Rules, rewritten...)
	}
	q.Rules = append(q.Rules, e.through()...)
	if len(silent) > 0 {
		// The default decides about them, and runtimes leave the rule out. But runc
		// counts their numbers among those that are not newer than the profile.
		q.Rules = append(q.Rules, profile.Rule{Names: silent, Return: p.Default})
	}
	return &q
}

// asWritten reports whether libseccomp takes the rules of a call as the policy has
// them.
func (e *engineRules) asWritten(call syscalls.Call) bool {
	if e.kept[call] {
		return true
	}
	uses := e.uses[call]
	u := comparisons{rules: len(uses)}
	for _, r := range uses {
		if r.Return != uses[0].Return {
			return false
		}
		u.add(r)
	}
	if uses[0].Return == e.profile.Default {
		return true // left out, and the default says the same
	}
	for _, r := range uses {
		for j := range r.Args {
			if !e.fullWidth(&r.Args[j], call) {
				return false
			}
		}
	}
	return !u.wrong()
}

// fullWidth reports whether a condition means the same to who compares all bits of
// the register.
func (e *engineRules) fullWidth(a *profile.Arg, call syscalls.Call) bool {
	for _, arch := range e.archs {
		if _, ok := call.Nr(arch); !ok {
			continue
		}
		bits := call.Bits(arch, int(a.Index))
		if int(bits) < arch.ArgBits() && (a.Op != seccomp.OpMaskedEqual || a.Value>>bits != 0) {
			return false
		}
		// A mask of which nothing is left is no condition to libseccomp.
		if a.Op == seccomp.OpMaskedEqual && a.Value != 0 && a.Value&(^uint64(0)>>(64-arch.ArgBits())) == 0 {
			return false
		}
	}
	return true
}

// rewrite replaces the rules of a call by what its row of the policy says, on the
// architecture with the widest registers. It reports false, and lists that as a
// loss, if that takes too many rules.
func (e *engineRules) rewrite(call syscalls.Call, name profile.Name) ([]profile.Rule, bool) {
	arch := e.widest(call)
	nr, _ := call.Nr(arch)
	row := e.policy.ABI(arch.Audit()).Row(nr)
	parts, ok := partition(row.Rules, e.profile.Default, min(e.most, e.left))
	if !ok || slices.ContainsFunc(parts, func(p part) bool { return !e.sayable(call, &p.box) }) {
		e.kept[call] = true
		pos, path := e.place(call.String())
		e.doubt(pos, path, fmt.Sprintf("%v: runtimes with libseccomp may enforce something else, or not start: it does not compile such rules as they are written, and a few equalities cannot say the same", call),
			"compare with SCMP_CMP_EQ or SCMP_CMP_MASKED_EQ, one argument in a rule")
		return nil, false
	}
	e.left -= len(parts)
	return written(parts, name, arch), true
}

// written spells parts as rules.
func written(parts []part, name profile.Name, arch seccomp.Arch) (rules []profile.Rule) {
	for _, part := range parts {
		r := profile.Rule{Pos: name.Pos, Names: []profile.Name{name}, Return: part.ret}
		for i, p := range part.box {
			switch {
			case p.mask == 0:
			case p.mask == ^uint64(0)>>(64-arch.ArgBits()):
				r.Args = append(r.Args, profile.Arg{Index: uint8(i), Op: seccomp.OpEqualTo, Value: p.value, Pos: name.Pos})
			default:
				r.Args = append(r.Args, profile.Arg{Index: uint8(i), Op: seccomp.OpMaskedEqual, Value: p.mask, ValueTwo: p.value, Pos: name.Pos})
			}
		}
		rules = append(rules, r)
	}
	return rules
}

// sayable reports whether rules can have the box's masks and values, on all
// architectures: of a mask for upper bits alone nothing is left in registers of 32
// bits, and libseccomp then forgets the condition.
func (e *engineRules) sayable(call syscalls.Call, b *box) bool {
	for _, p := range b {
		if p.mask > e.largest && p.mask != ^uint64(0) {
			return false
		}
		for _, a := range e.archs {
			if _, ok := call.Nr(a); ok && a.ArgBits() == 32 && p.value>>32 != 0 {
				return false
			}
		}
	}
	return true
}

// widest returns the architecture that has the call and the widest registers, the
// native one before others.
func (e *engineRules) widest(call syscalls.Call) seccomp.Arch {
	best := e.facts.Arch
	if _, ok := call.Nr(best); ok && best.ArgBits() == 64 {
		return best
	}
	found := false
	for _, a := range e.archs {
		if _, ok := call.Nr(a); ok && (!found || a.ArgBits() > best.ArgBits()) {
			best, found = a, true
		}
	}
	return best
}

// A part is arguments for which a call gets one answer.
type part struct {
	box    box
	ret    seccomp.Return
	origin int32 // the rule of the profile that says so, as an index
}

// everything reports that a part is all arguments.
func (p part) everything() bool { return p.box == box{} }

// partition says what rules, of which the first that holds decides, say about all
// arguments for which it is not the default. Parts with different answers do not
// overlap. It reports false if that takes more than most.
func partition(rules []policy.Rule, byDefault seccomp.Return, most int) ([]part, bool) {
	var parts, seen []part
	for i := range rules {
		ret := rules[i].Return
		list, ok := boxes(rules[i].Conds, most)
		if !ok {
			return nil, false
		}
		for _, b := range list {
			seen = append(seen, part{b, ret, rules[i].Origin})
		}
		if ret == byDefault {
			continue
		}
		for j := range seen {
			if s := &seen[j]; s.ret != ret {
				var rest []box
				for _, b := range list {
					if rest = append(rest, b.without(&s.box)...); len(rest) > most {
						return nil, false
					}
				}
				list = rest
			}
		}
		for _, b := range list {
			inside := func(have part) bool { return have.ret == ret && b.within(&have.box) }
			if slices.ContainsFunc(parts, inside) {
				continue
			}
			parts = slices.DeleteFunc(parts, func(have part) bool { return have.ret == ret && have.box.within(&b) })
			parts = append(parts, part{b, ret, rules[i].Origin})
		}
		if len(parts) > most {
			return nil, false
		}
	}
	return parts, true
}
