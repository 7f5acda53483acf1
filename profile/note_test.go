package profile_test

import (
	"strings"
	"testing"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// wantNotes reads a profile that has no errors.
func wantNotes(t *testing.T, src string, o profile.Options, want string) *profile.Profile {
	t.Helper()
	p, err := profile.Parse("p", []byte(src), o)
	if err != nil {
		t.Fatalf("%s\n got %v\nwant no error and the note %s", src, err, want)
	}
	if got := lines(p.Notes); got != want {
		t.Errorf("%s\n got %s\nwant %s", src, got, want)
	}
	return p
}

func TestWhatChangesNothingHasNoNote(t *testing.T) {
	for _, src := range []string{
		`{"defaultAction": "SCMP_ACT_ERRNO"}`,
		top(`"syscalls": null, "flags": null, "architectures": null, "archMap": null, "listenerPath": null`),
		top(`"architectures": [], "archMap": [], "flags": [], "listenerMetadata": ""`),
		top(`"defaultErrnoRet": 38, "defaultErrno": "ENOSYS"`),
		allow(`"args": [], "comment": "", "includes": {}, "excludes": {"caps": [], "arches": null}`),
		allow(`"name": ""`),
		allow(`"args": [{"index": 0, "value": 1, "valueTwo": 0, "op": "SCMP_CMP_EQ"}]`),
		allow(`"includes": {"arches": ["mips3l64n32", "mipsel64n32", "x32", "x86"], "minKernel": "4.8"}`),
	} {
		wantNotes(t, src, profile.Options{}, "")
	}
}

func TestNotes(t *testing.T) {
	for _, c := range [][2]string{
		{top(`"$schema": "profile.schema.json"`), ``},
		{top(`"defaultErrnoRet": 0`), `p:2:20: defaultErrnoRet: errno 0: the call is skipped and seems to succeed`},
		{top(`"archMap": [{"architecture": "SCMP_ARCH_ARM"}, {"architecture": "SCMP_ARCH_ARM"}]`),
			`p:2:48: archMap[1]: a second entry for SCMP_ARCH_ARM; the first counts`},
		{top(`"syscalls": [{"names": [], "action": "SCMP_ACT_ALLOW"}]`), `p:2:14: syscalls[0]: the rule names no call and does nothing`},
		{allow(`"args": [{"index": 0, "value": 5, "op": "SCMP_CMP_GE"}, {"index": 0, "value": 9, "op": "SCMP_CMP_LE"}]`),
			`p:2:57: syscalls[0].args[1]: argument 0 is compared twice, so any one condition of the rule is enough ` +
				`(all of them cannot be asked of one argument in this format; runc and crun read it so, too)`},
		{allow(`"args": [{"index": 0, "value": 5, "valueTwo": 9, "op": "SCMP_CMP_GE"}]`),
			`p:2:10: syscalls[0].args[0].valueTwo: SCMP_CMP_GE compares with value alone (valueTwo counts for SCMP_CMP_MASKED_EQ only)`},
		{deny(`"args": [{"index": 0, "value": 0, "op": "SCMP_CMP_MASKED_EQ"}]`),
			`p:2:10: syscalls[0].args[0].value: a mask of 0 compares nothing; the condition always holds ` +
				`(value is the mask, valueTwo what the masked argument must be)`},
		{allow(`"includes": {"caps": ["CAP_SYS_ADMN"]}`),
			`p:2:23: syscalls[0].includes.caps: unknown capability "CAP_SYS_ADMN"; nobody holds it (did you mean "CAP_SYS_ADMIN"?)`},
		{deny(`"excludes": {"caps": ["CAP_FUTURE"]}`),
			`p:2:23: syscalls[0].excludes.caps: unknown capability "CAP_FUTURE"; nobody holds it`},
		{allow(`"includes": {"arches": ["x86_64"]}`),
			`p:2:25: syscalls[0].includes.arches: unknown architecture "x86_64"; no machine is called that (it is written "amd64")`},
		{deny(`"includes": {"minKernel": ""}`),
			`p:1:50: syscalls[0].includes.minKernel: the version is empty; every kernel is new enough ` +
				`(remove it, or write one such as "4.8")`},
		{allow(`"includes": {"minKernel": ""}`),
			`p:1:50: syscalls[0].includes.minKernel: the version is empty; every kernel is new enough ` +
				`(remove it, or write one such as "4.8")`},
	} {
		wantNotes(t, c[0], profile.Options{}, c[1])
	}
}

// The keys of other dialects loosen where an OCI runtime would drop a condition.
func TestOCIDialect(t *testing.T) {
	oci := profile.Options{Dialect: profile.OCI}
	wantNotes(t, top(`"archMap": [], "defaultErrno": "ENOSYS"`), oci,
		`p:2:1: archMap: the OCI format has no key "archMap": it is ignored
p:2:16: defaultErrno: the OCI format has no key "defaultErrno": it is ignored`)
	wantNotes(t, allow(`"comment": "why"`), oci, `p:2:1: syscalls[0].comment: the OCI format has no key "comment": it is ignored`)
	for _, key := range []string{"includes", "excludes"} {
		wantErrors(t, allow(`"`+key+`": {"caps": ["CAP_SYS_ADMIN"]}`), oci,
			`p:2:1: syscalls[0].`+key+`: the OCI format has no key "`+key+`" (an OCI runtime ignores it: weir convert --to oci resolves it for a machine)`)
	}
	wantErrors(t, top(`"syscalls": [{"name": "read", "action": "SCMP_ACT_ALLOW"}]`), oci,
		`p:2:14: syscalls[0]: a rule without "names" (name the calls, such as "names": ["mount"])
p:2:15: syscalls[0].name: the OCI format has no key "name" (an OCI runtime ignores it: weir convert --to oci resolves it for a machine)`)

	p := wantNotes(t, allow(`"includes": {"caps": ["CAP_SYS_ADMIN"]}`), profile.Options{Dialect: profile.OCI, Lenient: true},
		`p:2:1: syscalls[0].includes: the OCI format has no key "includes"; ignored, as by runc `+
			`(an OCI runtime ignores it: weir convert --to oci resolves it for a machine)`)
	if !p.Rules[0].Includes.Empty() {
		t.Error("an OCI runtime has no condition on this rule, the profile has")
	}
}

// Lenient reads as Docker and runc do, and says so.
func TestLenient(t *testing.T) {
	lenient := profile.Options{Lenient: true}
	for _, c := range []struct {
		src, note string
		same      string // a profile without the slip that must mean the same
	}{
		{top(`"SYSCALLS": []`), `p:2:1: SYSCALLS: unknown key "SYSCALLS"; read in any case, as by Docker (it is written "syscalls")`, top(`"syscalls": []`)},
		{top(`"syscals": []`), `p:2:1: syscals: unknown key "syscals"; ignored, as by Docker (did you mean "syscalls"?)`, top(`"syscalls": []`)},
		{allow(`"include": {}`), `p:2:1: syscalls[0].include: unknown key "include"; ignored, as by Docker (did you mean "includes"?)`, allow(`"comment": ""`)},
		{allow(`"errnoRet": 7`), `p:2:13: syscalls[0].errnoRet: SCMP_ACT_ALLOW takes no errno; ignored, as by runc ` +
			`(remove it; SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one)`, allow(`"comment": ""`)},
		{top(`"defaultErrnoRet": 65541`), `p:2:20: defaultErrnoRet: errno 65541: the largest is 4095; 5 is used: runc keeps 16 bits, the kernel at most 4095`,
			top(`"defaultErrnoRet": 5`)},
		{top(`"defaultErrnoRet": 12345`), `p:2:20: defaultErrnoRet: errno 12345: the largest is 4095; 4095 is used: runc keeps 16 bits, the kernel at most 4095`,
			top(`"defaultErrnoRet": 4095`)},
		{allow(`"args": [{"index": 0, "value": 0, "op": "SCMP_CMP_MASKED_EQ"}]`),
			`p:2:10: syscalls[0].args[0].value: a mask of 0 compares nothing; the condition always holds ` +
				`(value is the mask, valueTwo what the masked argument must be)`, ""},
		{allow(`"excludes": {"caps": ["SYS_ADMIN"]}`),
			`p:2:23: syscalls[0].excludes.caps: unknown capability "SYS_ADMIN"; nobody holds it (it is written "CAP_SYS_ADMIN")`, ""},
	} {
		p := wantNotes(t, c.src, lenient, c.note)
		if c.same == "" {
			continue
		}
		same, err := profile.Parse("p", []byte(c.same), profile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(p.Marshal()), string(same.Marshal()); got != want {
			t.Errorf("%s\nis read as\n%s\nwant\n%s", c.src, got, want)
		}
	}
}

func TestLenientForgivesNothingElse(t *testing.T) {
	for _, src := range []string{
		`{}`, `{"defaultAction": "SCMP_ACT_ERRNO",}`, `{"defaultAction": "allow"}`,
		top(`"syscalls": [null]`), top(`"syscalls": [{"action": "SCMP_ACT_ALLOW"}]`),
		top(`"defaultErrnoRet": -1`), top(`"flags": ["LOG"]`), top(`"architectures": ["amd64"]`),
		allow(`"args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]`), allow(`"args": [{"index": 0, "value": 1}]`),
		allow(`"action": "SCMP_ACT_LOG"`),
	} {
		if _, err := profile.Parse("p", []byte(src), profile.Options{Lenient: true}); err == nil {
			t.Errorf("no error for\n%s", src)
		}
	}
}

func TestPositionsCountLinesAndBytes(t *testing.T) {
	src := strings.Join([]string{
		`{"x": "é", "defaultAction": "SCMP_ACT_ERRNO",`,
		`	"syscalls": [`,
		`		{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}`,
		`]}`}, "\r\n")
	p, err := profile.Parse("p.json", []byte(src), profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pos  profile.Pos
		want string
	}{
		{p.DefaultPos, "p.json:1:30"},
		{p.Rules[0].Pos, "p.json:3:3"},
		{p.Rules[0].Names[1].Pos, "p.json:3:22"},
		{0, "p.json"},
	} {
		if got := p.Position(c.pos).String(); got != c.want {
			t.Errorf("position %d is %s, want %s", c.pos, got, c.want)
		}
	}
	if got := p.Problem(p.Rules[0].Pos, "syscalls[0]", "no good", "").String(); got != "p.json:3:3: syscalls[0]: no good" {
		t.Error(got)
	}
}

func TestEveryActionIsReadWithItsErrno(t *testing.T) {
	for _, c := range []struct {
		member string
		want   seccomp.Return
	}{
		{`"action": "SCMP_ACT_KILL"`, seccomp.ActKillThread.Return()},
		{`"action": "SCMP_ACT_KILL_PROCESS"`, seccomp.ActKillProcess.Return()},
		{`"action": "SCMP_ACT_NOTIFY"`, seccomp.ActNotify.Return()},
		{`"action": "SCMP_ACT_ERRNO"`, seccomp.ReturnErrno(seccomp.EPERM)},
		{`"action": "SCMP_ACT_TRACE"`, seccomp.ActTrace.With(1)},
		{`"errnoRet": 38, "action": "SCMP_ACT_ERRNO"`, seccomp.ReturnErrno(seccomp.ENOSYS)},
		{`"errno": "ENOSYS", "action": "SCMP_ACT_ERRNO"`, seccomp.ReturnErrno(seccomp.ENOSYS)},
		{`"errno": "38", "errnoRet": 38, "action": "SCMP_ACT_ERRNO"`, seccomp.ReturnErrno(seccomp.ENOSYS)},
		{`"errnoRet": 0, "action": "SCMP_ACT_TRACE"`, seccomp.ActTrace.Return()},
		{`"errnoRet": 65535, "action": "SCMP_ACT_TRACE"`, seccomp.ActTrace.With(65535)},
	} {
		p := wantNotes(t, top(`"syscalls": [{"names": ["read"], `+c.member+`}]`), profile.Options{}, "")
		if got := p.Rules[0].Return; got != c.want {
			t.Errorf("%s is %s, want %s", c.member, got, c.want)
		}
	}
}
