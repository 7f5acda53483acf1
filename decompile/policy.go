package decompile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// policy writes what was read as a policy.
func (r *reader) policy() {
	r.result.Default = r.defaultAction()
	pol := &policy.Policy{Native: r.native, Foreign: policy.Rule{Return: r.foreign.strictest(), Why: policy.WhyForeign}}
	byAudit := map[seccomp.AuditArch][]policy.Row{}
	for i := range r.calls {
		c := &r.calls[i]
		rows := byAudit[c.arch.Audit()]
		if n := len(rows); n > 0 && rows[n-1].First == c.nr && rows[n-1].Arch == c.arch {
			continue // another name of the same number
		}
		row := policy.Row{First: c.nr, Last: c.nr, Arch: c.arch, Named: true}
		row.Rules = r.rules(&c.answer, c.arch, c.call, c.nr, c.nr)
		byAudit[c.arch.Audit()] = append(rows, row)
	}
	for i := range r.unnamed {
		u := &r.unnamed[i]
		a := r.owner(u.audit, u.first)
		row := policy.Row{First: u.first, Last: u.last, Arch: a, Rules: r.rules(&u.answer, a, 0, u.first, u.last)}
		byAudit[u.audit] = append(byAudit[u.audit], row)
	}
	for audit, rows := range byAudit {
		slices.SortFunc(rows, func(a, b policy.Row) int { return cmp.Compare(a.First, b.First) })
		pol.ABIs = append(pol.ABIs, policy.ABI{Audit: audit, Rows: rows})
	}
	slices.SortFunc(pol.ABIs, func(a, b policy.ABI) int { return cmp.Compare(a.Audit, b.Audit) })
	if r.foreign.g != nil {
		r.beyond(Beyond{Why: "the number decides"}, &r.foreign)
	}
	r.result.Policy = pol
}

// provePolicy holds the policy against the filters. Only what is beyond it may
// differ.
func (r *reader) provePolicy() {
	type place struct {
		arch seccomp.Arch
		call string
	}
	known := map[place]bool{}
	for _, b := range r.result.Beyond {
		known[place{b.Arch, b.Call}] = true
	}
	c := r.compare(r.result.Policy)
	reason := ""
	if c.Reason != "" {
		reason = "the proof of what was read: " + c.Reason
	}
	for _, d := range c.Differences {
		if r.result.Policy.ABI(d.Witness.Arch) == nil {
			if !known[place{}] {
				reason = "other architectures were misread"
			}
			continue
		}
		unnamed := r.each(d, func(c *call) {
			if !known[place{c.arch, c.call.String()}] {
				reason = fmt.Sprintf("%v of %s was misread", c.call, c.arch.Name())
			}
		})
		if unnamed && !known[place{r.owner(d.Witness.Arch, d.First), ""}] {
			reason = fmt.Sprintf("number %d of %s was misread", d.First, r.owner(d.Witness.Arch, d.First).Name())
		}
	}
	if reason != "" && r.result.Undecided == "" {
		r.result.Undecided = reason
	}
}

// owner says whose number it is.
func (r *reader) owner(audit seccomp.AuditArch, nr seccomp.Nr) seccomp.Arch {
	var owner seccomp.Arch
	for _, a := range r.result.Archs {
		if a.Audit() == audit && (owner == 0 || (a == seccomp.ArchX32) == (nr.X32() && nr < 1<<31)) {
			owner = a
		}
	}
	return owner
}

// rules writes an answer as rules of which the first that holds decides.
func (r *reader) rules(a *answer, arch seccomp.Arch, c syscalls.Call, nr, last seccomp.Nr) []policy.Rule {
	beyond := Beyond{Arch: arch, Call: c.String(), First: nr, Last: last}
	switch {
	case a.err != nil:
		beyond.Why = a.err.Error()
		r.beyond(beyond, a)
		return []policy.Rule{{Return: a.strictest(), Why: policy.WhyProgram}}
	case a.g == nil:
		return []policy.Rule{{Return: a.word, Why: r.why(a.word, arch, nr)}}
	}
	strictest := []policy.Rule{{Return: a.strictest(), Why: policy.WhyProgram}}
	widths := widths(a, arch, c, false)
	if a.g.dependsOnIP(a.f) {
		beyond.Why = whyIP
		r.beyond(beyond, a)
		return strictest
	}
	// One answer is what remains: the default action, if it is among them and the
	// others can be told from it, or else the least strict.
	how := style{widths: widths, pairs: true, most: enough, base: r.result.Default}
	list := a.g.verdicts(a.f, how)
	base := slices.IndexFunc(list, func(v verdict) bool { return v.ret == how.base })
	if base < 0 || slices.ContainsFunc(list, verdict.missing) {
		base = len(list) - 1
		how.base = list[base].ret
		list = a.g.verdicts(a.f, how)
	}
	if a.g.over() {
		a.err = a.g.errOver()
		return r.rules(a, arch, c, nr, last)
	}
	if slices.ContainsFunc(list, verdict.missing) {
		beyond.Why = whyMany
		r.beyond(beyond, a)
		return strictest
	}
	var rules []policy.Rule
	for i, v := range list {
		for _, conds := range v.alternatives {
			if i != base {
				rules = append(rules, policy.Rule{Conds: conds, Return: v.ret, Why: policy.WhyProgram})
			}
		}
	}
	return append(rules, policy.Rule{Return: how.base, Why: r.why(how.base, arch, nr)})
}

