package engines_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/engines"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

var facts = seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}

func parse(t *testing.T, src string, dialect profile.Dialect) *profile.Profile {
	t.Helper()
	if src == "builtin" {
		src = profile.Default().Source()
	}
	p, err := profile.Parse("p.json", []byte(src), profile.Options{Lenient: true, Dialect: dialect})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func predict(t *testing.T, e engines.Engine, src string) *engines.Prediction {
	t.Helper()
	p, err := engines.Predict(e, parse(t, src, profile.Superset), facts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func answer(t *testing.T, p *engines.Prediction, arch seccomp.Arch, name string, args ...uint64) string {
	t.Helper()
	call, _ := syscalls.Lookup(name)
	nr, ok := call.Nr(arch)
	if !ok {
		t.Fatalf("%s has no %s", arch.Name(), name)
	}
	if why, ok := p.Unsure(arch.Audit(), nr); ok {
		return "unsure: " + why
	}
	d := seccomp.Data{Arch: arch.Audit(), Nr: nr}
	copy(d.Args[:], args)
	_, rule := p.Policy.Eval(&d)
	return rule.Return.String()
}

func TestConditionsThatContainerdDoesNotRead(t *testing.T) {
	written := parse(t, "builtin", profile.Superset)
	p, err := engines.Predict(engines.Runc, parse(t, "builtin", profile.OCI), facts)
	if err != nil {
		t.Fatal(err)
	}
	p.Ignored(written, facts)
	meant, _, err := policy.Resolve(written, facts, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := answer(t, p, seccomp.ArchX86_64, "unshare"); got != "allow" {
		t.Errorf("unshare: %s", got)
	}
	for nr, want := range map[seccomp.Nr]string{272: "containerd does not read them", 0x40000000 + 272: "containerd does not read archMap"} {
		if why := strings.Join(p.Why(meant, seccomp.ArchX86_64.Audit(), nr), "\n"); !strings.Contains(why, want) {
			t.Errorf("number %#x: %q, want %q", nr, why, want)
		}
	}
}

func TestAHandedDocumentIsWhatDockerResolves(t *testing.T) {
	p := parse(t, `{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}], "syscalls": [
		{"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}},
		{"name": "kcmp", "action": "SCMP_ACT_LOG", "errnoRet": 7, "comment": "odd"}]}`, profile.Superset)
	d, err := engines.Hand(p, facts)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}; !slices.Equal(d.Architectures, want) {
		t.Errorf("architectures %v, want %v", d.Architectures, want)
	}
	if len(d.Syscalls) != 1 || !slices.Equal(d.Syscalls[0].Names, []string{"kcmp"}) || *d.Syscalls[0].ErrnoRet != 7 {
		t.Errorf("syscalls %+v", d.Syscalls)
	}
}

func TestADocumentThatIsNone(t *testing.T) {
	for src, want := range map[string]bool{
		`{}`: true, `{"syscalls": []}`: true, `null`: true,
		`{"defaultAction": "SCMP_ACT_ALLOW"}`: false, `{"syscalls": [{"names": ["read"]}]}`: false, `[`: false,
	} {
		if got := engines.Unconfined([]byte(src)); got != want {
			t.Errorf("%s: %v", src, got)
		}
	}
}

func TestSocketcallHasTheRulesOfTheCallsBehindIt(t *testing.T) {
	p := predict(t, engines.Runc, `{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86"], "syscalls": [
		{"names": ["read", "openat"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]}`)
	for args, want := range map[[2]uint64]string{{1, 38}: "allow", {2, 1}: "errno EPERM"} {
		if got := answer(t, p, seccomp.ArchX86, "socketcall", args[0], args[1]); got != want {
			t.Errorf("socketcall(%v): %s, want %s", args, got, want)
		}
	}
	if got := answer(t, p, seccomp.ArchX86_64, "socket", 0x100000001); got != "errno EPERM" {
		t.Errorf("socket: %s", got)
	}
}

func TestNamesDependOnTheLibrary(t *testing.T) {
	const src = `{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["close", "mseal"], "action": "SCMP_ACT_ALLOW"}]}`
	for version, want := range map[string]string{
		"":      "unsure: not every libseccomp knows the name",
		"2.5.4": "errno ENOSYS",
		"2.5.5": "unsure: not every libseccomp 2.5.5 knows the name",
		"2.6.0": "allow",
	} {
		e := engines.Runc
		if version != "" {
			var err error
			if e, err = e.Found("runc version 1.5.2\nlibseccomp: " + version + "\n"); err != nil {
				t.Fatal(err)
			}
		}
		p := predict(t, e, src)
		got := answer(t, p, seccomp.ArchX86_64, "mseal")
		if got != want {
			t.Errorf("libseccomp %q: %s, want %s", version, got, want)
		}
	}
}

func TestRulesThatLibseccompMayLose(t *testing.T) {
	const rule = `{"names": ["chmod"], "action": "SCMP_ACT_LOG", "args": [{"index": 1, "value": 13, "op": "SCMP_CMP_EQ"}]}`
	for src, want := range map[string]string{
		rule: "log",
		rule + `, {"names": ["socketcall"], "action": "SCMP_ACT_LOG"}`:         "unsure: it has conditions and the least number of all, beside names that not every architecture has: libseccomp may lose its rule",
		rule + `, {"names": ["socketcall", "read"], "action": "SCMP_ACT_LOG"}`: "log",
	} {
		p := predict(t, engines.Runc, `{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"], "syscalls": [`+src+`]}`)
		if got := answer(t, p, seccomp.ArchX86_64, "chmod", 0, 13); got != want {
			t.Errorf("%s: %s, want %s", src, got, want)
		}
	}
}

func TestWhetherInitStarts(t *testing.T) {
	deny := func(name, action string) string {
		return `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["` + name + `"], "action": "` + action + `"}]}`
	}
	for _, c := range []struct{ engine, src, plain, late string }{
		{"runc:1.5.2", "builtin", "yes", "yes"},
		{"crun:1.8.1", "builtin", "yes", "yes"},
		{"runc:1.5.2", deny("statx", "SCMP_ACT_ERRNO"), "no", "no"},
		{"runc:1.1.5", deny("statx", "SCMP_ACT_ERRNO"), "yes", "yes"},
		{"runc:1.5.2", deny("getppid", "SCMP_ACT_ERRNO"), "no", "yes"},
		{"runc:1.5.2", deny("openat2", "SCMP_ACT_ERRNO"), "yes", "yes"},
		{"runc:1.5.2", deny("openat2", "SCMP_ACT_KILL"), "no", "no"},
		{"runc:1.5.2", deny("openat2\", \"fcntl", "SCMP_ACT_ERRNO"), "depends", "depends"},
		{"runc:1.5.2", deny("clone", "SCMP_ACT_ERRNO"), "depends", "depends"},
		{"crun:1.8.1", deny("capset", "SCMP_ACT_ERRNO"), "no", "yes"},
		{"crun:1.20", "builtin", "depends", "depends"},
	} {
		e, _, err := engines.Parse(c.engine)
		if err != nil {
			t.Fatal(err)
		}
		p := predict(t, e, c.src)
		if plain, late := p.Starts(false), p.Starts(true); plain.Answer != c.plain || late.Answer != c.late {
			t.Errorf("%s %s: %v and %v, want %s and %s", c.engine, c.src, plain, late, c.plain, c.late)
		}
	}
}

func TestVersions(t *testing.T) {
	for text, want := range map[string]string{"1.1.5+ds1": "1.1.5", "1.5": "1.5.0", "2.6.0-2": "2.6.0", "": "", "unknown": "", "1": "", "1..2": ""} {
		v, err := engines.ParseVersion(text)
		if got := v.String(); err == nil && got != want || err != nil && want != "" {
			t.Errorf("%q: %s, %v; want %q", text, got, err, want)
		}
	}
}
