package convert

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// errnos lists the errnos with which runtimes do not start.
func (c *conversion) errnos() {
	c.tooLarge(c.profile.Default, c.profile.DefaultPos, "defaultErrnoRet")
	for _, i := range c.rules {
		r := &c.profile.Rules[i]
		c.tooLarge(r.Return, r.Pos, fmt.Sprintf("syscalls[%d].errnoRet", r.Index))
	}
}

// tooLarge lists an errno that libseccomp refuses (src/system.h, action_valid).
func (c *conversion) tooLarge(ret seccomp.Return, pos profile.Pos, path string) {
	if ret == seccomp.ReturnErrno(seccomp.MaxErrno) {
		c.lose(pos, path, "runtimes with libseccomp do not start: its largest errno is 4094", "")
	}
}

// losesNumber lists a defect of libseccomp, seen in 2.5.4: in the part of its program
// for an architecture it loads the number for the first call, in its own order, and
// if it has no number for that call there, the part compares something else, and the
// default answers every call. A call that has a number and a rule without conditions
// is before all others. The number of x86_64 without x32 is loaded to tell the two.
func (c *conversion) losesNumber(q *profile.Profile) {
	for _, a := range c.archs {
		x32 := slices.Contains(c.archs, seccomp.ArchX32)
		if a == seccomp.ArchX86_64 && !x32 || a == seccomp.ArchX32 {
			continue
		}
		name := a.Name()
		if a == seccomp.ArchX86_64 {
			a, name = seccomp.ArchX32, "x86_64 and x32" // whose part is the first of the two
		}
		if loadsNumber(q, a) {
			continue
		}
		c.doubt(0, "architectures", fmt.Sprintf("runtimes with libseccomp may lose the rules of every call of %s: none of its calls has a rule without conditions, and the program can miss the number then", name), "")
	}
}

// loadsNumber reports whether libseccomp certainly has a number for the first call
// of an architecture. It has none for calls that are also behind another, nor, in its
// older releases, for those that are newer than openat2 of Linux 5.6.
func loadsNumber(q *profile.Profile, a seccomp.Arch) bool {
	openat2, _ := syscalls.Lookup("openat2")
	newest, _ := openat2.Nr(a)
	var conditional, without []syscalls.Call
	for i := range q.Rules {
		r := &q.Rules[i]
		if r.Return == q.Default {
			continue
		}
		for _, n := range r.Names {
			call, ok := syscalls.Lookup(n.Text)
			nr, has := call.Nr(a)
			_, _, behind := call.Multiplexed(a)
			has = has && !behind && nr <= newest
			switch {
			case ok && has && len(r.Args) == 0:
				return true
			case ok && has:
				conditional = append(conditional, call)
			case ok:
				without = append(without, call)
			}
		}
	}
	return len(without) == 0 && len(slices.Compact(conditional)) < 2
}

// A Miscompiled is a call whose rules, as they are written, libseccomp is known to
// compile to something else or never to return from, and the first of these rules.
type Miscompiled struct {
	Call syscalls.Call
	Rule *profile.Rule
}

// MiscompiledIn lists such calls among some rules of a profile, in the order of the
// names.
func MiscompiledIn(p *profile.Profile, rules []int) []Miscompiled {
	compared := make(map[syscalls.Call]*comparisons)
	var list []Miscompiled
	for _, i := range rules {
		r := &p.Rules[i]
		if len(r.Args) == 0 || r.Return == p.Default {
			continue
		}
		for _, n := range r.Names {
			call, ok := syscalls.Lookup(n.Text)
			if !ok {
				continue
			}
			if compared[call] == nil {
				compared[call] = &comparisons{}
			}
			u := compared[call]
			was := u.wrong()
			u.rules++
			if u.add(r); u.wrong() && !was {
				list = append(list, Miscompiled{call, r})
			}
		}
	}
	slices.SortFunc(list, func(a, b Miscompiled) int { return cmp.Compare(a.Call, b.Call) })
	return list
}

// comparisons is what the rules of one call compare.
type comparisons struct {
	rules   int
	conds   int
	args    [6]bool
	high    uint64 // the upper word of the first value
	wide    bool   // another value has another
	order   bool   // something else than equality is asked
	repeats bool   // a rule compares one argument twice, and so is several
}

func (u *comparisons) add(r *profile.Rule) {
	var seen [6]bool
	for i := range r.Args {
		a := &r.Args[i]
		u.repeats = u.repeats || seen[a.Index]
		seen[a.Index] = true
		if u.conds == 0 {
			u.high = a.Value >> 32
		}
		u.conds++
		u.args[a.Index] = true
		u.wide = u.wide || a.Value>>32 != u.high
		u.order = u.order || a.Op != seccomp.OpEqualTo && a.Op != seccomp.OpMaskedEqual
	}
}

// wrong is risky, but for a rule alone, which is compiled as it is written.
func (u *comparisons) wrong() bool { return (u.rules > 1 || u.repeats) && u.risky() }

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
