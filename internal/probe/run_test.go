package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

func TestUnderTheDefaultProfileKernelAndPolicyAgree(t *testing.T) {
	rows := run(t, under(t, profile.Default(), seccomp.DefaultCaps))
	wantAgreement(t, rows)
	var got strings.Builder
	for i := range rows {
		r := &rows[i]
		answer := r.Answer
		if errno, fails := failure(native(t), r.Policy); fails && r.Unmade != "" {
			t.Logf("%s is not seen: %s", r.Name, r.Unmade)
			answer = errno.String() // a kernel with this door gives it, or there is a disagreement
		}
		unlocks := "-"
		if len(r.Unlocks) > 0 {
			unlocks = strings.Trim(fmt.Sprint(r.Unlocks), "[]")
		}
		fmt.Fprintf(&got, "%-30s  %-6s  %-11s  %s\n", r, answer, r.Policy, unlocks)
	}
	golden := filepath.Join("testdata", "default-"+runtime.GOARCH+".txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("%s is to be made on such a machine, by -update", golden)
	}
	if err != nil {
		t.Fatal(err)
	}
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")
	for i := range max(len(wantLines), len(gotLines)) {
		if i >= len(wantLines) || i >= len(gotLines) || wantLines[i] != gotLines[i] {
			t.Fatalf("%s, line %d:\ngot\n%s\nwant\n%s", golden, i+1, got.String(), want)
		}
	}
}

func TestEachCapabilityUnlocksItsRowsAndNoOthers(t *testing.T) {
	without := run(t, under(t, profile.Default(), seccomp.DefaultCaps))
	var unlocking []seccomp.Cap
	for _, r := range without {
		for _, c := range r.Unlocks {
			if !slices.Contains(unlocking, c) {
				unlocking = append(unlocking, c)
			}
		}
	}
	if len(unlocking) < 10 {
		t.Fatalf("the default profile knows capabilities for more than %v", unlocking)
	}
	slices.Sort(unlocking)
	answers := kernelAnswers(t)
	for _, c := range unlocking {
		t.Run(c.String(), func(t *testing.T) {
			if !grantable(t).Has(c) {
				t.Skipf("this process cannot grant %v", c)
			}
			rows := run(t, under(t, profile.Default(), seccomp.DefaultCaps|seccomp.CapSet(c)))
			wantAgreement(t, rows)
			for i, r := range rows {
				switch unlocked := slices.Contains(without[i].Unlocks, c); {
				case !unlocked && (r.Policy != without[i].Policy || r.Answer != without[i].Answer):
					t.Errorf("%s: %s, policy %v; without the capability %s, policy %v", r.Name, r.Answer, r.Policy, without[i].Answer, without[i].Policy)
				case unlocked && r.Policy != seccomp.ActAllow.Return():
					t.Errorf("%s: the policy says %v", r.Name, r.Policy)
				case unlocked && r.Unmade == "" && !slices.Contains(answers[r.Name], r.Answer):
					t.Errorf("%s: %s, want the kernel's own: %v", r.Name, r.Answer, answers[r.Name])
				}
			}
		})
	}
}

func TestPrivilegedReachesTheKernelAndChangesNothing(t *testing.T) {
	l := unconfined(t, grantable(t))
	l.Spec.Privileged = true
	before := hostState(t)
	rows := run(t, l)
	after := hostState(t)
	answers := kernelAnswers(t)
	for _, r := range rows {
		if r.Confined || r.Disagreement != "" || len(r.Unlocks) > 0 {
			t.Errorf("%s: there is no policy: %+v", r.Name, r)
		}
		if r.Unmade == "" && !slices.Contains(answers[r.Name], r.Answer) {
			t.Errorf("%s: %s, want %v", r.Name, r.Answer, answers[r.Name])
		}
	}
	for what, want := range before {
		if got := after[what]; got != want {
			t.Errorf("the host's %s:\nbefore\n%s\nafter\n%s", what, want, got)
		}
	}
}

