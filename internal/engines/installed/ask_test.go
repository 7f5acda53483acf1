//go:build linux

package installed_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/engines"
	"github.com/weir-dev/weir/internal/engines/installed"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

const must = `"capget","capset","chdir","close","execve","fstat","fstatfs","futex","getcwd","getdents64","getppid","newfstatat","openat","prctl",
	"read","setgid","setgroups","setuid","statx","write","close_range","epoll_ctl","faccessat2","fcntl","getpid","openat2",
	"clone","clone3","epoll_pwait","fchown","madvise","mmap","munmap","nanosleep","rt_sigprocmask","rt_sigreturn","sched_yield","sigaltstack","tgkill",
	"rt_sigaction","setresgid","setresuid","exit","exit_group"`

func allowing(names string, more ...string) string {
	return `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [` + strings.Join(append([]string{`{"names": [` + names + `], "action": "SCMP_ACT_ALLOW"}`}, more...), ",\n") + `]}`
}

func denying(more ...string) string {
	return `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [` + strings.Join(more, ",\n") + `]}`
}

func rule(name, action string, args ...string) string {
	return `{"names": ["` + name + `"], "action": "SCMP_ACT_` + action + `", "args": [` + strings.Join(args, ",") + `]}`
}

func arg(index, op, value string) string {
	return `{"index": ` + index + `, "op": "SCMP_CMP_` + op + `", "value": ` + value + `}`
}

func masked(index, mask, datum string) string {
	return `{"index": ` + index + `, "op": "SCMP_CMP_MASKED_EQ", "value": ` + mask + `, "valueTwo": ` + datum + `}`
}

// Each profile is one thing that engines do otherwise than it reads.
var profiles = []struct{ what, source string }{
	{"Docker's default", "builtin"},
	{"nothing but a default that allows", `{"defaultAction": "SCMP_ACT_ALLOW"}`},
	{"what init needs, and no more", allowing(must)},
	{"without what runc's init needs", allowing(strings.Replace(must, `"getppid",`, "", 1))},
	{"without what both need", allowing(strings.Replace(must, `"capset",`, "", 1))},
	{"without what a filter needs that comes late", allowing(strings.Replace(must, `"execve",`, "", 1))},
	{"init killed by what may fail", strings.Replace(allowing(strings.Replace(must, `"getpid",`, "", 1)), "ACT_ERRNO", "ACT_KILL_PROCESS", 1)},
	{"a deny that equals the default", allowing(must, rule("personality", "ERRNO"), rule("personality", "ALLOW"))},
	{"the same with another errno", allowing(must, `{"names": ["personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}`, rule("personality", "ALLOW"))},
	{"conditions that a rule without them erases", denying(rule("personality", "ERRNO", arg("0", "EQ", "8")), rule("personality", "LOG"))},
	{"the same in the other order", denying(rule("personality", "LOG"), rule("personality", "ERRNO", arg("0", "EQ", "8")))},
	{"one condition list and two actions", denying(rule("personality", "ERRNO", arg("0", "EQ", "8")), rule("personality", "LOG", arg("0", "EQ", "8")))},
	{"the same twice", denying(rule("personality", "ERRNO", arg("0", "EQ", "8")), rule("personality", "ERRNO", arg("0", "EQ", "8")))},
	{"an argument twice", denying(rule("kcmp", "ERRNO", arg("0", "EQ", "1"), arg("0", "EQ", "2"), arg("1", "EQ", "9")))},
	{"an argument of 32 bits", denying(rule("personality", "ERRNO", arg("0", "GE", "8")))},
	{"minus one in 64 bits", denying(rule("personality", "ERRNO", arg("0", "EQ", "18446744073709551615")))},
	{"several conditions of every kind", denying(rule("kcmp", "ERRNO", arg("0", "NE", "1"), arg("1", "LT", "4294967297"), arg("2", "GE", "7"), masked("3", "255", "511")))},
	{"orders on one argument", denying(rule("socket", "ERRNO", arg("0", "LT", "3")), rule("socket", "ERRNO", arg("0", "EQ", "38")), rule("socket", "ERRNO", arg("0", "GT", "40")))},
	{"equalities on several", denying(rule("kcmp", "ERRNO", arg("0", "EQ", "3"), arg("2", "EQ", "4")), rule("kcmp", "ERRNO", arg("1", "EQ", "4")), rule("kcmp", "ERRNO", masked("0", "7", "2")))},
	{"a mask without bits", denying(rule("personality", "ERRNO", masked("0", "0", "0")))},
	{"actions that overlap", denying(rule("bpf", "ERRNO", arg("0", "LE", "7")), rule("bpf", "LOG", arg("0", "GE", "5")))},
	{"actions that do not meet", denying(rule("personality", "ERRNO", arg("0", "EQ", "8")), rule("personality", "LOG", masked("0", "4294967295", "4")), rule("kcmp", "ERRNO", arg("2", "EQ", "1")))},
	{"names that nobody knows", denying(`{"names": ["no_such_call", "kcmp"], "action": "SCMP_ACT_ERRNO"}`)},
	{"a name that only new libraries know", allowing(must + `,"mseal"`)},
	{"a largest number that is a deny", allowing(must, rule("futex_waitv", "ERRNO"))},
	{"three architectures", `{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": [
		{"names": [` + must + `, "bind"], "action": "SCMP_ACT_ALLOW"}, ` + rule("socket", "ALLOW", arg("0", "EQ", "4294967298")) + `,` + rule("kcmp", "ALLOW", masked("3", "18446744069414584320", "0")) + `]}`},
	{"an errno that is too large", denying(`{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 12345}`)},
	{"an errno that is cut", denying(`{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 65541}`)},
	{"an errno where none belongs", denying(`{"names": ["kcmp"], "action": "SCMP_ACT_LOG", "errnoRet": 5}`)},
	{"a flag", `{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG"], "syscalls": [` + rule("kcmp", "ERRNO") + `]}`},
	{"notifications, and nobody to receive them", denying(rule("kcmp", "NOTIFY"))},
	{"an architecture of the other byte order", `{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_S390X"]}`},
}

