package policy_test

import (
	"testing"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

func resolved(t *testing.T, src string) *policy.Policy {
	t.Helper()
	pol, _ := resolve(t, src, seccomp.Facts{Arch: x8664})
	return pol
}

func TestUnionAndIntersection(t *testing.T) {
	a := resolved(t, profileOf("ERRNO", ruleOf("read dup2 openat2", "ALLOW"), ruleOf("write", "LOG"), ruleOf("kill", "ERRNO 5")))
	b := resolved(t, profileOf("KILL", ruleOf("read write openat2", "ALLOW"), ruleOf("dup2", "ALLOW", "0 EQ 1"), ruleOf("kill", "ERRNO 6")))
	union, err := policy.Union(a, b, 3)
	if err != nil {
		t.Fatal(err)
	}
	both, err := policy.Intersect(a, b, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, call  string
		args        []uint64
		union, both seccomp.Return
	}{
		{"both allow it", "read", nil, allow, allow},
		{"allow is less strict than log", "write", nil, allow, seccomp.ActLog.Return()},
		{"a condition holds", "dup2", []uint64{1}, allow, allow},
		{"a condition fails", "dup2", []uint64{2}, allow, kill},
		{"the first errno counts", "kill", nil, seccomp.ActErrno.With(5), seccomp.ActErrno.With(5)},
		{"neither names it", "ptrace", nil, eperm, kill},
	} {
		d := call(t, x8664, c.call, c.args...)
		if _, r := union.Eval(d); r.Return != c.union {
			t.Errorf("%s: the union says %v, want %v", c.name, r.Return, c.union)
		}
		if _, r := both.Eval(d); r.Return != c.both {
			t.Errorf("%s: the intersection says %v, want %v", c.name, r.Return, c.both)
		}
	}
	if union.Default != eperm || both.Default != kill {
		t.Errorf("by default: %v and %v", union.Default, both.Default)
	}
	if _, r := both.Eval(call(t, x8664, "dup2", 1)); r.Origin != 0 {
		t.Errorf("dup2 comes from rule %d, want the first's 0", r.Origin)
	}
	if _, r := union.Eval(call(t, x8664, "write")); r.Origin != 3 {
		t.Errorf("write comes from rule %d, want 3, the second's first", r.Origin)
	}
}

// What becomes of numbers without a name may be taken from another policy where that
// changes an errno, and where there are no calls.
func TestTakeUnnamed(t *testing.T) {
	for _, c := range []struct {
		name, other string
		call        string
		nr          seccomp.Nr
		want        seccomp.Return
	}{
		{"an errno for an errno", profileOf("ERRNO", ruleOf("write", "ALLOW")), "ptrace", 0, enosys},
		{"no kill for an errno", profileOf("KILL", ruleOf("read openat2", "ALLOW")), "ptrace", 0, eperm},
		{"no permission for an errno", profileOf("ALLOW", ruleOf("read openat2", "ALLOW")), "ptrace", 0, eperm},
		{"what a rule names stays", profileOf("ERRNO", ruleOf("read", "ERRNO 9"), ruleOf("openat2", "ALLOW")), "read", 0, allow},
		{"a kill where there are no calls", `{"defaultAction": "SCMP_ACT_KILL", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"]}`, "", 1<<31 + 5, kill},
	} {
		p := resolved(t, profileOf("ERRNO", ruleOf("read openat2", "ALLOW")))
		p.TakeUnnamed(resolved(t, c.other))
		d := &seccomp.Data{Arch: x8664.Audit(), Nr: c.nr}
		if c.call != "" {
			d = call(t, x8664, c.call)
		}
		if _, r := p.Eval(d); r.Return != c.want {
			t.Errorf("%s: %v, want %v", c.name, r.Return, c.want)
		}
	}
}