// hostState is what the calls of the table could change, had they succeeded.
func hostState(t *testing.T) map[string]string {
	t.Helper()
	state := make(map[string]string)
	for _, file := range []string{
		"/proc/sys/kernel/hostname", "/proc/sys/kernel/random/boot_id", "/proc/self/mountinfo", "/proc/self/personality",
		"/proc/swaps", "/proc/modules", "/sys/kernel/kexec_loaded", "/sys/kernel/kexec_crash_loaded",
	} {
		b, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		state[file] = string(b)
	}
	// What the clock reads beside the one that nobody can set, in steps of a
	// minute from here on: a set clock jumps, a disciplined one creeps.
	var real, boot unix.Timespec
	if err := errors.Join(unix.ClockGettime(unix.CLOCK_REALTIME, &real), unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot)); err != nil {
		t.Fatal(err)
	}
	offset := time.Duration(real.Nano() - boot.Nano())
	if clockOffset == 0 {
		clockOffset = offset
	}
	state["clock"] = (offset - clockOffset).Round(time.Minute).String()
	return state
}

var clockOffset time.Duration

func TestTheMarkerComesBackFromEachDeniedRow(t *testing.T) {
	l := under(t, profile.Default(), seccomp.DefaultCaps)
	prog, err := markedProgram(l.Filter.Policy)
	if err != nil {
		t.Fatal(err)
	}
	calls := Table(native(t))
	outcomes, err := l.ask(context.Background(), calls, prog)
	if err != nil {
		t.Fatal(err)
	}
	denied := 0
	for i, c := range calls {
		if c.Arch != native(t) {
			continue
		}
		_, rule := l.Filter.Policy.Eval(c.data())
		_, fails := failure(native(t), rule.Return)
		if came := outcomes[i].Errno == unix.Errno(marker); came != fails {
			t.Errorf("%s: policy %v, answer %s", c.Name, rule.Return, answer(outcomes[i]))
		}
		if fails {
			denied++
		}
	}
	if denied < 30 {
		t.Errorf("the default profile denies more than %d of these calls", denied)
	}
}

func TestWithoutTheFilterEachDeniedRowDisagrees(t *testing.T) {
	l := under(t, profile.Default(), seccomp.DefaultCaps)
	calls := Table(native(t))
	outcomes, err := l.ask(context.Background(), calls, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range judge(l.Filter.Policy, calls, outcomes, outcomes) {
		_, denied := failure(native(t), r.Policy)
		if r.Unmade == "" && (r.Disagreement != "") != denied {
			t.Errorf("%s: policy %v, answer %s, disagreement %q", r.Name, r.Policy, r.Answer, r.Disagreement)
		}
	}
}

func TestAFilterThatIsStricterThanThePolicyDisagrees(t *testing.T) {
	l := under(t, profile.Default(), seccomp.DefaultCaps)
	allow := compiled(t, parse(t, `{"defaultAction": "SCMP_ACT_ALLOW"}`), seccomp.DefaultCaps)
	marked, err := markedProgram(l.Filter.Policy)
	if err != nil {
		t.Fatal(err)
	}
	calls := Table(native(t))
	first, err := l.ask(context.Background(), calls, l.Filter.Program)
	if err != nil {
		t.Fatal(err)
	}
	second, err := l.ask(context.Background(), calls, marked)
	if err != nil {
		t.Fatal(err)
	}
	rows := judge(allow.Policy, calls, first, second)
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == "mount" })
	if rows[i].Disagreement != "the filter stopped the call" {
		t.Errorf("mount: %+v", rows[i])
	}
}

func TestTheKernelsOwnEPERMIsNotTheFilters(t *testing.T) {
	sysAdmin, _ := seccomp.ParseCap("CAP_SYS_ADMIN")
	l := under(t, profile.Default(), seccomp.DefaultCaps|seccomp.CapSet(sysAdmin))
	l.Spec.User = "1000" // so the capability decides about the profile, and the user lacks it
	rows := run(t, l)
	wantAgreement(t, rows)
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == "unshare" })
	if r := rows[i]; r.Answer != "EPERM" || r.Policy != seccomp.ActAllow.Return() {
		t.Errorf("unshare: %s, policy %v, want EPERM of the kernel, allow", r.Answer, r.Policy)
	}
}

