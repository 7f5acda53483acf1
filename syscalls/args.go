package syscalls

import (
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// Bits returns how many low bits of argument arg, counted from 0, the kernel
// looks at: 16, 32 or 64. It drops the rest of the register, so that a filter
// must not look at it either.
//
// An argument that the call does not take, or that no declaration is known of
// because the call has left the kernel, has as many bits as a register.
func (c Call) Bits(a seccomp.Arch, arg int) uint8 {
	register := uint8(a.ArgBits())
	if !c.valid() || !a.Valid() || arg < 0 || arg > 5 {
		return register
	}
	switch widths[signatureOf[c][abiOf[a]]] >> (2 * arg) & 3 {
	case 1:
		return 16
	case 2:
		return 32
	}
	return register
}

// An Arg is a parameter of a call, as the kernel declares it.
type Arg struct {
	Name string // filename
	Type string // const char *
}

// Args returns the parameters of the call on the architecture, nil where none
// is known. They differ between architectures: clone has its flags second on
// s390, and a 64-bit offset takes two arguments on 32-bit ABIs, low half first
// even where the byte order is the other.
func (c Call) Args(a seccomp.Arch) []Arg {
	if !c.valid() || !a.Valid() {
		return nil
	}
	s := signatureOf[c][abiOf[a]]
	if s == 0 {
		return nil
	}
	text := parameters[parametersEnd[s-1]:parametersEnd[s]]
	var args []Arg
	for text != "" {
		var p string
		p, text, _ = strings.Cut(text, ", ")
		i := strings.LastIndexAny(p, " *") + 1
		args = append(args, Arg{Name: p[i:], Type: strings.TrimSuffix(p[:i], " ")})
	}
	return args
}
