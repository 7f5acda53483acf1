package plain

import (
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// low cuts an argument to its low bits.
func low(v uint64, bits uint8) uint64 {
	if bits == 64 {
		return v
	}
	return v % (1 << bits)
}

// holds evaluates a condition on an argument of a call.
func holds(c Cond, d *seccomp.Data, call syscalls.Call, arch seccomp.Arch, v View) bool {
	arg, value, two := d.Args[c.Arg], c.Value, c.ValueTwo
	if v&Width != 0 {
		// libseccomp compares whole registers, and cuts the values to them.
		register := uint8(arch.ArgBits())
		arg, value, two = low(arg, register), low(value, register), low(two, register)
	} else {
		bits := call.Bits(arch, int(c.Arg))
		arg, value, two = low(arg, bits), unextend(value, bits), unextend(two, bits)
	}
	switch c.Op {
	case seccomp.OpEqualTo:
		return arg == value
	case seccomp.OpNotEqual:
		return arg != value
	case seccomp.OpLessThan:
		return arg < value
	case seccomp.OpLessEqual:
		return arg <= value
	case seccomp.OpGreaterThan:
		return arg > value
	case seccomp.OpGreaterEqual:
		return arg >= value
	}
	return arg&value == two&value
}

// unextend reads -1, -2 ... as they are written in 64 bits as those numbers of
// fewer bits, and leaves every other value.
func unextend(v uint64, bits uint8) uint64 {
	if bits == 64 {
		return v
	}
	if n := int64(v); n < 0 && n >= -(1<<(bits-1)) {
		return low(v, bits)
	}
	return v
}

// pointless reports a condition that libseccomp takes for none: a mask without
// bits, in the width in which it compares. weir keeps what is written.
func pointless(c Cond, arch seccomp.Arch, v View) bool {
	if v&Conflict == 0 || c.Op != seccomp.OpMaskedEqual {
		return false
	}
	if v&Width != 0 {
		return low(c.Value, uint8(arch.ArgBits())) == 0
	}
	return c.Value == 0
}