func TestEachActionIsSeenAsItself(t *testing.T) {
	rule := func(name, action string) string {
		return fmt.Sprintf(`{"names": ["%s"], "action": "%s"}`, name, action)
	}
	p := parse(t, `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [`+strings.Join([]string{
		rule("acct", "SCMP_ACT_KILL_PROCESS"), rule("add_key", "SCMP_ACT_KILL_THREAD"), rule("bpf", "SCMP_ACT_TRAP"),
		rule("keyctl", "SCMP_ACT_TRACE"), rule("swapon", "SCMP_ACT_LOG"), rule("quotactl", "SCMP_ACT_ERRNO"),
		`{"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}`,
		`{"names": ["swapoff"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}`,
		`{"names": ["userfaultfd"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4095}`,
	}, ",")+`]}`)
	rows := run(t, under(t, p, seccomp.DefaultCaps))
	wantAgreement(t, rows)
	want := map[string]string{
		"acct": "killed (SIGSYS)", "add_key": "killed (SIGSYS)", "bpf": "killed (SIGSYS)",
		"keyctl": "ENOSYS", "swapon": "EINVAL", "quotactl": "EPERM", "mount": "EACCES", "swapoff": "ok",
		"userfaultfd": "4095", "personality": "ok", "setns": "EBADF",
	}
	for _, r := range rows {
		if answer, ok := want[r.Name]; ok && r.Answer != answer {
			t.Errorf("%s: %s, want %s", r.Name, r.Answer, answer)
		}
	}
}

func TestAProberThatDoesNotReportEveryCallIsTrouble(t *testing.T) {
	l := unconfined(t, seccomp.DefaultCaps)
	made := 1 // unconfined, one more is made: prctl
	for _, c := range Table(native(t)) {
		if c.Unmade == "" {
			made++
		}
	}
	for _, c := range []struct{ name, prober, want string }{
		{"too few outcomes", "./testdata/silent", fmt.Sprintf("the prober reports 0 outcomes of %d calls", made)},
		{"too many", "./testdata/generous", fmt.Sprintf("the prober reports %d outcomes of %d calls", made+1, made)},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.Prober = elf(t, c.prober)
			rows, err := Run(context.Background(), l)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d rows and %v, want an error: %s", len(rows), err, c.want)
			}
		})
	}
	t.Run("no program", func(t *testing.T) {
		l.Prober = []byte("this is none")
		_, err := Run(context.Background(), l)
		var failed *container.Error
		if !errors.As(err, &failed) || failed.Code != container.CodeExec {
			t.Errorf("got %v", err)
		}
	})
	t.Run("one that the filter does not let fork", func(t *testing.T) {
		p := parse(t, `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["wait4"], "action": "SCMP_ACT_ERRNO"}]}`)
		_, err := Run(context.Background(), under(t, p, seccomp.DefaultCaps))
		var failed *ProberError
		if !errors.As(err, &failed) || failed.Error() != "the prober exited with 1: make a call in a child: operation not permitted" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("one that the filter kills", func(t *testing.T) {
		p := parse(t, `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["wait4"], "action": "SCMP_ACT_KILL_PROCESS"}]}`)
		_, err := Run(context.Background(), under(t, p, seccomp.DefaultCaps))
		var failed *ProberError
		if !errors.As(err, &failed) || failed.Status.Signal != unix.SIGSYS {
			t.Errorf("got %v", err)
		}
	})
}

func TestNothingIsLeftBehind(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	run(t, under(t, profile.Default(), seccomp.DefaultCaps))
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func wantAgreement(t *testing.T, rows []Row) {
	t.Helper()
	for _, r := range rows {
		if r.Disagreement != "" {
			t.Errorf("%s: %s, policy %v: %s", r.Name, r.Answer, r.Policy, r.Disagreement)
		}
	}
}
