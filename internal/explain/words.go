package explain

import (
	"fmt"
	"math/bits"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// argName returns the kernel's name of an argument.
func argName(a seccomp.Arch, call syscalls.Call, arg uint8) string {
	if args := call.Args(a); int(arg) < len(args) {
		return args[arg].Name
	}
	return fmt.Sprintf("argument %d", arg)
}

var signs = [...]string{
	seccomp.OpEqualTo:      "is",
	seccomp.OpNotEqual:     "is not",
	seccomp.OpLessThan:     "<",
	seccomp.OpLessEqual:    "<=",
	seccomp.OpGreaterThan:  ">",
	seccomp.OpGreaterEqual: ">=",
}

// words writes a condition: "family is AF_ALG", "clone_flags has none of
// CLONE_NEWNS|CLONE_NEWUTS".
func words(a seccomp.Arch, call syscalls.Call, c policy.Cond) string {
	return argName(a, call, c.Arg) + " " + predicate(a, call, c)
}

// predicate is words without the name of the argument.
func predicate(a seccomp.Arch, call syscalls.Call, c policy.Cond) string {
	if c.Op == seccomp.OpMaskedEqual {
		return masked(a, call, c)
	}
	value := calls.FormatArg(a, call, int(c.Arg), c.Value)
	if number := fmt.Sprint(c.Value); c.Op != seccomp.OpEqualTo && c.Op != seccomp.OpNotEqual && c.Value < 1<<16 && value != number {
		value = fmt.Sprintf("%s (%s)", number, value) // an order is about numbers
	}
	return signs[c.Op] + " " + value
}

// masked writes a comparison under a mask by its flags, if it is about flags.
func masked(a seccomp.Arch, call syscalls.Call, c policy.Cond) string {
	mask, datum := c.Value, c.ValueTwo&c.Value
	full := ^uint64(0) >> (64 - c.Bits)
	flags := calls.FormatMask(a, call, int(c.Arg), mask)
	single := bits.OnesCount64(mask) == 1
	switch {
	case mask&full == 0:
		return "is anything (the mask is 0)"
	case mask&full == full:
		return "is " + calls.FormatArg(a, call, int(c.Arg), datum)
	case datum == 0 && single:
		return "has no " + flags
	case datum == 0:
		return "has none of " + flags
	case datum == mask && single:
		return "has " + flags
	case datum == mask:
		return "has all of " + flags
	}
	return fmt.Sprintf("& (%s) is %s", flags, calls.FormatMask(a, call, int(c.Arg), datum))
}

// failure says why a condition does not hold of a call.
func failure(call calls.Call, c policy.Cond) string {
	v := call.Args[c.Arg].N
	if c.Bits < 64 {
		v &= 1<<c.Bits - 1
	}
	name := argName(call.Arch, call.Syscall, c.Arg)
	if c.Op != seccomp.OpMaskedEqual {
		return fmt.Sprintf("%s is %s", name, calls.FormatArg(call.Arch, call.Syscall, int(c.Arg), v))
	}
	datum := c.ValueTwo & c.Value
	if extra := v & c.Value &^ datum; extra != 0 {
		return fmt.Sprintf("%s has %s", name, calls.FormatMask(call.Arch, call.Syscall, int(c.Arg), extra))
	}
	return fmt.Sprintf("%s lacks %s", name, calls.FormatMask(call.Arch, call.Syscall, int(c.Arg), datum&^v))
}
