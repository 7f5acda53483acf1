package decompile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/decompile"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// begin allows everything on x86_64 but ioctl, kills the threads of other
// architectures and of x32, and leaves ioctl to what follows. Nothing comes after
// the answers at end.
const (
	begin = "ld [arch]\njeq #0xc000003e, next, KILL\nld [nr]\njge #0x40000000, X32, next\njeq #16, next, ALLOW\n"
	end   = "\nX32: jeq #0xffffffff, ALLOW, KILL\nALLOW: ret allow\nKILL: ret kill thread\nDENY: ret errno EPERM\nTRAP: ret trap"
)

// assemble replaces labels by the numbers that package bpf takes.
func assemble(t testing.TB, text string) bpf.Program {
	t.Helper()
	var lines []string
	labels := map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, rest, ok := strings.Cut(line, ":"); ok {
			labels[name], line = len(lines), strings.TrimSpace(rest)
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	for i, line := range lines {
		fields := strings.Fields(line)
		for j, f := range fields {
			if at, ok := labels[strings.TrimSuffix(f, ",")]; ok {
				fields[j] = strings.Replace(f, strings.TrimSuffix(f, ","), fmt.Sprint(at), 1)
			}
		}
		lines[i] = strings.Join(fields, " ")
	}
	prog, err := bpf.Assemble(strings.Join(lines, "\n"), seccomp.LittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	return prog
}

// short writes the rules of a profile, one a line.
func short(p *profile.Profile) string {
	var b strings.Builder
	for _, r := range p.Rules {
		fmt.Fprintf(&b, "%v", r.Return)
		for _, n := range r.Names {
			b.WriteString(" " + n.Text)
		}
		for _, a := range r.Args {
			fmt.Fprintf(&b, " [%d %s %#x", a.Index, strings.TrimPrefix(a.Op.String(), "SCMP_CMP_"), a.Value)
			if a.Op == seccomp.OpMaskedEqual {
				fmt.Fprintf(&b, " %#x", a.ValueTwo)
			}
			b.WriteByte(']')
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// The same meaning in many ways gives the same rules. The arguments of ioctl are
// of 32, 32 and 64 bits.
func TestWhatCountsIsTheAnswerNotTheWayToIt(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an equality", "ld [args[1].lo]\njeq #7, DENY, ALLOW", "errno EPERM ioctl [1 EQ 0x7]\n"},
		{"an equality by a detour through scratch memory", `
			ld [args[1].lo]
			st M[15]
			ld #0
			ldx #3
			stx M[2]
			ld M[15]
			ldx M[2]
			sub x
			jeq #4, DENY, ALLOW`, "errno EPERM ioctl [1 EQ 0x7]\n"},
		{"an equality by arithmetic", "ld [args[1].lo]\nmul #2\nadd #1\nxor #0xf\njeq #0, next, ALLOW\nld [args[1].lo]\nrsh #31\njeq #0, DENY, ALLOW", "errno EPERM ioctl [1 EQ 0x7]\n"},
		{"an order by division", "ld [args[1].lo]\ndiv #10\njeq #0, DENY, ALLOW", "errno EPERM ioctl [1 LE 0x9]\n"},
		{"an order by negation", "ld [args[1].lo]\nneg\nsub #1\njge #0xfffffff0, DENY, ALLOW", "errno EPERM ioctl [1 LE 0xf]\n"},
		{"an inequality", "ld [args[1].lo]\njeq #7, ALLOW, DENY", "errno EPERM ioctl [1 NE 0x7]\n"},
		{"a mask", "ld [args[1].lo]\nand #0xff00\njeq #0x5400, DENY, ALLOW", "errno EPERM ioctl [1 MASKED_EQ 0xff00 0x5400]\n"},
		{"a mask by shifts", "ld [args[1].lo]\nlsh #16\nrsh #24\njeq #0x54, DENY, ALLOW", "errno EPERM ioctl [1 MASKED_EQ 0xff00 0x5400]\n"},
		{"any of several flags", "ld [args[1].lo]\njset #0x11, DENY, ALLOW", "errno EPERM ioctl [1 MASKED_EQ 0x1 0x1]\nerrno EPERM ioctl [1 MASKED_EQ 0x10 0x10]\n"},
		{"64 bits in two words", "ld [args[2].hi]\njeq #1, next, ALLOW\nld [args[2].lo]\njeq #2, DENY, ALLOW", "errno EPERM ioctl [2 EQ 0x100000002]\n"},
		{"an order of 64 bits, the lower word first", `
			ld [args[2].lo]
			tax
			ld [args[2].hi]
			jgt #1, DENY, next
			jeq #1, next, ALLOW
			txa
			jge #5, DENY, ALLOW`, "errno EPERM ioctl [2 GE 0x100000005]\n"},
		{"the lower half of 64 bits", "ld [args[2].lo]\njeq #2, DENY, ALLOW", "errno EPERM ioctl [2 MASKED_EQ 0xffffffff 0x2]\n"},
		{"two arguments", "ld [args[0].lo]\njeq #1, next, ALLOW\nld [args[1].lo]\njeq #2, DENY, ALLOW", "errno EPERM ioctl [0 EQ 0x1] [1 EQ 0x2]\n"},
		{"one argument or the other", "ld [args[0].lo]\njeq #1, DENY, next\nld [args[1].lo]\njeq #2, DENY, ALLOW", "errno EPERM ioctl [1 EQ 0x2]\nerrno EPERM ioctl [0 EQ 0x1]\n"},
		{"a few values", "ld [args[1].lo]\njgt #5, ALLOW, next\njge #4, DENY, ALLOW", "errno EPERM ioctl [1 EQ 0x4]\nerrno EPERM ioctl [1 EQ 0x5]\n"},
		{"a range", "ld [args[1].lo]\njge #0x100, next, ALLOW\njgt #0x17f, ALLOW, DENY", "errno EPERM ioctl [1 MASKED_EQ 0xffffff80 0x100]\n"},
		{"three answers", "ld [args[1].lo]\njeq #1, TRAP, next\njgt #2, ALLOW, DENY", "trap ioctl [1 EQ 0x1]\nerrno EPERM ioctl [1 EQ 0x0]\nerrno EPERM ioctl [1 EQ 0x2]\n"},
		{"a computed answer", "ld [args[1].lo]\nand #1\nmul #0x7fff0000\nadd #0\nret a", "kill thread ioctl [1 MASKED_EQ 0x1 0x0]\n"},
		{"a computed errno", "ld [args[1].lo]\nand #3\nadd #0x50000\nret a",
			"errno 0 ioctl [1 MASKED_EQ 0x3 0x0]\nerrno EPERM ioctl [1 MASKED_EQ 0x3 0x1]\nerrno ENOENT ioctl [1 MASKED_EQ 0x3 0x2]\nerrno ESRCH ioctl [1 MASKED_EQ 0x3 0x3]\n"},
		{"a test that never holds", "ld [args[1].lo]\nand #1\njeq #2, DENY, ALLOW", ""},
		{"an action that no kernel knows", "ld [args[1].lo]\njeq #7, next, ALLOW\nret #0x12340000", "kill process ioctl [1 EQ 0x7]\n"},
		{"an errno that is too large", "ret #0x5ffff", "errno 4095 ioctl\n"},
		{"the instruction pointer, loaded and left", "ld [ip.lo]\nld [args[1].lo]\njeq #7, DENY, ALLOW", "errno EPERM ioctl [1 EQ 0x7]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := decompiled(t, seccomp.ArchX86_64, assemble(t, begin+c.text+end))
			if r.Undecided != "" || len(r.Losses) > 0 {
				t.Fatalf("%s %+v", r.Undecided, r.Losses)
			}
			if got := short(r.Profile); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestWhatNoProfileCanSay(t *testing.T) {
	const allowed, denied = "allow", "errno EPERM"
	for _, c := range []struct{ name, text, why, call, got, profile string }{
		{"bits that the kernel ignores", begin + "ld [args[0].hi]\njeq #0, next, DENY\nld [args[0].lo]\njeq #3, ALLOW, DENY" + end,
			"the program looks at bits of an argument that the kernel ignores, and a profile with it", "ioctl", denied, allowed},
		{"the instruction pointer", begin + "ld [ip.hi]\njeq #0x7fff, DENY, ALLOW" + end,
			"the instruction pointer decides, for which no rule can ask", "ioctl", allowed, denied},
		{"a trap that carries a number", begin + "ret #0x30007" + end,
			"a trap or trace carries a number for which a profile has no place", "ioctl", "trap", "trap"},
		{"other architectures", "ld [nr]\njeq #16, next, next\nret allow",
			"an architecture that a profile does not list kills the thread", "", allowed, "kill thread"},
		{"numbers above all calls", "ld [arch]\njeq #0xc000003e, next, KILL\nld [nr]\njge #0x40000000, X32, next\njeq #0, ALLOW, DENY" + strings.Replace(end, "jeq #0xffffffff, ALLOW", "jeq #0xffffffff, DENY", 1),
			"calls newer than a profile get errno ENOSYS", "", denied, "errno ENOSYS"},
		{"a number that is no call's", begin[:len(begin)-len("jeq #16, next, ALLOW\n")] + "jeq #400, DENY, ALLOW" + end,
			"a profile names calls, and these numbers are none", "", denied, allowed},
		{"another answer on another ABI", "ld [arch]\njeq #0xc000003e, next, I386\nld [nr]\njge #0x40000000, X32, next\njeq #16, DENY, ALLOW\nI386: jeq #0x40000003, next, KILL\nld [nr]\njeq #5, DENY, ALLOW" + end,
			"architectures differ, and a rule is for all that a profile lists", "ioctl open", allowed, denied},
		{"an ABI that is open for nothing", "ld [arch]\njeq #0xc000003e, next, I386\nld [nr]\njge #0x40000000, X32, next\nja ALLOW\nI386: jeq #0x40000003, DENY, KILL" + end,
			"no call of the architecture is let through, and a profile that lists it would let through what it does on others", "restart_syscall", denied, "kill thread"},
	} {
		t.Run(c.name, func(t *testing.T) {
			prog := assemble(t, c.text)
			r := decompiled(t, seccomp.ArchX86_64, prog)
			if r.Undecided != "" || len(r.Losses) == 0 {
				t.Fatalf("%s\n%s", r.Undecided, text(r.Profile))
			}
			l := r.Losses[0]
			if l.Why != c.why || l.Witness.A.String() != c.got || l.Witness.B.String() != c.profile {
				t.Errorf("%+v", r.Losses)
			}
			if calls := strings.Join(l.Calls, " "); !strings.HasPrefix(calls, c.call) || c.call == "" && calls != "" {
				t.Errorf("about %s, want %s", calls, c.call)
			}
			// The witness is one.
			got, _, _ := prog.Run(&l.Witness.Witness, seccomp.LittleEndian)
			inProfile, _, _ := again(t, r.Profile, seccomp.ArchX86_64).Run(&l.Witness.Witness, seccomp.LittleEndian)
			if got == inProfile {
				t.Errorf("both answer %v to %+v", got, l.Witness.Witness)
			}
		})
	}
}

func TestWhatIsUndecided(t *testing.T) {
	for _, c := range []struct{ name, text, why string }{
		{"a product of two arguments", "ld [args[1].lo]\ntax\nld [args[0].lo]\nmul x\njeq #12345, DENY, ALLOW", "it takes more than 1000000 steps"},
		{"a shift that kernels differ in", "ld [args[1].lo]\ntax\nld #1\nlsh x\njeq #1, DENY, ALLOW", "shifts by 32 or more on some input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := decompiled(t, seccomp.ArchX86_64, assemble(t, begin+c.text+end))
			if r.Profile != nil || !strings.HasPrefix(r.Undecided, "ioctl on x86_64: ") || !strings.Contains(r.Undecided, c.why) {
				t.Errorf("%q", r.Undecided)
			}
			if len(r.Beyond) != 1 || r.Beyond[0].Call != "ioctl" || len(r.Beyond[0].Answers) > 0 {
				t.Errorf("%+v", r.Beyond)
			}
		})
	}
}

// A stack of filters answers with the strictest, and of equals with the newest.
func TestStackedFiltersAreOne(t *testing.T) {
	older := assemble(t, begin+"ld [args[1].lo]\njgt #6, next, DENY\nret errno 38"+end)
	newer := assemble(t, begin+"ld [args[1].lo]\njgt #7, TRAP, next\njeq #3, next, ALLOW\nret errno 22"+end)
	r := decompiled(t, seccomp.ArchX86_64, older, newer)
	want := "trap ioctl [1 GE 0x8]\nerrno EPERM ioctl [1 EQ 0x0]\n"
	if got := short(r.Profile); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "errno EINVAL ioctl [1 EQ 0x3]\nerrno ENOSYS ioctl [1 EQ 0x7]\n") || len(r.Losses) > 0 {
		t.Errorf("%s %+v", got, r.Losses)
	}
	if r := decompiled(t, seccomp.ArchX86_64); r.Undecided != "" || r.Default != seccomp.ActAllow.Return() {
		t.Errorf("no filter at all: %+v", r)
	}
}

func TestArgumentsThatAreNone(t *testing.T) {
	if _, err := decompile.Filters(0, nil, budget); err == nil {
		t.Error("no architecture")
	}
	if _, err := decompile.Filters(seccomp.ArchX86_64, []bpf.Program{{}}, budget); err == nil {
		t.Error("an empty program")
	}
}

func TestAnyBudgetGivesTheRightAnswerOrNone(t *testing.T) {
	decided := 0
	progs := []bpf.Program{
		compiled(t, profile.Default(), x86),
		assemble(t, begin+"ld [args[2].hi]\njset #0xf0, DENY, next\nld [args[2].lo]\njgt #77, TRAP, ALLOW"+end),
	}
	for _, prog := range progs {
		for steps := 1; steps < budget; steps *= 3 {
			r, err := decompile.Filters(seccomp.ArchX86_64, []bpf.Program{prog}, steps)
			if err != nil {
				t.Fatal(err)
			}
			if (r.Profile == nil) != (r.Undecided != "") {
				t.Fatalf("%d steps: a profile %v, undecided %q", steps, r.Profile != nil, r.Undecided)
			}
			if r.Profile != nil {
				decided++
				if len(r.Losses) > 0 {
					t.Errorf("%d steps: %+v", steps, r.Losses)
				}
				same(t, seccomp.ArchX86_64, prog, again(t, r.Profile, seccomp.ArchX86_64))
			}
		}
	}
	if decided < 4 {
		t.Errorf("only %d budgets were enough", decided)
	}
}
