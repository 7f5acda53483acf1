package explain

import (
	"slices"
	"strings"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/seccomp"
)

// A Door is another way to the same act, and whether it is open.
type Door struct {
	Arch    string   `json:"arch"`
	Call    string   `json:"call"`
	How     string   `json:"how,omitempty"`
	Verdict *Outcome `json:"verdict"` // nil if it depends
}

// doors asks about the other ways: the call on the other ABIs of the kernel, the
// call behind a multiplexer, and the calls that do the same.
func (r *resolved) doors(call calls.Call) []Door {
	if call.Syscall == 0 {
		return nil
	}
	served := kernelOf(r.Facts.Arch)
	if !slices.Contains(served, call.Arch) {
		served = kernelOf(call.Arch)
	}
	var found []Door
	for _, a := range served {
		if a != call.Arch {
			found = r.elsewhere(found, call, a)
		}
		if via, arg0, ok := call.Syscall.Multiplexed(a); ok {
			how := "has its arguments behind a pointer, where no filter can look"
			text := via.String() + "(" + calls.FormatArg(a, via, 0, arg0) + ", _)"
			found = r.door(found, a, text, how)
		}
	}
	for _, d := range calls.Doors(call.Syscall) {
		text := d.Call.String()
		if d.Same {
			text += arguments(call)
		}
		found = r.door(found, call.Arch, text, d.How)
	}
	return found
}

// elsewhere adds the call on another ABI, under the names that it has there.
func (r *resolved) elsewhere(found []Door, call calls.Call, a seccomp.Arch) []Door {
	found = r.door(found, a, call.Syscall.String()+arguments(call), "")
	for _, d := range calls.Doors(call.Syscall) {
		if d.Same {
			found = r.door(found, a, d.Call.String()+arguments(call), d.How)
		}
	}
	return found
}

// door adds one way, if the architecture has it. Arguments that mean nothing
// there are open.
func (r *resolved) door(found []Door, a seccomp.Arch, text, how string) []Door {
	c, err := calls.Parse(a, text)
	if err != nil {
		name, _, _ := strings.Cut(text, "(")
		if c, err = calls.Parse(a, name); err != nil {
			return found
		}
	}
	return append(found, Door{a.Name(), c.String(), how, r.ask(c).Verdict})
}

// arguments returns the call's text from the parenthesis on.
func arguments(call calls.Call) string {
	if i := strings.IndexByte(call.String(), '('); i >= 0 {
		return call.String()[i:]
	}
	return ""
}

// kernelOf returns the ABIs that one kernel may serve, the given one first: the
// one of 64 bits and those of 32 bits that it runs too.
func kernelOf(a seccomp.Arch) []seccomp.Arch {
	for _, served := range [...][]seccomp.Arch{
		{seccomp.ArchX86_64, seccomp.ArchX86, seccomp.ArchX32},
		{seccomp.ArchAARCH64, seccomp.ArchARM},
		{seccomp.ArchMIPS64, seccomp.ArchMIPS, seccomp.ArchMIPS64N32},
		{seccomp.ArchMIPSEL64, seccomp.ArchMIPSEL, seccomp.ArchMIPSEL64N32},
		{seccomp.ArchPPC64, seccomp.ArchPPC},
		{seccomp.ArchS390X, seccomp.ArchS390},
	} {
		if i := slices.Index(served, a); i == 0 {
			return served
		} else if i > 0 {
			return []seccomp.Arch{a}
		}
	}
	return []seccomp.Arch{a}
}
