package yamltree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

const manifest = `# what the web server needs
apiVersion: security-profiles-operator.x-k8s.io/v1
kind: SeccompProfile
metadata:
  name: web
  labels: {team: "a b"}
spec:
  defaultAction: SCMP_ACT_ERRNO
  architectures: &archs
  - SCMP_ARCH_X86_64
  syscalls:
  - action: SCMP_ACT_ALLOW
    names: [read, write,
      'execve']
  - action: SCMP_ACT_ALLOW
    names:
    - personality
    args:
    - {index: 0, value: 0xffffffff, valueTwo: 8, op: SCMP_CMP_MASKED_EQ}
`

func read(t *testing.T, text string) (*convert.Source, error) {
	t.Helper()
	root, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return convert.Manifest("web.yaml", root, profile.Options{})
}

func TestAManifestInYAMLIsRead(t *testing.T) {
	s, err := read(t, manifest)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
	"defaultAction": "SCMP_ACT_ERRNO",
	"defaultErrnoRet": 1,
	"architectures": [
		"SCMP_ARCH_X86_64"
	],
	"syscalls": [
		{
			"names": [
				"read",
				"write",
				"execve"
			],
			"action": "SCMP_ACT_ALLOW"
		},
		{
			"names": [
				"personality"
			],
			"action": "SCMP_ACT_ALLOW",
			"args": [
				{
					"index": 0,
					"value": 4294967295,
					"valueTwo": 8,
					"op": "SCMP_CMP_MASKED_EQ"
				}
			]
		}
	]
}
`
	if got := string(s.Profile.Marshal()); got != want || len(s.Losses) > 0 {
		t.Errorf("got %s\nlosses %v", got, s.Losses)
	}
	if at := s.Profile.Position(s.Profile.Rules[0].Names[2].Pos); at.String() != "web.yaml:14:7" {
		t.Errorf("execve is at %v", at)
	}
}

func TestMistakesHaveTheirPlaceInTheYAML(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"[read,", "[[read],", `web.yaml:13:13: syscalls[0].names[0]: found a list, expected a string`},
		{"op: SCMP_CMP_MASKED_EQ", "op: SCMP_CMP_MASK_EQ", `web.yaml:19:54: syscalls[1].args[0].op: unknown operator "SCMP_CMP_MASK_EQ"`},
		{"kind: SeccompProfile", "kind: AppArmorProfile", `web.yaml:3:7: kind: not SeccompProfile but "AppArmorProfile"`},
		{"spec:", "spec:\n  baseProfileName: runc-v1.3.3", `web.yaml:8:20: spec.baseProfileName: the operator adds the rules of "runc-v1.3.3", which is in the cluster`},
		{"- action: SCMP_ACT_ALLOW\n    names: [", "- action: SCMP_ACT_ALLOW\n    includes: {caps: [CAP_CHOWN]}\n    names: [", `the OCI format has no key "includes"`},
	} {
		_, err := read(t, strings.Replace(manifest, c.old, c.new, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.new, err, c.want)
		}
	}
}

func TestWhatTheOperatorLeavesOutIsALoss(t *testing.T) {
	s, err := read(t, strings.NewReplacer("spec:", "spec:\n  state: Disabled\n  defaultErrnoRet: 38",
		"names: [read", "errnoRet: 0\n    names: [read", "- action: SCMP_ACT_ALLOW\n    names: [", "- action: SCMP_ACT_ERRNO\n    errnoRet: 0\n    names: [").Replace(manifest))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range s.Losses {
		got = append(got, l.String())
	}
	want := `web.yaml:8:10: spec.state: the operator does not install a disabled profile
web.yaml:9:3: spec.defaultErrnoRet: a SeccompProfile has no such key: the operator's default errno is EPERM
web.yaml:15:15: spec.syscalls[0].errnoRet: 0 is none to the operator, and the runtime then takes EPERM`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestYAMLThatIsNoManifest(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "the document is empty",
		"a: 1\n---\nb: 2\n":         "line 2: a second document",
		"a: [1\n":                   "line 1: did not find expected",
		"a: &x\n  b: *x\n":          "refers to itself",
		bomb:                        "the document is too large",
		"a: &x {b: 1}\nc: {<<: *x}": "line 2: merge keys",
		"? [a]\n: b\n":              "a key that is no scalar",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// bomb is a million nodes of a few aliases.
var bomb = func() string {
	text := "a: &0 [1]\n"
	for i := range 5 {
		aliases := strings.Repeat(fmt.Sprintf(", *%d", i), 16)
		text += fmt.Sprintf("b%d: &%d [%s]\n", i, i+1, aliases[2:])
	}
	return text
}()

// What convert writes is read back as what it was, and its YAML is what JSON says.
func TestTheDefaultProfileGoesThroughYAML(t *testing.T) {
	f := seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}
	r, err := convert.Profile(profile.Default(), convert.SPO, f, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Write(&b, bytes.NewReader(r.Text)); err != nil {
		t.Fatal(err)
	}
	var reply Reply
	if err := json.Unmarshal(b.Bytes(), &reply); err != nil || reply.Error != "" {
		t.Fatal(err, reply.Error)
	}
	s, err := convert.Manifest("default.yaml", reply.Root, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := convert.Profile(s.Profile, convert.SPO, f, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Replace(string(again.Text), "name: default", "name: builtin", 1) != string(r.Text) || again.Proof.Verdict != verify.Equal {
		t.Errorf("written again it is\n%s\nnot\n%s", again.Text, r.Text)
	}
}
