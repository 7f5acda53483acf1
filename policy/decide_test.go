package policy_test

import (
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

// The rules of a call are one list wherever the arguments that they look at have
// the same width: compile and verify, who go by that, look at them once.
func TestABIsShareRulesWhereArgumentsAreEqual(t *testing.T) {
	pol, _ := resolve(t, `{"defaultAction": "SCMP_ACT_ERRNO",
		"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
		"syscalls": [
			{"names": ["socket", "madvise"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}]},
			{"names": ["madvise"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 4, "op": "SCMP_CMP_EQ"}]}]}`, amd64)
	for _, c := range []struct {
		name       string
		x86, x8664 seccomp.Nr
		wide       bool // argument 1 is a size_t
	}{
		{"socket", 359, 41, false},
		{"madvise", 219, 28, true},
	} {
		of := func(a seccomp.Arch, nr seccomp.Nr) (bits uint8, first *seccomp.Return) {
			rules := pol.ABI(a.Audit()).Row(nr).Rules
			return rules[0].Conds[0].Bits, &rules[0].Return
		}
		narrowBits, narrow := of(x86, c.x86)
		x32Bits, onX32 := of(x32, 1<<30|c.x8664)
		wideBits, wide := of(x8664, c.x8664)
		if narrow != onX32 || narrowBits != 32 || x32Bits != 32 {
			t.Errorf("%s: x86 (%d bits) and x32 (%d bits) do not share their rules", c.name, narrowBits, x32Bits)
		}
		if (wide == narrow) == c.wide || (wideBits == 64) != c.wide {
			t.Errorf("%s: x86_64 (%d bits) and x86 (%d bits) share their rules: %v", c.name, wideBits, narrowBits, wide == narrow)
		}
	}
}
