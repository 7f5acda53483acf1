package syscalls

import (
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// Bits returns how many low bits of an argument, the first being 0, the kernel
// looks at: 16, 32 or 64. It converts the register to the type that the
// call declares and drops the rest (__SC_CAST in include/linux/syscalls.h), so
// that a filter must not look at it either: chmod to 0x10000|04755 sets 04755.
//
//   - 16: umode_t, and the old_uid_t of the first 32-bit ABIs
//   - 32: int, unsigned int, pid_t, uid_t, clockid_t and the like
//   - 64: long, size_t, pointers
//
// A few arguments that are declared longer are converted all the same, such as
// the flags of clone. An argument that is long, but whose high half a call
// happens to ignore (the prot of mmap), is 64 bits.
//
// It is never more than a register of the ABI has, and 32 on x32 and n32, even
// for the few arguments of theirs that are 64 bits to the kernel (the offset of
// lseek). An argument that the call does not take, or of which no declaration
// is known because the call has left the kernel, has a register's width.
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

// Args returns the parameters of the call on the architecture, nil where it
// takes none or none are known. They differ: clone has its flags second on s390,
// and a 64-bit offset is two arguments on 32-bit ABIs. In such a pair _lo and _hi
// say which half is which in little endian; in big endian they trade places.
//
// Two calls of 32-bit MIPS have seven, of which the kernel shows a filter six.
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
