package verify_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// Random pairs of subjects against the plainest comparison: to ask both about
// many calls. What those find, Compare has found too; and each of its witnesses
// is one.
func TestRandomSubjectsAgainstManyCalls(t *testing.T) {
	for name, s := range shapes {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(21, 22))
			equal := 0
			for range 300 {
				x := randomPolicy(r, s)
				y := randomPolicy(r, s)
				y.Native = x.Native
				if r.IntN(2) == 0 {
					y = nearly(r, x)
				}
				a, b := verify.Subject{Policy: x}, verify.Subject{Policy: y}
				if r.IntN(2) == 0 {
					a = verify.Subject{Filters: []bpf.Program{compileNaively(x)}}
				}
				if r.IntN(2) == 0 {
					b = verify.Subject{Filters: []bpf.Program{compileNaively(y)}}
				}
				if r.IntN(3) == 0 {
					z := randomPolicy(r, s)
					z.Native = x.Native
					a.Policy, a.Filters = nil, []bpf.Program{compileNaively(x), compileNaively(z)}
				}
				got := verify.Compare(x.Native, a, b, 20*budget, 1<<20)
				if got.Reason != "" {
					t.Fatalf("undecided: %s", got.Reason)
				}
				if got.Verdict == verify.Equal {
					equal++
				}
				check(t, r, x.Native, a, b, got)
			}
			if equal == 0 || equal == 300 {
				t.Errorf("%d of 300 pairs are equal: this tests little", equal)
			}
		})
	}
}

// nearly copies a policy, and mostly changes one answer.
func nearly(r *rand.Rand, pol *policy.Policy) *policy.Policy {
	c := *pol
	c.ABIs = slices.Clone(pol.ABIs)
	for i := range c.ABIs {
		c.ABIs[i].Rows = slices.Clone(c.ABIs[i].Rows)
	}
	if r.IntN(2) == 0 {
		rows := c.ABIs[r.IntN(len(c.ABIs))].Rows
		row := &rows[r.IntN(len(rows))]
		row.Rules = slices.Clone(row.Rules)
		row.Rules[r.IntN(len(row.Rules))].Return = returns[r.IntN(len(returns))]
	}
	return &c
}

// check asks both subjects about the witnesses and about many calls.
func check(t *testing.T, r *rand.Rand, native seccomp.Arch, a, b verify.Subject, got verify.Comparison) {
	t.Helper()
	order := native.ByteOrder()
	answers := func(d *seccomp.Data) (x, y seccomp.Return) {
		x, err1 := a.Answer(d, order)
		y, err2 := b.Answer(d, order)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		return x, y
	}
	known := map[seccomp.AuditArch]bool{}
	for i, d := range got.Differences {
		if !d.Foreign {
			known[d.Witness.Arch] = true
		}
		if d.Witness.Nr != d.First || d.First > d.Last || d.A == d.B {
			t.Fatalf("no difference: %+v", d)
		}
		for _, nr := range []seccomp.Nr{d.First, d.Last, d.First + (d.Last-d.First)/2} {
			w := d.Witness
			w.Nr = nr
			if x, y := answers(&w); x != d.A || y != d.B {
				t.Fatalf("%+v: got %v and %v for %d", d, x, y, nr)
			}
		}
		for _, o := range got.Differences[:i] {
			if o.A == d.A && o.B == d.B && o.Foreign == d.Foreign && (d.Foreign || o.Witness.Arch == d.Witness.Arch) && o.First <= d.Last && d.First <= o.Last {
				t.Fatalf("twice: %+v and %+v", o, d)
			}
		}
	}
	audits := []seccomp.AuditArch{native.Audit(), seccomp.ArchX86.Audit(), seccomp.ArchARM.Audit(), 0, 1<<32 - 1, 77}
	numbers := []seccomp.Nr{1 << 30, 1<<30 + 3, 1<<30 + 11, 1<<32 - 1, 1 << 31}
	for nr := range seccomp.Nr(13) {
		numbers = append(numbers, nr)
	}
	for range 3000 {
		d := seccomp.Data{Nr: numbers[r.IntN(len(numbers))], Arch: audits[r.IntN(len(audits))]}
		for i := range d.Args {
			d.Args[i] = values[r.IntN(len(values))]
			if r.IntN(4) == 0 {
				d.Args[i] += uint64(r.IntN(3)) - 1
			}
		}
		x, y := answers(&d)
		if x == y {
			continue
		}
		if !slices.ContainsFunc(got.Differences, func(w verify.Difference) bool {
			return w.First <= d.Nr && d.Nr <= w.Last && w.A == x && w.B == y &&
				(w.Witness.Arch == d.Arch || w.Foreign && !known[d.Arch])
		}) {
			t.Fatalf("%v: missed that %+v gets %v and %v", got.Verdict, d, x, y)
		}
	}
}

