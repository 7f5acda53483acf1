package compile_test

import (
	"math/rand/v2"
	"testing"

	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// Sets of values, ranges and masks take as few instructions as an expert would
// write. The counts are of the whole program; 7 are there for any list of rules:
// load and compare the architecture and the number, and three returns.
func TestArgumentTestsAreFolded(t *testing.T) {
	bits := func(bits uint8, conds ...policy.Cond) []policy.Cond {
		for i := range conds {
			conds[i].Bits = bits
		}
		return conds
	}
	each := func(n uint8, values ...uint64) []policy.Rule {
		return many(len(values), func(i int) policy.Rule { return allowIf(bits(n, cond(0, seccomp.OpEqualTo, values[i], 0))...) })
	}
	const frame = 7
	for _, test := range []struct {
		name  string
		rules []policy.Rule
		want  int
	}{
		{"a value of 32 bits: load, compare", each(32, 5), 2},
		{"a value of 64 bits: the same for each half", each(64, 5), 4},
		{"a value of 16 bits: load, cut, compare", each(16, 5), 3},
		{"values that differ in two bits: load, cut, compare", each(32, 0, 8, 0x20000, 0x20008), 3},
		{"values in a row: load, compare both ends", each(32, 4, 5, 6, 7, 8, 9), 3},
		{"a mask that must be clear: load, test", []policy.Rule{allowIf(bits(32, cond(0, seccomp.OpMaskedEqual, 0x7e020000, 0))...)}, 2},
		{"a bit that must be set: load, test", []policy.Rule{allowIf(bits(32, cond(0, seccomp.OpMaskedEqual, 8, 8))...)}, 2},
		{"bits that must have values: load, cut, compare", []policy.Rule{allowIf(bits(32, cond(0, seccomp.OpMaskedEqual, 0xf0f, 0x101))...)}, 3},
		{"a mask of upper bits: load, compare both ends", []policy.Rule{allowIf(bits(32, cond(0, seccomp.OpMaskedEqual, 0xffffff00, 0x100))...)}, 3},
		{"two arguments with one value in common", []policy.Rule{
			allowIf(bits(32, cond(0, seccomp.OpEqualTo, 1, 0), cond(1, seccomp.OpEqualTo, 7, 0))...),
			allowIf(bits(32, cond(0, seccomp.OpEqualTo, 2, 0), cond(1, seccomp.OpEqualTo, 7, 0))...),
		}, 5},
		{"a value too wide for its argument never occurs", each(32, 1<<32), -3},
		{"rules that leave nothing open", []policy.Rule{
			allowIf(bits(32, cond(0, seccomp.OpLessThan, 5, 0))...), allowIf(bits(32, cond(0, seccomp.OpGreaterEqual, 5, 0))...),
		}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := one(test.rules)
			agree(t, rand.New(rand.NewPCG(0, 0)), p)
			prog, err := compile.Program(p)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(prog) - frame; got != test.want {
				t.Errorf("%d instructions, want %d:\n%s", got, test.want, prog.Disassemble(seccomp.LittleEndian, nil))
			}
		})
	}
}
