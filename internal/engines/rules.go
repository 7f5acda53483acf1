package engines

import (
	"fmt"
	"slices"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A decision is what libseccomp has been told about one call.
type decision struct {
	rules  []added // in the order of the document, until there is one without conditions
	always *added

	// many says that there are more than are looked at.
	many bool

	// generated: there is a rule of a call behind this one, which libseccomp adds
	// by itself.
	generated bool
}

// An added rule has conditions as libseccomp compares: whole registers.
type added struct {
	conds []policy.Cond
	ret   seccomp.Return
	rule  int    // index into Profile.Rules
	path  string // of it
}

// A boundary is the largest number that the names of a document have, with and
// without those that libseccomp may not know.
type boundary struct{ sure, most seccomp.Nr }

func placeOf(name string, a seccomp.Arch) (place, bool) {
	call, ok := syscalls.Lookup(name)
	if !ok {
		return place{}, false
	}
	nr, ok := call.Nr(a)
	return place{a.Audit(), nr}, ok
}

// entry adds the rules of an entry as runc and crun do: one that equals the
// default action is dropped, one that names an argument twice becomes one for
// each condition, names that libseccomp does not know are passed over.
func (m *model) entry(e *Entry) {
	ret := answer(e.Action, e.ErrnoRet)
	for _, name := range e.Names {
		call, ok := syscalls.Lookup(name)
		if !ok {
			how := "in silence"
			if m.Engine.Name == Crun.Name {
				how = "with a warning"
			}
			m.Lost = say(m.Lost, fmt.Sprintf("%s: %q is no call that anybody knows, and is passed over %s", m.path(e), name, how))
			continue
		}
		knows := m.Engine.knows(name)
		for _, a := range m.archs {
			m.name(e, call, a, knows, ret)
		}
	}
}

// name adds the rules of an entry for one of its names on one architecture.
func (m *model) name(e *Entry, call syscalls.Call, a seccomp.Arch, knows knowledge, ret seccomp.Return) {
	nr, has := call.Nr(a)
	at := place{a.Audit(), nr}
	via, arg0, multiplexed := call.Multiplexed(a)
	if has {
		switch knows {
		case unknown:
			m.because(at, fmt.Sprintf("%s does not know the name, and %s passes it over", m.Engine.library(), m.Engine.Name))
			return
		case unsure:
			m.leave(unsureRange{at.audit, nr, nr, "not every " + m.Engine.library() + " knows the name"})
			if other, ok := placeOf(mistaken(call.String()), a); ok {
				m.leave(unsureRange{other.audit, other.nr, other.nr, "libseccomp takes " + call.String() + " for it"})
			}
		}
		if b := m.last[a]; !multiplexed { // libseccomp has another number for those
			b.most = max(b.most, nr)
			if knows == known {
				b.sure = max(b.sure, nr)
			}
			m.last[a] = b
		}
	}
	m.absent = m.absent || !has || multiplexed
	if ret == m.byDefault {
		if has {
			m.because(at, fmt.Sprintf("%s equals the default action, and %s drops it", m.path(e), m.Engine.Name))
		}
		return
	}
	for _, conds := range alternatives(e.Args, a) {
		r := added{conds, ret, e.rule, m.path(e)}
		if has {
			m.width(at, call, a, e)
			m.add(at, r, false)
		}
		if !multiplexed {
			continue
		}
		if nr, ok := via.Nr(a); ok {
			behind := []policy.Cond{{Arg: 0, Bits: uint8(a.ArgBits()), Op: seccomp.OpEqualTo, Value: arg0}}
			for _, c := range conds {
				if c.Arg != 0 {
					behind = append(behind, c)
				}
			}
			at := place{a.Audit(), nr}
			m.because(at, fmt.Sprintf("%s is about %s, and libseccomp applies it to %s as well, with its conditions but for the first argument's", r.path, call, via))
			r.conds = behind
			m.add(at, r, true)
		}
	}
}

// width notes a condition on an argument of which the kernel looks at less than
// libseccomp.
func (m *model) width(at place, call syscalls.Call, a seccomp.Arch, e *Entry) {
	for _, o := range e.Args {
		if bits := call.Bits(a, int(o.Index)); int(bits) < a.ArgBits() {
			m.because(at, fmt.Sprintf("libseccomp compares %d bits of argument %d, of which the kernel looks at %d", a.ArgBits(), o.Index, bits))
		}
	}
}

// alternatives makes conditions of an entry's, one list for each rule that it
// stands for.
func alternatives(args []Operand, a seccomp.Arch) [][]policy.Cond {
	register := ^uint64(0) >> (64 - a.ArgBits())
	var all []policy.Cond
	var seen [6]bool
	repeats := false
	for _, o := range args {
		op, _ := seccomp.ParseOp(o.Op)
		c := policy.Cond{Arg: uint8(o.Index), Bits: uint8(a.ArgBits()), Op: op, Value: o.Value & register}
		if op == seccomp.OpMaskedEqual {
			c.ValueTwo = o.ValueTwo & c.Value
		}
		repeats = repeats || seen[c.Arg]
		seen[c.Arg] = true
		all = append(all, c)
	}
	var lists [][]policy.Cond
	if repeats {
		for _, c := range all {
			lists = append(lists, withoutPointless([]policy.Cond{c}))
		}
		return lists
	}
	return [][]policy.Cond{withoutPointless(all)}
}

// withoutPointless drops masks without bits, which libseccomp takes for no
// condition, and sorts by argument, as it does.
func withoutPointless(conds []policy.Cond) []policy.Cond {
	kept := slices.DeleteFunc(slices.Clone(conds), func(c policy.Cond) bool { return c.Op == seccomp.OpMaskedEqual && c.Value == 0 })
	slices.SortStableFunc(kept, func(x, y policy.Cond) int { return int(x.Arg) - int(y.Arg) })
	return kept
}

// add is libseccomp's seccomp_rule_add for one call, as far as its outcome is
// certain; decide tells where it is not.
func (m *model) add(at place, r added, generated bool) {
	d := m.calls[at]
	if d == nil {
		d = &decision{}
		m.calls[at] = d
	}
	d.generated = d.generated || generated
	switch {
	case d.always != nil:
		if r.ret != d.always.ret {
			m.because(at, fmt.Sprintf("%s has no conditions, and libseccomp drops %s", d.always.path, r.path))
		}
		return
	case len(r.conds) == 0:
		d.always = &r
		for _, old := range d.rules {
			if old.ret != r.ret {
				m.because(at, fmt.Sprintf("%s has no conditions, and libseccomp drops %s", r.path, old.path))
			}
		}
		// What was refused or unclear before stays so.
		if !d.certain() {
			m.doubt(m.callName(at) + ": " + unclear)
		}
		d.rules = nil
		return
	}
	if d.many = d.many || len(d.rules) == mostRules; d.many {
		return
	}
	for _, old := range d.rules {
		if !slices.Equal(old.conds, r.conds) {
			continue
		}
		switch {
		case old.ret == r.ret:
			return
		case len(d.rules) == 1 && !generated && !d.generated:
			m.refuse(fmt.Sprintf("libseccomp refuses %s beside %s: %s with the same conditions and another action", r.path, old.path, m.callName(at)))
			return
		}
	}
	d.rules = append(d.rules, r)
}

// mostRules bounds the rules with conditions that are looked at for one call: a
// program has at most 4096 instructions.
const mostRules = 1000

// likelyLength is an estimate of a program's length that leaves room for all that
// libseccomp adds. Docker's default is at 2,300, and has 1,300 instructions.
const likelyLength = 3500

const unclear = "libseccomp decides about its rules together by an order of its own, or refuses them"

// certain reports the sets of rules that libseccomp was never seen to compile
// otherwise than they read: one action, and one rule, or comparisons for equality,
// or orders on one argument whose values share their upper word; or several actions
// for sets of values of one argument, of which no two meet.
func (d *decision) certain() bool {
	if d.many || len(d.rules) < 2 {
		return !d.many
	}
	first := &d.rules[0]
	equality, single := true, true
	for _, r := range d.rules {
		if r.ret != first.ret {
			return d.apart()
		}
		for _, c := range r.conds {
			order := c.Op != seccomp.OpEqualTo && c.Op != seccomp.OpMaskedEqual
			equality = equality && !order
			single = single && len(r.conds) == 1 && c.Op != seccomp.OpNotEqual && c.Op != seccomp.OpMaskedEqual &&
				c.Arg == first.conds[0].Arg && c.Value>>32 == first.conds[0].Value>>32
		}
	}
	return equality || single
}

// apart reports whether every rule compares the same argument once, for equality, and
// no value of it fits two rules with different actions.
func (d *decision) apart() bool {
	for i, r := range d.rules {
		if len(r.conds) != 1 || r.conds[0].Arg != d.rules[0].conds[0].Arg {
			return false
		}
		mask, value, ok := bits(r.conds[0])
		if !ok {
			return false
		}
		for _, other := range d.rules[:i] {
			if with, against, _ := bits(other.conds[0]); other.ret != r.ret && (value^against)&mask&with == 0 {
				return false
			}
		}
	}
	return true
}

// bits are those that a condition compares for equality, and with what.
func bits(c policy.Cond) (mask, value uint64, ok bool) {
	switch c.Op {
	case seccomp.OpEqualTo:
		return 1<<64 - 1, c.Value, true
	case seccomp.OpMaskedEqual:
		return c.Value, c.ValueTwo, true
	}
	return 0, 0, false
}

// decide finds the calls about which libseccomp's answer is not certain: those
// with several rules that it lays out by an order of its own, all others with
// conditions beside them; and, if a rule is about a call that an architecture
// does not have, those with the least numbers, up to one without conditions
// (libseccomp 2.5.4 was then seen to lose their rules).
func (m *model) decide() {
	length := 0
	for _, d := range m.calls {
		length += 2
		for _, r := range d.rules {
			length += 1 + 4*len(r.conds)
		}
	}
	if length > likelyLength {
		m.doubt(fmt.Sprintf("libseccomp's program may be longer than the %d instructions that the kernel takes", bpf.MaxLen))
	}
	for _, a := range m.archs {
		var of []place
		for _, at := range m.places() {
			if at.audit == a.Audit() && at.nr.X32() == (a == seccomp.ArchX32) {
				of = append(of, at)
			}
		}
		beside := false
		for _, at := range of {
			if d := m.calls[at]; d.always == nil && !d.certain() {
				m.leave(unsureRange{at.audit, at.nr, at.nr, unclear})
				m.doubt(m.callName(at) + ": " + unclear)
				beside = true
			}
		}
		lowest := true
		for _, at := range of {
			switch d := m.calls[at]; {
			case d.always != nil:
				lowest = false
			case !d.certain():
			case beside:
				m.leave(unsureRange{at.audit, at.nr, at.nr, "it has conditions, beside rules of other calls that libseccomp lays out by an order of its own"})
			case lowest && m.absent:
				m.leave(unsureRange{at.audit, at.nr, at.nr, "it has conditions and the least number of all, beside names that not every architecture has: libseccomp may lose its rule"})
			}
		}
	}
}

// callName is the name of the call at a place.
func (m *model) callName(at place) string {
	for _, a := range m.archs {
		if c, ok := syscalls.At(a, at.nr); ok && a.Audit() == at.audit {
			return c.String()
		}
	}
	return fmt.Sprint(at.nr)
}