func TestTheKernelsPrecedence(t *testing.T) {
	ret := func(words ...seccomp.Return) verify.Subject {
		var s verify.Subject
		for _, w := range words {
			s.Filters = append(s.Filters, bpf.Program{bpf.Ret(w)})
		}
		return s
	}
	allow, killThread, killProcess := seccomp.ActAllow.Return(), seccomp.ActKillThread.Return(), seccomp.ActKillProcess.Return()
	for _, c := range []struct {
		name   string
		stack  verify.Subject
		answer seccomp.Return
	}{
		{"no filter allows", ret(), allow},
		{"the strictest wins, attached first", ret(seccomp.ReturnErrno(1), allow), seccomp.ReturnErrno(1)},
		{"the strictest wins, attached last", ret(allow, seccomp.ReturnErrno(1)), seccomp.ReturnErrno(1)},
		{"to kill the process is stricter than to kill the thread", ret(killProcess, killThread), killProcess},
		{"a trap is stricter than an errno", ret(seccomp.ReturnErrno(1), seccomp.ActTrap.With(3)), seccomp.ActTrap.With(3)},
		{"of two errnos the newest filter's counts", ret(seccomp.ReturnErrno(1), seccomp.ReturnErrno(38)), seccomp.ReturnErrno(38)},
		{"even if it is the lower one", ret(seccomp.ReturnErrno(38), seccomp.ReturnErrno(1)), seccomp.ReturnErrno(1)},
		{"data of allow means nothing", ret(allow + 7), allow},
		{"data of log means nothing", ret(seccomp.ActLog.With(7)), seccomp.ActLog.Return()},
		{"an errno is 4095 at most", ret(seccomp.ActErrno.With(5000)), seccomp.ReturnErrno(4095)},
		{"an unknown action kills", ret(0x12340000), killProcess},
		{"an unknown action has the rank of its number", ret(0x12340000, seccomp.ReturnErrno(1)), seccomp.ReturnErrno(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			same := verify.Compare(seccomp.ArchX86_64, c.stack, ret(c.answer), budget, 10)
			if same.Verdict != verify.Equal {
				t.Errorf("%+v", same)
			}
			other := verify.Compare(seccomp.ArchX86_64, c.stack, ret(seccomp.ActTrace.With(9)), budget, 10)
			if other.Verdict != verify.Different || other.Differences[0].A != c.answer {
				t.Errorf("%+v, want answer %v", other, c.answer)
			}
		})
	}
}

func TestTheDefaultProfileAgainstItselfWithACapability(t *testing.T) {
	facts := seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}
	plain := defaultPolicy(t, seccomp.ArchX86_64)
	trace, _ := seccomp.CapNamed("SYS_PTRACE")
	facts.Caps |= seccomp.CapSet(trace)
	more, _, err := policy.Resolve(profile.Default(), facts, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	policies := verify.Compare(seccomp.ArchX86_64, verify.Subject{Policy: plain}, verify.Subject{Policy: more}, budget, 100)
	programs := verify.Compare(seccomp.ArchX86_64,
		verify.Subject{Filters: []bpf.Program{compiled(t, plain)}}, verify.Subject{Filters: []bpf.Program{compiled(t, more)}}, budget, 100)
	for _, got := range []verify.Comparison{policies, programs} {
		if got.Reason != "" || len(got.Differences) == 0 {
			t.Fatalf("%+v", got)
		}
		for _, d := range got.Differences {
			if d.A != seccomp.ReturnErrno(1) || d.B != seccomp.ActAllow.Return() {
				t.Errorf("a capability does not loosen: %+v", d)
			}
		}
	}
	// kcmp is 312 on x86_64, which CAP_SYS_PTRACE unlocks.
	if !slices.ContainsFunc(policies.Differences, func(d verify.Difference) bool {
		return d.First <= 312 && 312 <= d.Last && d.Witness.Arch == seccomp.ArchX86_64.Audit()
	}) {
		t.Errorf("kcmp does not differ: %+v", policies.Differences)
	}
}