// widths says how many bits of each argument an answer is written with: those
// that the kernel looks at, or, to be exact, all of the register if it depends on
// others too.
func widths(a *answer, arch seccomp.Arch, c syscalls.Call, narrow bool) [6]uint8 {
	var w [6]uint8
	for i := range w {
		w[i] = c.Bits(arch, i)
		if !narrow && a.g.dependsOn(a.f, ignored(i, w[i])) {
			w[i] = 64
		}
	}
	return w
}

// ignored picks the levels of the bits of an argument that the kernel ignores.
func ignored(arg int, width uint8) func(level int32) bool {
	first := int32(argLevel + 64*arg)
	return func(level int32) bool { return first <= level && level < first+64-int32(width) }
}

// beyond notes a call about which rules cannot say what happens to it.
func (r *reader) beyond(b Beyond, a *answer) {
	if a.err == nil {
		b.Answers = a.words()
	} else if r.result.Undecided == "" {
		name := b.Call
		if name == "" {
			name = "what other numbers get"
		}
		where := "other architectures"
		if b.Arch != 0 {
			where = b.Arch.Name()
		}
		r.result.Undecided = name + " on " + where + ": " + a.err.Error()
	}
	r.result.Beyond = append(r.result.Beyond, b)
}

// why tells the default action and what is newer than any call that has another
// answer from the rest.
func (r *reader) why(word seccomp.Return, arch seccomp.Arch, nr seccomp.Nr) policy.Why {
	switch {
	case word == r.result.Default:
		return policy.WhyDefault
	case !open(r.result.Default.Action()) && word == r.enosys() && nr > r.boundary(arch):
		return policy.WhyNewer
	}
	return policy.WhyProgram
}

func (r *reader) enosys() seccomp.Return { return seccomp.ReturnErrno(r.native.ENOSYS()) }

// boundary returns the largest number of a call that is not answered as one that
// is newer than a profile.
func (r *reader) boundary(a seccomp.Arch) seccomp.Nr {
	boundary := seccomp.Nr(0)
	for i := range r.calls {
		if c := &r.calls[i]; c.arch == a && !c.is(r.enosys()) {
			boundary = max(boundary, c.nr)
		}
	}
	return boundary
}

// top returns what the largest number of the native architecture gets.
func (r *reader) top() seccomp.Return {
	last := seccomp.Nr(1<<32 - 1)
	switch r.native {
	case seccomp.ArchX86_64:
		last = 1<<30 - 1
	case seccomp.ArchX32:
		last = 1<<31 - 1
	}
	for i := range r.unnamed {
		if u := &r.unnamed[i]; u.audit == r.native.Audit() && u.first <= last && last <= u.last {
			return u.strictest()
		}
	}
	return r.foreign.strictest()
}

// defaultAction chooses the default action that suits best. What the largest
// numbers get is the default if it is one that nothing is newer to; if it is
// errno ENOSYS, the default is what the holes between the calls get, or, without
// holes, most calls.
func (r *reader) defaultAction() seccomp.Return {
	top := r.top()
	if top != r.enosys() {
		return top
	}
	boundary := r.boundary(r.native)
	const hole = 1000 // counts as much as so many calls
	weight := map[seccomp.Return]uint64{}
	for i := range r.unnamed {
		if u := &r.unnamed[i]; r.owner(u.audit, u.first) == r.native && u.g == nil && u.err == nil && u.first < boundary {
			weight[u.word] += hole * (uint64(min(u.last, boundary)-u.first) + 1)
		}
	}
	for i := range r.calls {
		if c := &r.calls[i]; c.arch == r.native && c.g == nil && c.err == nil && c.nr < boundary {
			weight[c.word]++
		}
	}
	best := top
	for _, word := range slices.Sorted(maps.Keys(weight)) {
		if !open(word.Action()) && weight[word] > weight[best] {
			best = word
		}
	}
	return best
}
