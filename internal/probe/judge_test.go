package probe

import (
	"slices"
	"syscall"
	"testing"

	"github.com/weir-dev/weir/internal/sys/call"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

func TestKernelAndPolicyDisagreeUnlessBothRunsAreThePolicys(t *testing.T) {
	var (
		eperm   = call.Outcome{Errno: syscall.EPERM}
		efault  = call.Outcome{Errno: syscall.EFAULT}
		enosys  = call.Outcome{Errno: syscall.ENOSYS}
		ok      = call.Outcome{Value: 7}
		seems   = call.Outcome{} // an errno of 0
		marked  = call.Outcome{Errno: syscall.Errno(marker)}
		killed  = call.Outcome{Signal: syscall.SIGSYS}
		crashed = call.Outcome{Signal: syscall.SIGSEGV}
	)
	deny := seccomp.ReturnErrno(seccomp.EPERM)
	for _, c := range []struct {
		name          string
		policy        seccomp.Return
		first, second call.Outcome
		want          string
	}{
		{"denied, and denied", deny, eperm, marked, ""},
		{"denied, and the EPERM is the kernel's own", deny, eperm, eperm, "the kernel was reached: the filter let the call through"},
		{"denied, and another errno comes back", deny, efault, marked, "the filter answered EFAULT"},
		{"denied, and killed", deny, killed, killed, "the filter kills the call and does not fail it"},
		{"denied, and the call crashed at first", deny, crashed, marked, "the filter answered killed (SIGSEGV)"},
		{"denied with 0, and skipped", seccomp.ReturnErrno(0), seems, marked, ""},
		{"denied with 0, and made", seccomp.ReturnErrno(0), seems, ok, "the kernel was reached: the filter let the call through"},
		{"for a tracer, of whom there is none", seccomp.ActTrace.With(1), enosys, marked, ""},
		{"for a tracer, and made", seccomp.ActTrace.With(1), enosys, enosys, "the kernel was reached: the filter let the call through"},
		{"allowed, and made", seccomp.ActAllow.Return(), efault, efault, ""},
		{"allowed, and the kernel refuses it", seccomp.ActAllow.Return(), eperm, eperm, ""},
		{"allowed, and denied", seccomp.ActAllow.Return(), eperm, marked, "the filter stopped the call"},
		{"allowed, and killed", seccomp.ActAllow.Return(), killed, killed, "the filter stopped the call"},
		{"logged, and made", seccomp.ActLog.Return(), ok, ok, ""},
		{"killed, and killed", seccomp.ActKillProcess.Return(), killed, killed, ""},
		{"trapped, and killed for want of a handler", seccomp.ActTrap.Return(), killed, killed, ""},
		{"killed, and made", seccomp.ActKillThread.Return(), ok, ok, "the call was not killed"},
		{"killed, and denied in one run", seccomp.ActKillThread.Return(), killed, marked, "the call was not killed"},
	} {
		if got := disagreement(seccomp.ArchX86_64, c.policy, c.first, c.second); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestACallThatIsNotMadeHasNoAnswerAndNoDisagreement(t *testing.T) {
	deny := parse(t, `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["execve"], "action": "SCMP_ACT_ALLOW"}]}`)
	p := compiled(t, deny, 0).Policy
	missing := Call{Name: "vm86", Unmade: "there is none"}
	closed := Call{Name: "stime", Arch: seccomp.ArchX86, Foreign: true, Nr: 25}
	fault := call.Outcome{Signal: syscall.SIGSEGV}
	calls, outcomes := []Call{missing, closed}, []call.Outcome{{}, fault}
	for _, rows := range [][]Row{observe(calls, outcomes), judge(p, calls, outcomes, outcomes)} {
		for _, r := range rows {
			if r.Answer != "" || r.Disagreement != "" || r.Unmade == "" {
				t.Errorf("%+v", r)
			}
		}
	}
	native := Call{Name: "mount", Arch: p.Native, Nr: 1}
	if r := judge(p, []Call{native}, []call.Outcome{fault}, []call.Outcome{fault})[0]; r.Disagreement == "" || r.Unmade != "" {
		t.Errorf("a call through the native door that faults: %+v", r)
	}
}

func TestOnlyFailuresAreMarked(t *testing.T) {
	f := compiled(t, profile.Default(), seccomp.DefaultCaps)
	m := mark(f.Policy)
	for i, abi := range f.Policy.ABIs {
		for j, row := range abi.Rows {
			for k, rule := range row.Rules {
				got := m.ABIs[i].Rows[j].Rules[k]
				if _, fails := failure(f.Policy.Native, rule.Return); fails {
					rule.Return = seccomp.ReturnErrno(marker)
				}
				if got.Return != rule.Return || !slices.Equal(got.Conds, rule.Conds) {
					t.Fatalf("%s: %+v, want %+v", row.Call(row.First), got, rule)
				}
			}
		}
	}
	if m.Foreign.Return != f.Policy.Foreign.Return {
		t.Errorf("foreign calls: %v, want %v", m.Foreign.Return, f.Policy.Foreign.Return)
	}
}

func TestACapabilityUnlocksWhatNoneLetsThrough(t *testing.T) {
	const src = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
		{"names": ["execve", "personality"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["acct"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_PACCT"]}},
		{"names": ["bpf"], "action": "SCMP_ACT_LOG", "includes": {"caps": ["CAP_BPF"]}},
		{"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
		{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN", "CAP_CHOWN"]}},
		{"names": ["reboot"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_BOOT"]}}]}`
	caps := func(names ...string) (set seccomp.Caps) {
		for _, name := range names {
			c, ok := seccomp.ParseCap("CAP_" + name)
			if !ok {
				t.Fatal(name)
			}
			set |= seccomp.CapSet(c)
		}
		return set
	}
	for _, c := range []struct {
		name    string
		granted seccomp.Caps
		call    string
		want    seccomp.Caps
	}{
		{"one that the container lacks", 0, "acct", caps("SYS_PACCT")},
		{"one that it has", caps("SYS_PACCT"), "acct", caps("SYS_PACCT")},
		{"each of two that it lacks", 0, "bpf", caps("BPF", "SYS_ADMIN")},
		{"each of two that it has", caps("BPF", "SYS_ADMIN"), "bpf", caps("BPF", "SYS_ADMIN")},
		{"the missing one of two that are needed together", caps("CHOWN"), "mount", caps("SYS_ADMIN")},
		{"none where two are missing", 0, "mount", 0},
		{"none where it is allowed to all", 0, "personality", 0},
		{"none where it is never allowed", caps("SYS_ADMIN"), "swapon", 0},
		{"none where one only locks", 0, "reboot", 0},
	} {
		f := compiled(t, parse(t, src), c.granted)
		calls := Table(native(t))
		i := slices.IndexFunc(calls, func(k Call) bool { return k.Name == c.call })
		rows := []Row{{Call: calls[i]}}
		f.unlock(rows)
		if got := seccomp.CapSet(rows[0].Unlocks...); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got.List(), c.want.List())
		}
	}
}
