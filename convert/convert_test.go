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
	{"orders on two long arguments are risky with libseccomp", convert.OCI,
		`{` + eperm + `[{"names":["lseek"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":8,"op":"SCMP_CMP_LT"},{"index":3,"value":9,"op":"SCMP_CMP_NE"}]},
			{"names":["lseek"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":9,"op":"SCMP_CMP_NE"},{"index":3,"value":8,"op":"SCMP_CMP_NE"}]}]}`,
		"syscalls[0].names[0]: lseek: runtimes with libseccomp may enforce something else"},
	{"rules with different actions meet in socketcall", convert.OCI,
		`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"syscalls":[
			{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]},
			{"names":["socket"],"action":"SCMP_ACT_KILL_PROCESS","args":[{"index":0,"value":2,"op":"SCMP_CMP_EQ"}]}]}`,
		"socketcall on x86: runtimes with libseccomp do not start, or choose by an order of their own"},
	{"rules with different actions meet in ipc, though that is newer than the profile", convert.OCI,
		`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"syscalls":[
			{"names":["semop","kill"],"action":"SCMP_ACT_ALLOW"},
			{"names":["semop"],"action":"SCMP_ACT_KILL_PROCESS","args":[{"index":0,"value":2,"op":"SCMP_CMP_EQ"}]}]}`,
		"ipc on x86: runtimes with libseccomp do not start, or choose by an order of their own"},
	{"libseccomp has no errno 4095", convert.OCI,
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["sync"],"action":"SCMP_ACT_ERRNO","errnoRet":4095}]}`,
		"syscalls[0].errnoRet: runtimes with libseccomp do not start: its largest errno is 4094"},
	{"a value of 64 bits is cut where registers have 32", convert.OCI,
		`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"syscalls":[
			{"names":["fcntl"],"action":"SCMP_ACT_ALLOW","args":[{"index":2,"value":4294967296,"op":"SCMP_CMP_EQ"}]}]}`,
		"x86 fcntl(0, F_DUPFD, 0) gets allow from the result, errno EPERM from the profile"},
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

// What libseccomp would take differently as it is written, the result says in other
// words, and nothing is lost.
func TestRulesAreRewrittenForLibseccomp(t *testing.T) {
	cases := []struct{ name, rules, want string }{
		{"an int is compared in 32 bits",
			`{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":8,"op":"SCMP_CMP_EQ"}]}`,
			`allow personality 0&0xffffffff==0x8`},
		{"an order of ints is ranges under masks",
			`{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":3,"op":"SCMP_CMP_LT"}]}`,
			`allow socket 0&0xffffffff==0x2; allow socket 0&0xfffffffe==0x0`},
		{"a denial that equals the default is taken out of what allows",
			`{"names":["kill"],"action":"SCMP_ACT_ALLOW"},
			 {"names":["kill"],"action":"SCMP_ACT_ERRNO","args":[{"index":1,"value":1,"valueTwo":1,"op":"SCMP_CMP_MASKED_EQ"}]}`,
			`allow kill 1&0x1==0x0`},
		{"rules with different actions do not overlap",
			`{"names":["kill"],"action":"SCMP_ACT_LOG","args":[{"index":1,"value":3,"valueTwo":3,"op":"SCMP_CMP_MASKED_EQ"}]},
			 {"names":["kill"],"action":"SCMP_ACT_TRACE","args":[{"index":1,"value":6,"valueTwo":6,"op":"SCMP_CMP_MASKED_EQ"}]}`,
			`trace 1 kill 1&0x6==0x6; log kill 1&0x7==0x3`},
		{"what only the default decides is still there to be counted",
			`{"names":["mseal"],"action":"SCMP_ACT_ALLOW","args":[{"index":2,"value":0,"op":"SCMP_CMP_LT"}]}`,
			`allow mseal 2SCMP_CMP_LT0x0`},
		{"conditions on other arguments do not reach socketcall",
			`{"names":["bind"],"action":"SCMP_ACT_ALLOW","args":[{"index":2,"value":16,"valueTwo":16,"op":"SCMP_CMP_MASKED_EQ"}]}`,
			`allow bind 2&0x10==0x10; allow socketcall 0SCMP_CMP_EQ0x2`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := into(t, parse(t, `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"syscalls":[{"names":["openat2"],"action":"SCMP_ACT_ALLOW"},`+c.rules+`]}`), convert.OCI, amd64)
			// Of several rules with several arguments libseccomp compiles some wrongly.
			if doubt := strings.HasPrefix(c.name, "conditions on other"); r.Proof.Verdict != verify.Equal || r.Doubtful != doubt || len(r.Losses) > 0 != doubt {
				t.Errorf("%v, losses %v", r.Proof.Verdict, r.Losses)
			}
			back, err := profile.Parse("back.json", r.Text, profile.Options{Lenient: true})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, rule := range back.Rules {
				text := fmt.Sprintf("%v %s", rule.Return, rule.Names[0].Text)
				for _, a := range rule.Args {
					if a.Op == seccomp.OpMaskedEqual {
						text += fmt.Sprintf(" %d&%#x==%#x", a.Index, a.Value, a.ValueTwo)
					} else {
						text += fmt.Sprintf(" %d%v%#x", a.Index, a.Op, a.Value)
					}
				}
				got = append(got, text)
			}
			if have := strings.Join(got[1:], "; "); have != c.want {
				t.Errorf("got  %s\nwant %s", have, c.want)
			}
		})
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
	want := `apiVersion: security-profiles-operator.x-k8s.io/v1
kind: SeccompProfile
metadata:
  name: my-app-v2
spec:
  defaultAction: SCMP_ACT_ERRNO
  architectures:
    - SCMP_ARCH_X86_64
  syscalls:
    - names:
        - read
      action: SCMP_ACT_ALLOW
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

func TestRandomProfilesAreProvedEqualOrALossSaysWhereNot(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	equal := 0
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
			if r.Proof.Verdict == verify.Equal {
				equal++
				continue
			}
			call, _, _ := strings.Cut(convert.Difference(r.Proof), "(")
			_, call, _ = strings.Cut(call, " ")
			named := func(p profile.Problem) bool { return strings.Contains(p.Msg, call) }
			if !slices.ContainsFunc(r.Losses, named) {
				t.Errorf("to %v: no loss says that %s\n%s\n%v", to, convert.Difference(r.Proof), src, r.Losses)
			}
		}
	}
	if equal < 600 {
		t.Errorf("only %d of 900 results are equal", equal)
	}
}