func TestAReturnWordThatIsComputed(t *testing.T) {
	// errno (number & 63), written so that the word is a register.
	computed := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr), bpf.And(63), {Op: bpf.OpOr, K: uint32(seccomp.ActErrno)}, {Op: bpf.OpRetA},
	}
	got := verify.Compare(seccomp.ArchX86_64, verify.Subject{Filters: []bpf.Program{computed}},
		verify.Subject{Filters: []bpf.Program{bpf.Program{bpf.Ret(seccomp.ReturnErrno(5))}}}, 10*budget, 3)
	if got.Verdict != verify.Different || len(got.Differences) != 3 {
		t.Errorf("%+v", got)
	}
	same := verify.Compare(seccomp.ArchX86_64, verify.Subject{Filters: []bpf.Program{computed}},
		verify.Subject{Filters: []bpf.Program{computed, bpf.Program{bpf.Ret(seccomp.ActAllow.Return())}}}, 10*budget, 3)
	if same.Verdict != verify.Equal {
		t.Errorf("%+v", same)
	}
}

// The last of many words that a program computes is looked at as well.
func TestAComputedWordThatDiffersOnce(t *testing.T) {
	computed := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr), bpf.And(63), {Op: bpf.OpOr, K: uint32(seccomp.ActErrno)}, {Op: bpf.OpRetA},
	}
	once := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr), bpf.And(63), {Op: bpf.OpOr, K: uint32(seccomp.ActErrno)},
		bpf.JumpIf(bpf.OpJeq, uint32(seccomp.ReturnErrno(63)), 0, 1), bpf.Ret(seccomp.ReturnErrno(99)), {Op: bpf.OpRetA},
	}
	got := verify.Compare(seccomp.ArchX86_64, verify.Subject{Filters: []bpf.Program{computed}},
		verify.Subject{Filters: []bpf.Program{once}}, 10*budget, 1)
	if got.Verdict != verify.Different || got.Differences[0].A != seccomp.ReturnErrno(63) || got.Differences[0].B != seccomp.ReturnErrno(99) {
		t.Errorf("%+v", got)
	}
}

// Numbers that a mask picks are no range, and are all found; architectures above
// the native one are foreign.
func TestEveryNumberAndArchitectureIsFound(t *testing.T) {
	native := seccomp.ArchX86_64
	prog := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetArch), bpf.JumpIf(bpf.OpJge, uint32(native.Audit()), 0, 3),
		bpf.LoadAbs(seccomp.OffsetNr), bpf.And(^uint32(10)), bpf.JumpIf(bpf.OpJeq, 1, 1, 0),
		bpf.Ret(seccomp.ActAllow.Return()), bpf.Ret(seccomp.ReturnErrno(1)),
	}
	got := verify.Compare(native, verify.Subject{Filters: []bpf.Program{prog}}, verify.Subject{}, budget, 100)
	numbers := map[bool][]seccomp.Nr{}
	for _, d := range got.Differences {
		if d.First != d.Last || d.Foreign != (d.Witness.Arch > native.Audit()) {
			t.Errorf("%+v", d)
		}
		numbers[d.Foreign] = append(numbers[d.Foreign], d.First)
	}
	want := []seccomp.Nr{1, 3, 9, 11}
	if got.Reason != "" || !slices.Equal(numbers[false], want) || !slices.Equal(numbers[true], want) {
		t.Errorf("%+v", got)
	}
}

func TestAnEarlyEndSaysWhy(t *testing.T) {
	a := verify.Subject{Policy: defaultPolicy(t, seccomp.ArchX86_64)}
	allow := bpf.Program{bpf.Ret(seccomp.ActAllow.Return())}
	shift := bpf.Program{bpf.LoadAbs(seccomp.OffsetNr), {Op: bpf.OpTax}, {Op: bpf.OpLshX}, {Op: bpf.OpRetA}}
	for _, c := range []struct {
		name    string
		b       verify.Subject
		steps   int
		most    int
		verdict verify.Verdict
		reason  string
	}{
		{"no steps", a, 10, 10, verify.Undecided, "budget"},
		{"more differences than asked for", verify.Subject{}, budget, 2, verify.Different, "more than 2"},
		{"a program that the kernel refuses", verify.Subject{Filters: []bpf.Program{{}}}, budget, 2, verify.Undecided, "instructions"},
		{"a shift that kernels do differently", verify.Subject{Filters: []bpf.Program{shift, allow}}, budget, 2, verify.Undecided, "shifts by 32"},
		{"a policy of the other byte order", verify.Subject{Policy: defaultPolicy(t, seccomp.ArchS390X)}, budget, 2, verify.Undecided, "byte order"},
	} {
		got := verify.Compare(seccomp.ArchX86_64, a, c.b, c.steps, c.most)
		if got.Verdict != c.verdict || !strings.Contains(got.Reason, c.reason) || len(got.Differences) > c.most {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
