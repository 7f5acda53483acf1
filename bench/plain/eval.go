package plain

import (
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A View says in which respects a profile is read as runc with libseccomp reads
// it. The zero View is weir's.
type View uint8

const (
	Conflict    View = 1 << iota // rules of different actions that overlap
	Width                        // how many bits of an argument are compared
	Multiplexed                  // what socketcall and ipc do
	Names                        // the host's table of calls, and the boundary that follows

	Libseccomp = Conflict | Width | Multiplexed | Names
)

// Views lists the single respects.
var Views = [...]View{Conflict, Width, Multiplexed, Names}

// Answers says what a profile does with a call. It is one answer but in the
// view of Conflict, where libseccomp picks one by an order of its own: there it
// is the answers of all rules that match.
func (r *Rules) Answers(d *seccomp.Data, v View) []seccomp.Return {
	arch, special, ok := r.owner(d, v)
	if ok {
		return []seccomp.Return{special}
	}
	if v&Conflict != 0 {
		return r.overlap(r.Matching(d, arch, v))
	}
	return []seccomp.Return{r.strictest(r.Matching(d, arch, v))}
}

// owner says whose number it is, or what becomes of a number that is nobody's:
// a foreign one, or one that is newer than the profile.
func (r *Rules) owner(d *seccomp.Data, v View) (arch seccomp.Arch, special seccomp.Return, ok bool) {
	kill := seccomp.ActKillThread.Return()
	if d.Arch != seccomp.ArchX86_64.Audit() {
		for _, a := range r.Archs {
			if a.Audit() == d.Arch {
				arch = a
			}
		}
		if arch == 0 {
			return 0, kill, true
		}
		if r.newer(arch, d.Nr, v) {
			return 0, seccomp.ReturnErrno(r.Native.ENOSYS()), true
		}
		return arch, 0, false
	}

	// x86_64 and x32 share a value. Bit 30 tells them apart to runc's check for
	// newer calls; every number from there on but -1 is x32's to libseccomp.
	arch = seccomp.ArchX86_64
	if d.Nr&(1<<30) != 0 {
		arch = seccomp.ArchX32
	}
	native, x32 := r.lists(seccomp.ArchX86_64), r.lists(seccomp.ArchX32)
	if !native && !x32 {
		return 0, kill, true
	}
	if r.lists(arch) && r.newer(arch, d.Nr, v) {
		return 0, seccomp.ReturnErrno(r.Native.ENOSYS()), true
	}
	if d.Nr < 1<<30 && !native {
		return 0, kill, true
	}
	if d.Nr >= 1<<30 && !x32 {
		if d.Nr == 1<<32-1 {
			return 0, r.Default, true
		}
		return 0, kill, true
	}
	return arch, 0, false
}

func (r *Rules) lists(a seccomp.Arch) bool {
	for _, have := range r.Archs {
		if have == a {
			return true
		}
	}
	return false
}

// Last returns the largest number that the profile names on an architecture.
func (r *Rules) Last(a seccomp.Arch, v View) seccomp.Nr { return r.index(v).last[a] }

func (r *Rules) index(v View) *index {
	if r.mine == nil {
		r.mine, r.his = newIndex(r, weirTable{}), newIndex(r, r.host)
	}
	if v&Names != 0 {
		return r.his
	}
	return r.mine
}

// newer tells numbers beyond the largest that the profile names, if the profile
// denies by default. On s390, 0 stands for numbers that the instruction could
// not carry and the kernel did not know.
func (r *Rules) newer(a seccomp.Arch, nr seccomp.Nr, v View) bool {
	switch r.Default.Action() {
	case seccomp.ActAllow, seccomp.ActLog, seccomp.ActTrace, seccomp.ActNotify:
		return false
	}
	last := r.Last(a, v)
	if last == 0 {
		return false
	}
	if nr == 0 && (a == seccomp.ArchS390 || a == seccomp.ArchS390X) {
		return true
	}
	return nr > last
}

// A Candidate is a rule that may decide about a call on an architecture.
type Candidate struct {
	Rule int // index into Rules
	Arch seccomp.Arch
}

// Candidates returns the rules that may decide about a call for libseccomp,
// whatever its arguments: those of the call, and those of the calls behind it.
func (r *Rules) Candidates(d *seccomp.Data) []Candidate {
	var list []Candidate
	for _, a := range r.Archs {
		if a.Audit() == d.Arch {
			at := place{a, d.Nr}
			for _, i := range r.index(Names).own[at] {
				list = append(list, Candidate{i, a})
			}
			for _, g := range r.index(Names).via[at] {
				list = append(list, Candidate{g.rule, a})
			}
		}
	}
	return list
}

// A Match is a rule that applies to a call.
type Match struct {
	Rule   int // index into Rules
	Return seccomp.Return
	Always bool // no condition is left
}

// Matching returns the rules that apply to a call, in the order of the file.
func (r *Rules) Matching(d *seccomp.Data, arch seccomp.Arch, v View) []Match {
	x, at := r.index(v), place{arch, d.Nr}
	var found []Match
	own, via := x.own[at], x.via[at]
	for len(own) > 0 || len(via) > 0 {
		if len(via) == 0 || len(own) > 0 && own[0] <= via[0].rule {
			if m, ok := r.match(own[0], d, arch, v); ok {
				found = append(found, m)
			}
			own = own[1:]
			continue
		}
		// To weir, rules of their own decide about socketcall and ipc alone.
		if v&Multiplexed != 0 || len(x.own[at]) == 0 {
			if m, ok := r.through(via[0], d, arch, v); ok {
				found = append(found, m)
			}
		}
		via = via[1:]
	}
	return found
}

// match evaluates a rule of a call on that call.
func (r *Rules) match(rule int, d *seccomp.Data, arch seccomp.Arch, v View) (Match, bool) {
	m := Match{Rule: rule, Return: r.Rules[rule].Return, Always: true}
	c, _ := syscalls.Lookup(r.Rules[rule].Name)
	for _, cond := range r.Rules[rule].Conds {
		if !holds(cond, d, c, arch, v) {
			return m, false
		}
		m.Always = m.Always && pointless(cond, arch, v)
	}
	return m, true
}

// through evaluates a rule on the call that its own can be reached through. To
// weir only the first argument counts, which says what call it is, of which ipc
// looks at 16 bits. libseccomp compares all of it, and keeps the conditions that
// the rule has on the other arguments, though those are others there.
func (r *Rules) through(g generated, d *seccomp.Data, arch seccomp.Arch, v View) (Match, bool) {
	m := Match{Rule: g.rule, Return: r.Rules[g.rule].Return}
	if v&Multiplexed == 0 {
		bits := g.via.Bits(arch, 0)
		if g.via.String() == "ipc" {
			bits = 16
		}
		return m, low(d.Args[0], bits) == g.arg0
	}
	if low(d.Args[0], uint8(arch.ArgBits())) != g.arg0 {
		return m, false
	}
	for _, cond := range r.Rules[g.rule].Conds {
		if cond.Arg != 0 && !holds(cond, d, g.via, arch, v) {
			return m, false
		}
	}
	return m, true
}

// strictest is weir's decision: of the rules without conditions only the first
// counts, and the most restrictive of those that match wins.
func (r *Rules) strictest(matches []Match) seccomp.Return {
	best, found, always := r.Default, false, false
	for _, m := range matches {
		if m.Always && always {
			continue
		}
		always = always || m.Always
		if !found || m.Return.Stricter(best) {
			best, found = m.Return, true
		}
	}
	return best
}

// overlap is libseccomp's decision: runc drops what equals the default, the
// first rule without conditions erases all others, and which of several others
// wins follows from how they are laid out.
func (r *Rules) overlap(matches []Match) []seccomp.Return {
	var answers []seccomp.Return
	for _, m := range matches {
		if m.Return == r.Default {
			continue
		}
		if m.Always {
			return []seccomp.Return{m.Return}
		}
		answers = append(answers, m.Return)
	}
	if len(answers) == 0 {
		return []seccomp.Return{r.Default}
	}
	return answers
}
