package policy

import (
	"sort"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A Policy is the resolved meaning of a profile. It is total: for every value
// of seccomp_data it says what happens, and why.
type Policy struct {
	Native seccomp.Arch
	ABIs   []ABI // one for each AUDIT_ARCH value, ascending

	// Default is the profile's default action: it answers the calls that no rule
	// decides about and that are not newer than the profile.
	Default seccomp.Return

	// Foreign answers every AUDIT_ARCH value that is not among ABIs.
	Foreign Rule
}

// An ABI is the part of a policy that belongs to one AUDIT_ARCH value. x86_64
// and x32 share theirs.
type ABI struct {
	Audit seccomp.AuditArch
	Rows  []Row // ascending and without gaps: together they cover every number
}

// A Row is a range of numbers with one meaning: calls that the profile names, or
// what lies between and beyond them.
type Row struct {
	First, Last seccomp.Nr // both included

	// Arch says whose numbers they are, where an ABI has two.
	Arch seccomp.Arch

	// Named says that a rule of the profile names the call of every number, see
	// [Row.Call].
	Named bool

	// Rules are tried in order: the first whose conditions all hold decides. It
	// is never empty, and its last rule has no conditions. The ones before have.
	// Rows with the same meaning may share one slice.
	Rules []Rule
}

// A Rule is an outcome and the conditions that lead to it.
type Rule struct {
	Conds  []Cond // all must hold
	Return seccomp.Return
	Why    Why
	Origin int32 // with WhyRule and WhyMultiplexed: the index of the rule in Profile.Rules
}

// Why says what put a rule into the policy.
type Why uint8

const (
	WhyRule        Why = iota // a rule of the profile
	WhyDefault                // the profile's default action
	WhyNewer                  // the number is newer than any that the profile names
	WhyForeign                // the architecture, or x32, is not listed
	WhyMultiplexed            // a rule of a call that is reached through socketcall or ipc
	WhyProgram                // a program does so: the policy is one that was decompiled
)

// A Cond compares one argument. The argument is first cut to Bits and
// zero-extended, as the kernel does with it; the comparison is of 64-bit
// unsigned numbers.
type Cond struct {
	Arg      uint8 // 0 to 5
	Bits     uint8 // 16, 32 or 64
	Op       seccomp.Op
	Value    uint64 // the mask of OpMaskedEqual
	ValueTwo uint64 // the datum of OpMaskedEqual, 0 otherwise
}

// Call returns the call of a number of the row, the zero Call if the row is not
// Named.
func (r *Row) Call(nr seccomp.Nr) syscalls.Call {
	if !r.Named {
		return 0
	}
	call, _ := syscalls.At(r.Arch, nr)
	return call
}

// Holds evaluates the condition on the six arguments of a call.
func (c Cond) Holds(args *[6]uint64) bool {
	v := args[c.Arg]
	if c.Bits < 64 {
		v &= 1<<c.Bits - 1
	}
	return c.Op.Holds(v, c.Value, c.ValueTwo)
}

// Holds reports whether all conditions of the rule hold.
func (r *Rule) Holds(args *[6]uint64) bool {
	for _, c := range r.Conds {
		if !c.Holds(args) {
			return false
		}
	}
	return true
}

// ABI returns the part for an AUDIT_ARCH value, nil if it is not listed.
func (p *Policy) ABI(audit seccomp.AuditArch) *ABI {
	for i := range p.ABIs { // a few
		if p.ABIs[i].Audit == audit {
			return &p.ABIs[i]
		}
	}
	return nil
}

// Row returns the row of a number.
func (a *ABI) Row(nr seccomp.Nr) *Row {
	i := sort.Search(len(a.Rows), func(i int) bool { return a.Rows[i].Last >= nr })
	return &a.Rows[i]
}

// Eval says what the policy does with a call: the row, nil for a foreign
// architecture, and the rule that decides.
func (p *Policy) Eval(d *seccomp.Data) (*Row, *Rule) {
	abi := p.ABI(d.Arch)
	if abi == nil {
		return nil, &p.Foreign
	}
	row := abi.Row(d.Nr)
	for i := range row.Rules {
		if row.Rules[i].Holds(&d.Args) {
			return row, &row.Rules[i]
		}
	}
	panic("policy: a row without an unconditional rule") // Resolve never makes one
}
