package convert_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

var amd64 = seccomp.Facts{
	Arch:   seccomp.ArchX86_64,
	Kernel: seccomp.KernelVersion{Major: 6, Minor: 18},
	Caps:   seccomp.DefaultCaps,
}

// machines are facts under which the default profile has different rules.
var machines = []seccomp.Facts{
	amd64,
	{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 4, Minor: 4}},
	{Arch: seccomp.ArchX86_64, Kernel: amd64.Kernel, Caps: seccomp.AllCaps},
	{Arch: seccomp.ArchAARCH64, Kernel: amd64.Kernel, Caps: seccomp.DefaultCaps},
	{Arch: seccomp.ArchS390X, Kernel: amd64.Kernel, Caps: seccomp.DefaultCaps},
	{Arch: seccomp.ArchMIPSEL64, Kernel: amd64.Kernel, Caps: seccomp.DefaultCaps},
	{Arch: seccomp.ArchLOONGARCH64, Kernel: amd64.Kernel, Caps: seccomp.DefaultCaps},
}

func ExampleProfile() {
	p, err := profile.Parse("profile.json", []byte(`{
	"defaultAction": "SCMP_ACT_ERRNO",
	"syscalls": [
		{"names": ["read", "write", "execve"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}
	]
}`), profile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := convert.Profile(p, convert.Systemd, amd64, policy.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", r.Text)
	for _, loss := range r.Losses {
		fmt.Println(loss)
	}
	// Output:
	// [Service]
	// SystemCallArchitectures=native
	// SystemCallErrorNumber=EPERM
	// # The first list begins one of allowed calls, and systemd adds @default to it; the second empties it.
	// SystemCallFilter=@default
	// SystemCallFilter=~@default
	// SystemCallFilter=execve read write
	//
	// profile.json:2:19: defaultAction: calls that are newer than the profile get errno EPERM from systemd, not ENOSYS
	// profile.json:5:3: syscalls[1].includes: the condition is resolved for x86_64, Linux 6.18 and the capabilities: the rule is left out
}

func parse(t *testing.T, src string) *profile.Profile {
	t.Helper()
	p, err := profile.Parse("p.json", []byte(src), profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// into converts a profile that can be.
func into(t *testing.T, p *profile.Profile, to convert.Format, f seccomp.Facts) *convert.Result {
	t.Helper()
	r, err := convert.Profile(p, to, f, policy.Options{})
	if err != nil {
		t.Fatalf("to %v on %v: %v", to, f.Arch, err)
	}
	return r
}

func TestTheDefaultProfileIsProvedEqualInEveryJSONForm(t *testing.T) {
	for _, f := range machines {
		for _, to := range []convert.Format{convert.Docker, convert.OCI, convert.SPO} {
			if r := into(t, profile.Default(), to, f); r.Proof.Verdict != verify.Equal {
				t.Errorf("%v on %v: %s", to, f, convert.Difference(r.Proof))
			}
		}
		if r := into(t, profile.Default(), convert.OCI, f); !bytes.Equal(r.Text, profile.Default().MarshalOCI(f)) {
			t.Errorf("OCI on %v is not what MarshalOCI writes", f)
		}
	}
}

func TestDockersFormKeepsEverything(t *testing.T) {
	r := into(t, profile.Default(), convert.Docker, amd64)
	if len(r.Losses) > 0 {
		t.Errorf("losses: %v", r.Losses)
	}
	again, err := profile.Parse("again.json", r.Text, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if second := into(t, again, convert.Docker, amd64); !bytes.Equal(second.Text, r.Text) {
		t.Error("converting the result again gives another one")
	}
	for _, f := range machines {
		if !bytes.Equal(again.MarshalOCI(f), profile.Default().MarshalOCI(f)) {
			t.Errorf("on %v the result has other rules", f)
		}
	}
}

// A lossCase is a profile, and what a form says about it.
type lossCase struct {
	name string
	to   convert.Format
	src  string
	want string // part of a loss, or of the error if it begins with "error: "
}

const eperm = `"defaultAction":"SCMP_ACT_ERRNO","syscalls":`

var lossCases = []lossCase{
	{"an empty list of flags does not reach the runtime through Docker", convert.Docker,
		`{"defaultAction":"SCMP_ACT_ERRNO","flags":[]}`, "an empty list is none at all to Docker"},
	{"comments are lost", convert.OCI,
		`{` + eperm + `[{"names":["read"],"action":"SCMP_ACT_ALLOW","comment":"needed"}]}`, "p.json:1:47: syscalls[0].comment: the comment is lost"},
	{"a rule that does not apply is left out", convert.OCI,
		`{` + eperm + `[{"names":["read"],"action":"SCMP_ACT_ALLOW","excludes":{"arches":["amd64"]}}]}`, "syscalls[0].excludes: the condition is resolved for x86_64, Linux 6.18 and the capabilities: the rule is left out"},
	{"an int is compared in 32 bits", convert.OCI,
		`{` + eperm + `[{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":8,"op":"SCMP_CMP_EQ"}]}]}`,
		"argument 0 of personality: the kernel looks at 32 bits, and weir compares those; runtimes with libseccomp compare all 64"},
	{"orders on two arguments are risky with libseccomp", convert.OCI,
		`{` + eperm + `[{"names":["lseek"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":8,"op":"SCMP_CMP_LT"},{"index":3,"value":9,"op":"SCMP_CMP_NE"}]}]}`,
		"lseek: runtimes with libseccomp may enforce something else"},
	{"a SeccompProfile has no default errno", convert.SPO,
		`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38}`, "defaultErrnoRet: a SeccompProfile has no defaultErrnoRet: errno ENOSYS becomes errno EPERM"},
	{"a SeccompProfile has no errno 0", convert.SPO,
		`{` + eperm + `[{"names":["sync"],"action":"SCMP_ACT_ERRNO","errnoRet":0}]}`, "syscalls[0].errnoRet: a SeccompProfile takes errnoRet 0 for none"},
	{"a SeccompProfile has no values of 64 bits", convert.SPO,
		`{` + eperm + `[{"names":["lseek"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":9223372036854775808,"op":"SCMP_CMP_LT"}]}]}`,
		"error: syscalls[0].args[0]: a value above 9223372036854775807"},
	{"a SeccompProfile cannot notify by default", convert.SPO,
		`{"defaultAction":"SCMP_ACT_NOTIFY"}`, "error: defaultAction: a SeccompProfile cannot have SCMP_ACT_NOTIFY"},
	{"the operator has one place for listeners", convert.SPO,
		`{"listenerPath":"/run/agent.sock",` + eperm + `[{"names":["mount"],"action":"SCMP_ACT_NOTIFY"}]}`,
		`error: listenerPath: the operator takes no listener at "/run/agent.sock"`},
	{"systemd compares no arguments", convert.Systemd,
		`{` + eperm + `[{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":8,"op":"SCMP_CMP_EQ"}]}]}`,
		"systemd cannot compare the arguments of personality: it gets errno EPERM whatever they are"},
	{"systemd kills processes", convert.Systemd,
		`{"defaultAction":"SCMP_ACT_KILL"}`, "defaultAction: systemd kills the process, not the thread"},
	{"systemd does not trap", convert.Systemd,
		`{` + eperm + `[{"names":["mount"],"action":"SCMP_ACT_TRAP"}]}`, "error: mount: systemd cannot answer a call with SCMP_ACT_TRAP"},
	{"systemd does not log by default", convert.Systemd,
		`{"defaultAction":"SCMP_ACT_LOG"}`, "error: defaultAction: systemd cannot log by default"},
}

func TestWhatAFormCannotKeepIsListed(t *testing.T) {
	for _, c := range lossCases {
		t.Run(c.name, func(t *testing.T) {
			r, err := convert.Profile(parse(t, c.src), c.to, amd64, policy.Options{})
			if want, refused := strings.CutPrefix(c.want, "error: "); refused {
				var problems *profile.Error
				if !errors.As(err, &problems) || !strings.Contains(err.Error(), want) {
					t.Fatalf("error %v, want a profile's with %q", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			has := func(p profile.Problem) bool { return strings.Contains(p.String(), c.want) }
			if !slices.ContainsFunc(r.Losses, has) {
				t.Errorf("losses %v, want %q", r.Losses, c.want)
			}
		})
	}
}

func TestWhatIsKeptIsNoLoss(t *testing.T) {
	src := `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"syscalls":[
		{"names":["read","write"],"action":"SCMP_ACT_ALLOW"},
		{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":2114060288,"op":"SCMP_CMP_MASKED_EQ"}]},
		{"names":["lseek"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":9,"op":"SCMP_CMP_LT"}]},
		{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}`
	for _, to := range []convert.Format{convert.Docker, convert.OCI, convert.SPO} {
		if r := into(t, parse(t, src), to, amd64); len(r.Losses) > 0 || r.Proof.Verdict != verify.Equal {
			t.Errorf("%v: losses %v, %v", to, r.Losses, r.Proof.Verdict)
		}
	}
}

func TestALossThatChangesAnAnswerHasAWitness(t *testing.T) {
	r := into(t, parse(t, `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":13,"syscalls":[{"names":["mseal"],"action":"SCMP_ACT_ALLOW"}]}`), convert.SPO, amd64)
	if r.Proof.Verdict != verify.Different || r.Proof.Want != seccomp.ReturnErrno(13) || r.Proof.Got != seccomp.ReturnErrno(seccomp.EPERM) {
		t.Errorf("%+v", r.Proof)
	}
	if s := convert.Difference(r.Proof); !strings.Contains(s, "gets errno EPERM from the result, errno EACCES from the profile") {
		t.Error(s)
	}
}

func TestAManifestIsWhatTheOperatorTakes(t *testing.T) {
	p := parse(t, `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","read"],"action":"SCMP_ACT_ALLOW"},{"names":[],"action":"SCMP_ACT_ALLOW"}]}`)
	p.File = "dir/My_App.v2.json"
	want := `{
	"apiVersion": "security-profiles-operator.x-k8s.io/v1",
	"kind": "SeccompProfile",
	"metadata": {
		"name": "my-app-v2"
	},
	"spec": {
		"defaultAction": "SCMP_ACT_ERRNO",
		"architectures": [
			"SCMP_ARCH_X86_64"
		],
		"syscalls": [
			{
				"names": [
					"read"
				],
				"action": "SCMP_ACT_ALLOW"
			}
		]
	}
}
`
	if got := string(into(t, p, convert.SPO, amd64).Text); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// randomProfile makes a profile of a few calls, which overlap and contradict each
// other.
func randomProfile(r *rand.Rand) string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	action := func() string {
		return pick("SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_LOG", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD")
	}
	var rules []string
	for range 1 + r.IntN(6) {
		var args []string
		for range r.IntN(3) {
			args = append(args, fmt.Sprintf(`{"index":%d,"value":%d,"valueTwo":%d,"op":%q}`, r.IntN(6), 1+r.IntN(64), r.IntN(64),
				pick("SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_GE", "SCMP_CMP_MASKED_EQ")))
		}
		act, errno := action(), ""
		if act == "SCMP_ACT_ERRNO" {
			errno = fmt.Sprintf(`"errnoRet":%d,`, 1+r.IntN(40))
		}
		rules = append(rules, fmt.Sprintf(`{"names":[%q],"action":%q,%s"args":[%s]}`,
			pick("read", "personality", "socket", "mseal", "umount", "execve"), act, errno, strings.Join(args, ",")))
	}
	return fmt.Sprintf(`{"defaultAction":%q,"architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"syscalls":[%s]}`,
		pick("SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_ALLOW"), strings.Join(rules, ","))
}

func TestRandomProfilesAreProvedEqual(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		src := randomProfile(random)
		p, err := profile.Parse("p.json", []byte(src), profile.Options{Lenient: true})
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		for _, to := range []convert.Format{convert.Docker, convert.OCI, convert.SPO} {
			r, err := convert.Profile(p, to, amd64, policy.Options{Lenient: true})
			if err != nil {
				t.Fatalf("to %v: %v\n%s", to, err, src)
			}
			if r.Proof.Verdict != verify.Equal {
				t.Errorf("to %v: %s\n%s", to, convert.Difference(r.Proof), src)
			}
		}
	}
}
