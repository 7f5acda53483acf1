package policy

import (
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// The kernel of x86_64 takes a number with bit 30 for one of x32. libseccomp
// takes every number from 1<<30 on for one, but for -1, and runc's check for
// newer calls looks at the bit.
const x32First, lastNr seccomp.Nr = 1 << 30, 1<<32 - 1

// abi builds the rows for one AUDIT_ARCH value; archs are the listed
// architectures that have it.
func (r *resolver) abi(p *Policy, archs []seccomp.Arch) ABI {
	b := builder{rows: make([]Row, 0, len(archs)*len(r.uses)/4+52)}
	byDefault := []Rule{{Return: r.profile.Default, Why: WhyDefault}}
	foreign := []Rule{p.Foreign}
	if a := archs[0]; len(archs) == 1 && a != seccomp.ArchX86_64 && a != seccomp.ArchX32 {
		t := r.table(a, byDefault, byDefault)
		if t.boundary != lastNr && (a == seccomp.ArchS390 || a == seccomp.ArchS390X) {
			// A number too large for the instruction is passed as number 0, and
			// stays 0 if the kernel does not know it.
			b.fill(0, a, t.beyond)
		}
		r.calls(&b, &t)
		b.fill(t.boundary, a, t.between)
		b.fill(lastNr, a, t.beyond)
		return ABI{Audit: a.Audit(), Rows: b.rows}
	}

	// x86_64, x32 or both. Each owns two quarters of the numbers; only the first
	// of each has calls.
	const native, x32 = seccomp.ArchX86_64, seccomp.ArchX32
	last := len(archs) - 1
	hasNative, hasX32 := archs[0] == native, archs[last] == x32
	upper := foreign
	if hasX32 {
		upper = byDefault
	}
	nativeBeyond, x32Beyond := upper, upper
	if hasNative {
		t := r.table(native, byDefault, upper)
		nativeBeyond = t.beyond
		r.calls(&b, &t)
		b.fill(min(t.boundary, x32First-1), native, t.between)
		b.fill(x32First-1, native, t.beyond)
	} else {
		b.fill(x32First-1, native, foreign)
	}
	if hasX32 {
		t := r.table(x32, byDefault, upper)
		x32Beyond = t.beyond
		r.calls(&b, &t)
		b.fill(min(t.boundary, 2*x32First-1), x32, t.between)
		b.fill(2*x32First-1, x32, t.beyond)
	} else {
		b.fill(2*x32First-1, x32, foreign)
	}
	b.fill(3*x32First-1, native, nativeBeyond)
	if !hasX32 {
		b.fill(lastNr-1, x32, foreign)
		b.fill(lastNr, x32, byDefault)
	}
	b.fill(lastNr, x32, x32Beyond)
	return ABI{Audit: archs[0].Audit(), Rows: b.rows}
}

// A table is the calls of an architecture, and what lies around them.
type table struct {
	arch    seccomp.Arch
	calls   []syscalls.Call // by number
	between []Rule          // for numbers that no rule names, up to the boundary
	beyond  []Rule          // for those above

	// boundary is the largest number that any rule in force names, whatever its
	// action: above it lies what is newer than the profile. Nothing is newer to a
	// profile that lets unknown calls through.
	boundary seccomp.Nr
}

// table looks at an architecture. What is not newer, however large, gets above.
func (r *resolver) table(a seccomp.Arch, between, above []Rule) table {
	t := table{a, syscalls.On(a), between, above, lastNr}
	switch r.profile.Default.Action() {
	case seccomp.ActAllow, seccomp.ActLog, seccomp.ActTrace, seccomp.ActNotify:
		return t
	}
	for i := len(t.calls) - 1; i >= 0; i-- {
		if r.alone[t.calls[i]] == nobody {
			continue
		}
		if nr, _ := t.calls[i].Nr(a); nr > 0 {
			t.boundary, t.beyond = nr, []Rule{{Return: seccomp.ReturnErrno(r.facts.Arch.ENOSYS()), Why: WhyNewer}}
		}
		break
	}
	return t
}

// A builder lays rows side by side, without gaps.
type builder struct {
	rows []Row
	next uint64 // the first number that has no row yet
}

// fill adds a row up to a number, if there is room.
func (b *builder) fill(last seccomp.Nr, a seccomp.Arch, rules []Rule) {
	if uint64(last) < b.next {
		return
	}
	b.rows = append(b.rows, Row{First: seccomp.Nr(b.next), Last: last, Arch: a, Rules: rules})
	b.next = uint64(last) + 1
}

// call adds a call to the row before it, if they have the same rules, or else a row.
func (b *builder) call(nr seccomp.Nr, a seccomp.Arch, rules []Rule) {
	b.next = uint64(nr) + 1
	if n := len(b.rows); n > 0 {
		if last := &b.rows[n-1]; last.Named && last.Arch == a && last.Last+1 == nr && &last.Rules[0] == &rules[0] {
			last.Last = nr
			return
		}
	}
	b.rows = append(b.rows, Row{First: nr, Last: nr, Arch: a, Named: true, Rules: rules})
}
