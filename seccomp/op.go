package seccomp

import "fmt"

// An Op compares an argument of a call with a value of a rule.
type Op uint8

const (
	OpEqualTo      Op = iota + 1 // argument == value
	OpNotEqual                   // argument != value
	OpLessThan                   // argument < value, unsigned, like all orders here
	OpLessEqual                  // argument <= value
	OpGreaterThan                // argument > value
	OpGreaterEqual               // argument >= value
	OpMaskedEqual                // argument & value == valueTwo & value
)

var opNames = [...]string{
	OpEqualTo:      "SCMP_CMP_EQ",
	OpNotEqual:     "SCMP_CMP_NE",
	OpLessThan:     "SCMP_CMP_LT",
	OpLessEqual:    "SCMP_CMP_LE",
	OpGreaterThan:  "SCMP_CMP_GT",
	OpGreaterEqual: "SCMP_CMP_GE",
	OpMaskedEqual:  "SCMP_CMP_MASKED_EQ",
}

// Ops lists every operator.
var Ops = [...]Op{
	OpEqualTo, OpNotEqual, OpLessThan, OpLessEqual, OpGreaterThan, OpGreaterEqual, OpMaskedEqual,
}

// String returns the name in a profile, such as SCMP_CMP_EQ.
func (o Op) String() string {
	if o == 0 || int(o) >= len(opNames) {
		return fmt.Sprintf("Op(%d)", uint8(o))
	}
	return opNames[o]
}

// ParseOp reads the name of an operator.
func ParseOp(s string) (Op, bool) {
	for _, o := range Ops {
		if opNames[o] == s {
			return o, true
		}
	}
	return 0, false
}

// Holds compares an argument with the two values of a condition. The second
// counts only for OpMaskedEqual, where the first is the mask.
func (o Op) Holds(arg, value, valueTwo uint64) bool {
	switch o {
	case OpEqualTo:
		return arg == value
	case OpNotEqual:
		return arg != value
	case OpLessThan:
		return arg < value
	case OpLessEqual:
		return arg <= value
	case OpGreaterThan:
		return arg > value
	case OpGreaterEqual:
		return arg >= value
	case OpMaskedEqual:
		return arg&value == valueTwo&value
	}
	return false
}
