package calls

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// Format writes a call as strace would: by name, with the arguments that it
// takes, and more if one of those is not 0. A number without a name has all six.
// [Parse] gives the same call again, but for bits of an argument that the kernel
// ignores anyway when they extend its sign.
func Format(a seccomp.Arch, d seccomp.Data) string {
	a, call := owner(a, d.Nr)
	name, n := call.String(), len(call.Args(a))
	if call == 0 {
		name, n = strconv.FormatUint(uint64(d.Nr), 10), 6
		if d.Nr > 1<<31 {
			name = strconv.FormatInt(int64(int32(d.Nr)), 10)
		}
	}
	n = min(n, 6)
	if n == 0 { // none, or none known
		for i, v := range d.Args {
			if v != 0 {
				n = i + 1
			}
		}
	}
	args := make([]string, n)
	for i := range args {
		args[i] = FormatArg(a, call, i, d.Args[i])
	}
	return name + "(" + strings.Join(args, ", ") + ")"
}

// FormatArg writes one argument of a call, the first being 0, with the names of
// the constants that it takes: AF_ALG, CLONE_NEWUSER|SIGCHLD, 0755.
func FormatArg(a seccomp.Arch, call syscalls.Call, arg int, v uint64) string {
	bits := call.Bits(a, arg)
	if v != cut(v, bits) && v != extend(v, bits) {
		return fmt.Sprintf("%#x", v)
	}
	v = cut(v, bits)
	octal := false
	for _, s := range setsOf(a, call, arg) {
		if text, ok := s.format(a, v, bits); ok {
			return text
		}
		octal = octal || s.octal
	}
	if octal {
		return fmt.Sprintf("%#o", v)
	}
	return number(v, bits, argOf(a, call, arg))
}

// FormatMask writes a mask of an argument's flags: their names, without the parts
// that are one of several.
func FormatMask(a seccomp.Arch, call syscalls.Call, arg int, mask uint64) string {
	for _, s := range setsOf(a, call, arg) {
		if !s.flags || s.octal {
			continue
		}
		names, left := s.names(a, mask&^s.mask, call.Bits(a, arg))
		if left |= mask & s.mask; left != 0 {
			names = append(names, fmt.Sprintf("%#x", left))
		}
		if len(names) > 0 {
			return strings.Join(names, "|")
		}
	}
	return fmt.Sprintf("%#x", mask)
}

func cut(v uint64, bits uint8) uint64 { return v & (1<<bits - 1) }

func extend(v uint64, bits uint8) uint64 { return uint64(int64(v<<(64-bits)) >> (64 - bits)) }

// format writes a value by the names of the set; ok is false if it has none.
func (s *set) format(a seccomp.Arch, v uint64, bits uint8) (text string, ok bool) {
	if !s.flags {
		name := s.named(a, v, bits)
		return name, name != ""
	}
	var names []string
	if part := v & s.mask; s.mask != 0 {
		of := s
		if s.under != 0 {
			of = &sets[s.under]
		}
		if name := of.named(a, part, bits); name != "" {
			names = append(names, name)
		} else if part != 0 {
			return "", false
		}
	} else if v == 0 {
		name := s.named(a, 0, bits)
		return name, name != ""
	}
	rest, left := s.names(a, v&^s.mask, bits)
	if s.under != 0 {
		names = append(rest, names...) // as people write it: CLONE_NEWUSER|SIGCHLD
	} else {
		names = append(names, rest...)
	}
	switch {
	case len(names) == 0:
		return "", false
	case left != 0 && s.octal:
		names = append(names, fmt.Sprintf("%#o", left))
	case left != 0:
		names = append(names, fmt.Sprintf("%#x", left))
	}
	return strings.Join(names, "|"), true
}

// named returns the first constant of a value.
func (s *set) named(a seccomp.Arch, v uint64, bits uint8) string {
	for _, i := range s.constants {
		if n, ok := constants[i].on(a); ok && cut(n, bits) == v {
			return constants[i].name
		}
	}
	return ""
}

// names takes flags from a value, the first of the set first, and returns what
// is left.
func (s *set) names(a seccomp.Arch, v uint64, bits uint8) (names []string, left uint64) {
	for _, i := range s.constants {
		n, ok := constants[i].on(a)
		if n = cut(n, bits); ok && n != 0 && n&s.mask == 0 && n&v == n {
			names = append(names, constants[i].name)
			v &^= n
		}
	}
	return names, v
}

func argOf(a seccomp.Arch, call syscalls.Call, arg int) syscalls.Arg {
	if args := call.Args(a); arg < len(args) {
		return args[arg]
	}
	return syscalls.Arg{}
}

// number writes a value that has no name: small ones in decimal, also below
// zero, others in hexadecimal, as pointers always are.
func number(v uint64, bits uint8, arg syscalls.Arg) string {
	negative := int64(extend(v, bits))
	pointer := strings.Contains(arg.Type, "*")
	// Some calls declare a descriptor without a sign.
	signed := arg.Name == "fd" || arg.Type != "" && !strings.Contains(arg.Type, "unsigned")
	switch {
	case pointer && v == 0:
		return "NULL"
	case pointer:
		return fmt.Sprintf("%#x", v)
	case signed && negative < 0 && negative > -4096:
		return strconv.FormatInt(negative, 10)
	case v < 1<<16:
		return strconv.FormatUint(v, 10)
	}
	return fmt.Sprintf("%#x", v)
}
