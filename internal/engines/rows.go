package engines

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// places returns the calls that rules are about, by architecture and number.
func (m *model) places() []place {
	var list []place
	for at := range m.calls {
		list = append(list, at)
	}
	slices.SortFunc(list, func(x, y place) int { return cmp.Or(cmp.Compare(x.audit, y.audit), cmp.Compare(x.nr, y.nr)) })
	return list
}

// build makes a policy: for each architecture the rules of every number, found at
// the numbers where they may change.
func (m *model) build() {
	m.Policy = &policy.Policy{Native: m.Native, Foreign: policy.Rule{Return: seccomp.ActKillThread.Return(), Why: policy.WhyForeign}}
	var audits []seccomp.AuditArch
	for _, a := range m.archs {
		m.unsureBoundary(a)
		audits = append(audits, a.Audit())
	}
	slices.Sort(audits)
	for _, audit := range slices.Compact(audits) {
		abi := policy.ABI{Audit: audit}
		edges := m.edges(audit)
		for i, first := range edges {
			last := seccomp.Nr(1<<32 - 1)
			if i+1 < len(edges) {
				last = edges[i+1] - 1
			}
			arch, rules := m.rules(place{audit, first})
			named := m.calls[place{audit, first}] != nil
			abi.Rows = append(abi.Rows, policy.Row{First: first, Last: last, Arch: arch, Named: named, Rules: rules})
		}
		m.Policy.ABIs = append(m.Policy.ABIs, abi)
	}
}

// x32First is the first number that libseccomp takes for one of x32.
const x32First seccomp.Nr = 1 << 30

// edges returns the numbers from which on the meaning may be another.
func (m *model) edges(audit seccomp.AuditArch) []seccomp.Nr {
	list := []seccomp.Nr{0, 1, x32First, 2 * x32First, 3 * x32First, 1<<32 - 1}
	for _, at := range m.places() {
		if at.audit == audit {
			list = append(list, at.nr, at.nr+1)
		}
	}
	for _, a := range m.archs {
		if a.Audit() == audit {
			list = append(list, m.last[a].sure+1)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// rules returns what decides about a number, and whose it is.
func (m *model) rules(at place) (seccomp.Arch, []policy.Rule) {
	arch := m.archs[slices.IndexFunc(m.archs, func(a seccomp.Arch) bool { return a.Audit() == at.audit })]
	if at.audit == seccomp.ArchX86_64.Audit() {
		// Bit 30 tells the two apart to runc's check for newer calls; every number
		// from there on but -1 is x32's to libseccomp.
		arch = seccomp.ArchX86_64
		if at.nr.X32() {
			arch = seccomp.ArchX32
		}
	}
	if slices.Contains(m.archs, arch) && m.newer(arch, at.nr) {
		return arch, []policy.Rule{{Return: seccomp.ReturnErrno(m.Native.ENOSYS()), Why: policy.WhyNewer}}
	}
	byDefault := policy.Rule{Return: m.byDefault, Why: policy.WhyDefault}
	if at.audit == seccomp.ArchX86_64.Audit() {
		listed := slices.Contains(m.archs, seccomp.ArchX86_64)
		if at.nr >= x32First {
			listed = slices.Contains(m.archs, seccomp.ArchX32)
			if !listed && at.nr == 1<<32-1 {
				return arch, []policy.Rule{byDefault}
			}
		}
		if !listed {
			return arch, []policy.Rule{m.Policy.Foreign}
		}
	}
	d := m.calls[at]
	if d == nil {
		return arch, []policy.Rule{byDefault}
	}
	if d.always != nil {
		return arch, []policy.Rule{{Return: d.always.ret, Origin: int32(d.always.rule)}}
	}
	var rules []policy.Rule
	for _, r := range d.rules {
		rules = append(rules, policy.Rule{Conds: r.conds, Return: r.ret, Origin: int32(r.rule)})
	}
	return arch, append(rules, byDefault)
}

// newer is runc's check for calls that came after the profile, with the largest
// number of the names of which libseccomp knows all.
func (m *model) newer(a seccomp.Arch, nr seccomp.Nr) bool {
	last := m.last[a].sure
	if !m.bounded(a) || last == 0 {
		return false
	}
	return nr > last || nr == 0 && (a == seccomp.ArchS390 || a == seccomp.ArchS390X)
}

// bounded reports whether the engine answers newer calls of an architecture with
// ENOSYS: crun does not, and old versions of runc only for those that are listed.
func (m *model) bounded(a seccomp.Arch) bool {
	switch m.byDefault.Action() {
	case seccomp.ActAllow, seccomp.ActLog, seccomp.ActTrace, seccomp.ActNotify:
		return false
	}
	return m.Engine.Name == Runc.Name && (m.listed(a) || !m.Engine.Version.before(nativeToo) || m.between(a))
}

func (m *model) listed(a seccomp.Arch) bool {
	return slices.Contains(m.document.Architectures, a.String())
}

// between reports whether it is not known if the version answers so.
func (m *model) between(a seccomp.Arch) bool {
	return !m.listed(a) && listedOnly.before(m.Engine.Version) && m.Engine.Version.before(nativeToo)
}

// unsureBoundary tells of the numbers that are newer than the profile only if
// libseccomp knows more of its names than is certain, or if the version of runc
// looks at all.
func (m *model) unsureBoundary(a seccomp.Arch) {
	b := m.last[a]
	switch {
	case !m.bounded(a):
	case m.between(a):
		m.unsureFrom(a, b.sure+1, fmt.Sprintf("somewhere between %v and %v runc began to answer newer calls with ENOSYS on an architecture that is not listed", listedOnly, nativeToo))
	case b.most > b.sure && b.sure == 0:
		m.unsureFrom(a, 0, fmt.Sprintf("runc answers ENOSYS above %d if libseccomp knows that name", b.most&^x32First))
	case b.most > b.sure:
		m.leave(unsureRange{a.Audit(), b.sure + 1, b.most,
			fmt.Sprintf("runc answers ENOSYS above the largest number whose name libseccomp knows, %d at least and %d at most", b.sure&^x32First, b.most&^x32First)})
	}
}

// unsureFrom says so of all numbers of an architecture from one on. x86_64 and x32
// have two quarters of them each.
func (m *model) unsureFrom(a seccomp.Arch, first seccomp.Nr, why string) {
	all := [][2]seccomp.Nr{{0, 1<<32 - 1}}
	switch a {
	case seccomp.ArchX86_64:
		all = [][2]seccomp.Nr{{0, x32First - 1}, {2 * x32First, 3*x32First - 1}}
	case seccomp.ArchX32:
		all = [][2]seccomp.Nr{{x32First, 2*x32First - 1}, {3 * x32First, 1<<32 - 1}}
	}
	for _, r := range all {
		if first <= r[1] {
			m.leave(unsureRange{a.Audit(), max(first, r[0]), r[1], why})
		}
	}
}
