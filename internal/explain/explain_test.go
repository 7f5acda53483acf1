package explain_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/internal/explain"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

const denylist = `{
	"defaultAction": "SCMP_ACT_ALLOW",
	"architectures": ["SCMP_ARCH_X86_64"],
	"syscalls": [
		{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97, "comment": "no crypto API",
			"args": [{"index": 0, "value": 38, "op": "SCMP_CMP_EQ"}]},
		{"names": ["mprotect"], "action": "SCMP_ACT_KILL_PROCESS",
			"args": [{"index": 2, "value": 6, "valueTwo": 6, "op": "SCMP_CMP_MASKED_EQ"}]},
		{"names": ["acct"], "action": "SCMP_ACT_ERRNO", "excludes": {"caps": ["CAP_SYS_PACCT", "CAP_SYS_ADMIN"]}},
		{"names": ["reboot"], "action": "SCMP_ACT_ERRNO", "includes": {"minKernel": "5.10"}}
	]
}`

func about(t *testing.T, src string, arch seccomp.Arch) explain.Question {
	t.Helper()
	p := profile.Default()
	if src != "builtin" {
		var err error
		if p, err = profile.Parse("p.json", []byte(src), profile.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	return explain.Question{Profile: p, Facts: seccomp.Facts{
		Arch: arch, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps,
	}}
}

func ask(t *testing.T, q explain.Question, call string) *explain.Answer {
	t.Helper()
	a, err := q.Ask(call)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func text(o *explain.Outcome) string {
	if o == nil {
		return "depends"
	}
	return o.Text
}

func TestTheVerdictNamesItsRule(t *testing.T) {
	for _, c := range []struct{ what, profile, call, verdict, where, because string }{
		{"a rule without conditions", "builtin", "openat", "allow", "builtin:256:5", ""},
		{"no rule", "builtin", "mount", "errno EPERM", "builtin:2:19", ""},
		{"a rule whose condition holds", denylist, "socket(AF_ALG, SOCK_SEQPACKET, 0)", "errno EAFNOSUPPORT", "p.json:5:14", "family is AF_ALG"},
		{"a condition that does not", denylist, "socket(AF_INET)", "allow", "p.json:2:19", ""},
		{"an argument left open", denylist, "socket", "depends", "p.json:5:14", "family is AF_ALG"},
		{"an open argument that no rule looks at", denylist, "socket(AF_ALG, _)", "errno EAFNOSUPPORT", "p.json:5:14", "family is AF_ALG"},
		{"a call newer than the profile", "builtin", "fchroot", "errno ENOSYS", "", ""},
		{"a number newer than everything", "builtin", "9999", "errno ENOSYS", "", ""},
		{"a number of x32", "builtin", "0x40000101", "allow", "builtin:256:5", ""},
		{"a number of x32, which is not listed", denylist, "0x40000101", "kill thread", "", ""},
		{"a value whose upper half the kernel ignores", denylist, "socket(0x100000026)", "errno EAFNOSUPPORT", "p.json:5:14", "family is AF_ALG"},
	} {
		t.Run(c.what, func(t *testing.T) {
			a := ask(t, about(t, c.profile, seccomp.ArchX86_64), c.call)
			if got := text(a.Verdict); got != c.verdict {
				t.Errorf("%s, want %s", got, c.verdict)
			}
			where := ""
			if a.Cases[0].At != nil {
				where = a.Cases[0].At.String()
			}
			if where != c.where {
				t.Errorf("at %q, want %q", where, c.where)
			}
			if got := strings.Join(a.Cases[0].When, " and "); got != c.because {
				t.Errorf("because %q, want %q", got, c.because)
			}
		})
	}
}

func TestARuleThatDoesNotMatchSaysWhy(t *testing.T) {
	for _, c := range []struct{ call, when, fails string }{
		{"socket(AF_INET)", "family is AF_ALG", "family is AF_INET"},
		{"mprotect(_, _, PROT_READ|PROT_EXEC)", "prot has all of PROT_WRITE|PROT_EXEC", "prot lacks PROT_WRITE"},
	} {
		a := ask(t, about(t, denylist, seccomp.ArchX86_64), c.call)
		if len(a.Missed) != 1 || a.Missed[0].When[0] != c.when || a.Missed[0].Fails != c.fails {
			t.Errorf("%s: %+v, want %q, but %q", c.call, a.Missed, c.when, c.fails)
		}
	}
	a := ask(t, about(t, "builtin", seccomp.ArchX86_64), "clone(CLONE_NEWUSER|SIGCHLD)")
	if len(a.Missed) != 1 || a.Missed[0].Fails != "clone_flags has CLONE_NEWUSER" {
		t.Errorf("clone: %+v", a.Missed)
	}
}

func TestWhatWouldChangeTheVerdict(t *testing.T) {
	for _, c := range []struct{ what, profile, call, want string }{
		{"one of two capabilities", "builtin", "bpf", `rule {"names":["bpf"],"action":"SCMP_ACT_ALLOW"}: allow; capability --cap-add SYS_ADMIN: allow; capability --cap-add BPF: allow`},
		{"an older kernel", "builtin", "ptrace", `absence ptrace in syscalls[1]: errno EPERM; kernel a kernel older than Linux 4.8: errno EPERM`},
		{"a kernel since a version", denylist, "reboot", "absence reboot in syscalls[3]: allow; kernel a kernel older than Linux 5.10: allow"},
		{"a capability that excludes a denial", denylist, "acct", "absence acct in syscalls[2]: allow; capability --cap-add SYS_PACCT: allow; capability --cap-add SYS_ADMIN: allow"},
		{"an argument is kept in the rule", denylist, "socket(AF_INET)", `rule {"names":["socket"],"action":"SCMP_ACT_ERRNO","errnoRet":1,"args":[{"index":0,"value":2,"op":"SCMP_CMP_EQ"}]}: errno EPERM`},
		{"a denial gives way to no rule", denylist, "socket(AF_ALG)", "absence socket in syscalls[0]: allow"},
		{"an architecture that is not listed", denylist, "0x40000101", `architecture "SCMP_ARCH_X32" in "architectures": allow`},
	} {
		t.Run(c.what, func(t *testing.T) {
			var got []string
			for _, f := range ask(t, about(t, c.profile, seccomp.ArchX86_64), c.call).Flips {
				got = append(got, fmt.Sprintf("%s %s: %s", f.By, f.Change, text(f.Verdict)))
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("%s\nwant %s", s, c.want)
			}
		})
	}
}

func TestOtherDoorsAreTried(t *testing.T) {
	got := map[string]string{}
	for _, call := range []string{"socket(AF_ALG, SOCK_SEQPACKET, 0)", "mmap(_, _, PROT_EXEC)"} {
		for _, d := range ask(t, about(t, "builtin", seccomp.ArchX86_64), call).Doors {
			got[d.Arch+" "+d.Call] = text(d.Verdict)
		}
	}
	for door, want := range map[string]string{
		"x86 socket(AF_ALG, SOCK_SEQPACKET, 0)": "errno EPERM",
		"x86 socketcall(SYS_SOCKET, _)":         "allow",
		"x32 socket(AF_ALG, SOCK_SEQPACKET, 0)": "errno EPERM",
		"x86_64 io_uring_setup":                 "errno EPERM",
		"x86 mmap":                              "allow", // its arguments are behind a pointer
		"x86 mmap2(_, _, PROT_EXEC)":            "allow",
	} {
		if got[door] != want {
			t.Errorf("%s: %q, want %q (of %v)", door, got[door], want, got)
		}
	}
}

// The answer about a call with all its arguments is the policy's, for every call
// and values at which something changes.
func TestTheAnswerIsThePolicys(t *testing.T) {
	values := []string{"0", "1", "2", "3", "8", "38", "40", "0x11", "0x10000011", "0x7e020000", "0x20008", "0xffffffff", "-1", "0x100000026"}
	for _, src := range []string{"builtin", denylist} {
		q := about(t, src, seccomp.ArchX86_64)
		p, _, err := policy.Resolve(q.Profile, q.Facts, policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"socket", "clone", "personality", "mprotect", "read", "mount", "clone3", "reboot", "fchroot"} {
			c, _ := syscalls.Lookup(name)
			open := ask(t, q, name)
			for i := range values {
				var args []string
				for j := range len(c.Args(seccomp.ArchX86_64)) {
					args = append(args, values[(i+j)%len(values)])
				}
				written := name + "(" + strings.Join(args, ", ") + ")"
				call, err := calls.Parse(seccomp.ArchX86_64, written)
				if err != nil {
					t.Fatal(err)
				}
				d := call.Data()
				_, rule := p.Eval(&d)
				a := ask(t, q, written)
				if a.Verdict == nil || a.Verdict.Text != rule.Return.String() {
					t.Errorf("%s: %s, the policy says %v", written, text(a.Verdict), rule.Return)
				}
				if open.Verdict != nil && open.Verdict.Text != rule.Return.String() {
					t.Errorf("%s: %s for whatever arguments, the policy says %v", written, open.Verdict.Text, rule.Return)
				}
			}
		}
	}
}

func TestOnMIPSAnErrnoHasAnotherNumber(t *testing.T) {
	q := about(t, "builtin", seccomp.ArchMIPSEL64)
	if got := text(ask(t, q, "9999").Verdict); got != "errno ENOSYS" {
		t.Errorf("newer: %s", got)
	}
	if got := text(ask(t, q, "clone3").Verdict); got != "errno 38" {
		t.Errorf("clone3: %s, which is ENOSYS on every other architecture", got)
	}
}

func TestAReadingHasEveryCallOnce(t *testing.T) {
	for _, arch := range seccomp.Archs() {
		r, err := about(t, "builtin", arch).Read()
		if err != nil {
			t.Fatal(err)
		}
		for _, abi := range r.ABIs {
			a, _ := seccomp.ArchNamed(abi.Arch)
			n := len(abi.When)
			for _, g := range abi.Groups {
				n += len(g.Calls)
			}
			if abi.Newer != nil {
				n += len(abi.Newer.Known)
			}
			if want := len(syscalls.On(a)); n != want {
				t.Errorf("%s on %s: %d calls, of %d", abi.Arch, arch.Name(), n, want)
			}
		}
	}
}

// A profile of a hostile size is answered about all the same.
func TestThousandsOfVersionsAreNotAllTried(t *testing.T) {
	var rules []string
	for major := 1; major < 50; major++ {
		for minor := range 100 {
			rules = append(rules, fmt.Sprintf(`{"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "%d.%d"}}`, major, minor))
		}
	}
	src := `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [` + strings.Join(rules, ",") + `]}`
	if got := text(ask(t, about(t, src, seccomp.ArchX86_64), "read").Verdict); got != "allow" {
		t.Errorf("%s, want allow", got)
	}
}

func TestRulesThatDisagreeAreNamed(t *testing.T) {
	const src = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
		{"names": ["read", "kcmp"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_LE"}]},
		{"names": ["bpf", "nosuch"], "action": "SCMP_ACT_ALLOW"}, {"names": ["bpf"], "action": "SCMP_ACT_LOG"}]}`
	q := about(t, src, seccomp.ArchX86_64)
	for call, want := range map[string]string{
		"kcmp":   "p.json:2:22 kcmp: allow gives way to the stricter errno ENOSYS of syscalls[1] (line 3) where both apply; libseccomp forgets the conditions and answers allow",
		"bpf(1)": "p.json:4:72 bpf: log has no effect: the first rule wins, allow of syscalls[2] (line 4)",
		"read":   "",
		"9999":   "",
	} {
		var got []string
		for _, n := range ask(t, q, call).Notes {
			got = append(got, n.At.String()+" "+n.Text)
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("%s: %q, want %q", call, got, want)
		}
	}
}