// engine is one to ask, and what its version says.
func engine(t *testing.T, name string) (path string, e engines.Engine) {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool(name))
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(path, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if e, _, err = engines.Parse(name); err == nil {
		e, err = e.Found(string(text))
	}
	if err != nil {
		t.Fatal(err)
	}
	if name != "crun" {
		return path, e
	}
	// crun refuses hosts that have both versions of cgroups mounted: hide the
	// second from it.
	shim := filepath.Join(t.TempDir(), "crun")
	script := "#!/bin/sh\nexec unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec " + path + " \"$@\"' crun \"$@\"\n"
	if err := os.WriteFile(shim, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return shim, e
}

func TestThePredictionIsWhatTheEngineDoes(t *testing.T) {
	for _, name := range []string{"runc", "crun"} {
		t.Run(name, func(t *testing.T) {
			path, e := engine(t, name)
			sure := 0
			for _, c := range profiles {
				t.Run(c.what, func(t *testing.T) {
					p := parse(t, c.source)
					f := seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}
					predicted, err := engines.Predict(e, p, f)
					if err != nil {
						t.Fatal(err)
					}
					d, err := engines.Hand(p, f)
					if err != nil {
						t.Fatal(err)
					}
					for _, noNewPrivs := range []bool{false, true} {
						a, err := installed.Ask(context.Background(), path, installed.Question{Document: d, Arch: f.Arch, Caps: f.Caps, NoNewPrivs: noNewPrivs})
						if err != nil {
							t.Fatal(err)
						}
						s := predicted.Starts(noNewPrivs)
						if s.Answer != "depends" && (s.Answer == "yes") != a.Starts {
							t.Errorf("no_new_privs %v: predicted %v, and it starts: %v %s", noNewPrivs, s, a.Starts, a.Message)
						}
						t.Logf("no_new_privs %v: starts: %v, %v; %s", noNewPrivs, a.Starts, s, a.Message)
						if s.Answer != "depends" {
							sure++
						}
						if a.Starts {
							agrees(t, predicted, a)
						}
					}
				})
			}
			t.Logf("%d of %d starts were predicted", sure, 2*len(profiles))
		})
	}
}

func parse(t *testing.T, source string) *profile.Profile {
	t.Helper()
	if source == "builtin" {
		return profile.Default()
	}
	p, err := profile.Parse("p.json", []byte(source), profile.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// agrees holds the filter that was read against the predicted policy.
func agrees(t *testing.T, p *engines.Prediction, a installed.Answer) {
	t.Helper()
	s := verify.Subject{}
	for _, f := range a.Filters {
		s.Filters = append(s.Filters, f.Program)
	}
	c := verify.Compare(p.Native, verify.Subject{Policy: p.Policy}, s, 50_000_000, 100_000)
	if c.Reason != "" {
		t.Fatal(c.Reason)
	}
	unsure := 0
	for _, d := range c.Differences {
		for nr := d.First; ; nr++ {
			if _, ok := p.Unsure(d.Witness.Arch, nr); !ok || d.Foreign {
				t.Fatalf("number %#x of %#x to %#x: predicted %v, read %v; for example %+v", nr, d.First, d.Last, d.A, d.B, d.Witness)
			}
			unsure++
			if nr == d.Last {
				break
			}
		}
	}
	t.Logf("%d numbers were not predicted and are otherwise", unsure)
}
