package verify_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// The policy of these tests: on x86_64, numbers 3, 5 and 9 are allowed, 7 is if
// its first argument, an int, is 2, and getrandom's flags may have bit 0 alone.
// x32 is as x86_64. All else fails, and other architectures kill.
func somePolicy() *policy.Policy {
	allow := []policy.Rule{{Return: seccomp.ActAllow.Return()}}
	deny := []policy.Rule{{Return: seccomp.ReturnErrno(1)}}
	two := append([]policy.Rule{{
		Conds:  []policy.Cond{{Arg: 0, Bits: 32, Op: seccomp.OpEqualTo, Value: 2}},
		Return: seccomp.ActAllow.Return(),
	}}, deny...)
	flags := append([]policy.Rule{{
		Conds:  []policy.Cond{{Arg: 2, Bits: 64, Op: seccomp.OpMaskedEqual, Value: ^uint64(1)}},
		Return: seccomp.ActAllow.Return(),
	}}, deny...)
	abi := policy.ABI{Audit: seccomp.ArchX86_64.Audit()}
	for quarter := range seccomp.Nr(4) {
		base := quarter << 30
		add := func(first, last seccomp.Nr, rules []policy.Rule) {
			abi.Rows = append(abi.Rows, policy.Row{First: base + first, Last: base + last, Rules: rules})
		}
		if quarter > 1 {
			add(0, 1<<30-1, deny)
			continue
		}
		add(0, 2, deny)
		add(3, 3, allow)
		add(4, 4, deny)
		add(5, 5, allow)
		add(6, 6, deny)
		add(7, 7, two)
		add(8, 8, deny)
		add(9, 9, allow)
		add(10, 317, deny)
		add(318, 318, flags)
		add(319, 1<<30-1, deny)
	}
	return &policy.Policy{Native: seccomp.ArchX86_64, ABIs: []policy.ABI{abi},
		Foreign: policy.Rule{Return: seccomp.ActKillThread.Return()}}
}

// Programs that say the same in unusual ways, and others that nearly do.
func TestUnusualPrograms(t *testing.T) {
	const (
		begin = `
			ld [arch]
			jeq #0xc000003e, LA, next
			ret kill thread
			LA: ld [nr]
			jge #0x80000000, next, LB
			ret errno EPERM
			LB:
`
		// With the number in A, its bit 30 cleared.
		numbers = `
			jeq #3, L1, next
			jeq #5, L1, next
			jeq #9, L1, next
			jeq #7, next, LD
			ld [args[0].lo]
			jeq #2, L1, L0
			LD: jeq #318, next, L0
`
		end = `
			L1: ret allow
			L0: ret errno EPERM
`
		rest = numbers + `
			ld [args[2].hi]
			jeq #0, next, L0
			ld [args[2].lo]
			jset #0xfffffffe, L0, L1
` + end
	)
	for _, test := range []struct {
		name, text string
		want       verify.Verdict
		reason     string
	}{
		{"bit 30 cleared by AND", begin + "and #0xbfffffff" + rest, verify.Equal, ""},
		{"bit 30 cleared by a shift there and back", begin + "lsh #2 \n rsh #2" + rest, verify.Equal, ""},
		{"bit 31 cleared too, which is clear already", begin + "and #0x3fffffff" + rest, verify.Equal, ""},
		{"bit 30 cleared by a remainder, computed", begin + `
			tax
			div #0x40000000
			mul #0x40000000
			st M[0]
			txa
			ldx M[0]
			sub x` + rest, verify.Equal, ""},
		{"bit 30 left alone", begin + "and #0xffffffff" + rest, verify.Different, ""},
		{"bit 29 cleared instead", begin + "and #0xdfffffff" + rest, verify.Different, ""},
		{"a table of bits, shifted by the number", begin + `
			and #0xbfffffff
			jgt #31, LC, next
			tax
			ld #0x228
			rsh x
			jset #1, L1, next
			txa
			LC:` + rest, verify.Equal, ""},
		{"a table of bits with one too many", begin + `
			and #0xbfffffff
			jgt #31, LC, next
			tax
			ld #0x22c
			rsh x
			jset #1, L1, next
			txa
			LC:` + rest, verify.Different, ""},
		{"a shift by any number", begin + "tax \n ld #0x228 \n rsh x \n and #0xbfffffff" + rest, verify.Undecided, "shifts by 32 or more"},
		{"the number negated and kept in memory", begin + `
			and #0xbfffffff
			neg
			st M[3]
			ld #len
			ldx M[3]
			txa
			neg` + rest, verify.Equal, ""},
		{"the number plus an argument, less the argument", begin + `
			and #0xbfffffff
			st M[0]
			ldx M[0]
			ld [args[5].hi]
			st M[1]
			add x
			ldx M[1]
			sub x` + rest, verify.Undecided, "budget"},
		{"both words of an argument at once, by OR", begin + "and #0xbfffffff" + numbers + `
			ld [args[2].hi]
			tax
			ld [args[2].lo]
			rsh #1
			or x
			jeq #0, L1, L0
` + end, verify.Equal, ""},
		{"both words of an argument at once, by XOR", begin + "and #0xbfffffff" + numbers + `
			ld [args[2].hi]
			tax
			ld [args[2].lo]
			rsh #1
			xor x
			jeq #0, L1, L0
` + end, verify.Different, ""},
		{"the instruction pointer read and not used", begin + "st M[0] \n ld [ip.lo] \n ld M[0] \n and #0xbfffffff" + rest, verify.Equal, ""},
		{"the instruction pointer decides", begin + `
			st M[0]
			ld [ip.hi]
			jeq #0x7fff, next, LF
			ret allow
			LF: ld M[0]
			and #0xbfffffff` + rest, verify.Different, ""},
		{"a division by an argument that may be zero", begin + `
			st M[0]
			ld [args[1].lo]
			tax
			ld #1
			div x
			ld M[0]
			and #0xbfffffff` + rest, verify.Different, ""},
		{"a division by an argument that is not zero", begin + `
			st M[0]
			ld [args[1].lo]
			or #1
			tax
			ld #1
			div x
			ld M[0]
			and #0xbfffffff` + rest, verify.Equal, ""},
		{"code that nothing reaches", begin + `
			and #0xbfffffff
			ja LF
			ret allow
			ret trap
			LF: jeq #1000, LG, LG
			LG: jgt #0xffffffff, next, LH
			ret trap
			LH: jge #0, LI, next
			ret trap
			LI:` + rest, verify.Equal, ""},
		{"the word computed and returned", begin + "and #0xbfffffff" + numbers + `
			ld [args[2].hi]
			jgt #0, L0, next
			ld [args[2].lo]
			rsh #1
			jeq #0, L1, L0
			L0: ld #0x50001
			ret a
			L1: ld #0x8000
			mul #0xfffe
			ret a`, verify.Equal, ""},
		{"a word that depends on an argument", begin + "and #0xbfffffff" + numbers + `
			ld [args[2].hi]
			jgt #0, L0, next
			ld [args[2].lo]
			jgt #1, L0, next
			jeq #0, L1, next
			add #0x7ffeffff
			ret a
			L0: ld #0x50001
			ret a
			L1: ret allow`, verify.Equal, ""},
		{"a word that depends on an argument too much", begin + "and #0xbfffffff" + numbers + `
			ld [args[2].hi]
			jgt #0, L0, next
			ld [args[2].lo]
			jgt #1, L0, next
			jeq #2, L1, next
			add #0x7ffeffff
			ret a
			L0: ld #0x50001
			ret a
			L1: ret allow`, verify.Different, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			prog, err := bpf.Assemble(withLabels(test.text), seccomp.LittleEndian)
			if err != nil {
				t.Fatal(err)
			}
			got := verify.Program(somePolicy(), prog, 100_000)
			if got.Verdict != test.want || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("got %v %q, want %v %q; witness %+v: want %v, got %v", got.Verdict, got.Reason, test.want, test.reason, got.Witness, got.Want, got.Got)
			}
			t.Logf("%d steps", got.Steps)
		})
	}
}

// withLabels replaces the labels of a text by the numbers that Assemble takes.
func withLabels(text string) string {
	var lines []string
	labels := map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, rest, ok := strings.Cut(line, ":"); ok {
			labels[name] = len(lines)
			line = strings.TrimSpace(rest)
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	for i, line := range lines {
		fields := strings.Fields(line)
		for j, f := range fields {
			if at, ok := labels[strings.TrimSuffix(f, ",")]; ok {
				fields[j] = strings.Replace(f, strings.TrimSuffix(f, ","), strconv.Itoa(at), 1)
			}
		}
		lines[i] = strings.Join(fields, " ")
	}
	return strings.Join(lines, "\n")
}
