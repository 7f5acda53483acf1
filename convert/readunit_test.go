package convert_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

func unitOf(t *testing.T, text string) (*convert.Source, *policy.Policy) {
	t.Helper()
	s, err := convert.Read("app.service", []byte(text), convert.Systemd, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pol, _, err := policy.Resolve(s.Profile, amd64, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s, pol
}

// answerTo is what a policy says to a call of an architecture without arguments.
func answerTo(pol *policy.Policy, a seccomp.Arch, name string) seccomp.Return {
	call, _ := syscalls.Lookup(name)
	nr, _ := call.Nr(a)
	_, rule := pol.Eval(&seccomp.Data{Arch: a.Audit(), Nr: nr})
	return rule.Return
}

func TestAUnitIsReadAsSystemdReadsIt(t *testing.T) {
	cases := []struct{ name, unit, want string }{
		{"an allow list kills what is not in it, but for @default",
			"SystemCallFilter=read write",
			"read allow, mount kill process, execve allow, nanosleep allow"},
		{"the errno of a violation may come later",
			"SystemCallFilter=read\nSystemCallErrorNumber=EACCES",
			"read allow, mount errno EACCES"},
		{"kill takes it back, and so does nothing",
			"SystemCallErrorNumber=EPERM\nSystemCallErrorNumber=\nSystemCallFilter=~mount",
			"mount kill process, read allow"},
		{"a list with ~ denies",
			"SystemCallFilter=~mount @swap\nSystemCallErrorNumber=1",
			"mount errno EPERM, swapon errno EPERM, read allow"},
		{"an errno of its own",
			"SystemCallFilter=~mount:ENOSYS umount2:0 reboot:kill @swap:13 bpf\nSystemCallErrorNumber=EPERM",
			"mount errno ENOSYS, umount2 errno 0, reboot kill process, swapon errno EACCES, bpf errno EPERM"},
		{"the first list decides the kind, and later ones take out",
			"SystemCallFilter=@system-service\nSystemCallFilter=~@file-system unlink:ENOENT\nSystemCallErrorNumber=EPERM",
			"read allow, openat errno EPERM, unlink errno ENOENT"},
		{"an allowed call after a list of denied ones is taken out of it",
			"SystemCallFilter=~mount umount2\nSystemCallFilter=mount",
			"mount allow, umount2 kill process"},
		{"the last word about a call counts",
			"SystemCallFilter=read\nSystemCallFilter=~read:EIO\nSystemCallFilter=read",
			"read allow"},
		{"an empty list takes all before it back",
			"SystemCallFilter=read\nSystemCallFilter=\nSystemCallFilter=~mount",
			"mount kill process, read allow, reboot allow"},
		{"logged calls are those that are allowed",
			"SystemCallFilter=~mount\nSystemCallLog=mount reboot",
			"mount kill process, reboot log, read allow"},
		{"a log with ~ logs the others",
			"SystemCallLog=~read write",
			"read allow, write allow, mount log"},
		{"lines go on after a backslash, past comments",
			"[Unit]\nSystemCallFilter=~read\n[Service]\n SystemCallFilter = \\\n  ~mount \\\n# of nothing else\n   umount2\n",
			"mount kill process, umount2 kill process, read allow"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, pol := unitOf(t, c.unit)
			for part := range strings.SplitSeq(c.want, ", ") {
				name, want, _ := strings.Cut(part, " ")
				for _, a := range []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchX86, seccomp.ArchX32} {
					if call, _ := syscalls.Lookup(name); a == seccomp.ArchX32 || a == seccomp.ArchX86 {
						if _, ok := call.Nr(a); !ok {
							continue
						}
					}
					if got := answerTo(pol, a, name).String(); got != want {
						t.Errorf("%s on %s: %s, want %s", name, a.Name(), got, want)
					}
				}
			}
		})
	}
}

func TestAUnitsArchitectures(t *testing.T) {
	_, pol := unitOf(t, "SystemCallFilter=~mount\nSystemCallArchitectures=native")
	if got := answerTo(pol, seccomp.ArchX86, "read"); got != seccomp.ActKillThread.Return() {
		t.Errorf("with native alone, a call of x86 gets %v", got)
	}
	_, pol = unitOf(t, "SystemCallArchitectures=native x86")
	if got := answerTo(pol, seccomp.ArchX86, "read"); got != seccomp.ActAllow.Return() {
		t.Errorf("with x86, a call of it gets %v", got)
	}
	_, pol = unitOf(t, "SystemCallArchitectures=native\nSystemCallArchitectures=\nSystemCallFilter=~mount")
	if got := answerTo(pol, seccomp.ArchX86, "mount"); got != seccomp.ActKillProcess.Return() {
		t.Errorf("with none, mount of x86 gets %v", got)
	}
}

func TestWhatAUnitSaysThatIsNoRule(t *testing.T) {
	s, _ := unitOf(t, "[Service]\nSystemCallFilter=read:EPERM execve\nRestrictNamespaces=yes\nLockPersonality=no\n")
	var got []string
	for _, l := range s.Losses {
		got = append(got, l.String())
	}
	want := `app.service:2:18: SystemCallFilter: read:EPERM: systemd ignores what has an errno and is not in a list of denied calls
app.service:3:1: RestrictNamespaces: systemd filters calls for this setting, too: those rules are not in the result
app.service: systemd answers calls that are newer than the list with kill process, a profile with ENOSYS`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestMistakesInAUnitHaveTheirPlace(t *testing.T) {
	cases := []struct{ unit, want string }{
		{"[Service]\nExecStart=/bin/true\n", "no SystemCallFilter=, SystemCallLog= or SystemCallArchitectures= has a value"},
		{"SystemCallFilter=read @basic-oi", "app.service:1:23: SystemCallFilter: there is no group @basic-oi in systemd 252"},
		{"SystemCallFilter=~mount:EPREM", "app.service:1:19: SystemCallFilter: mount:EPREM: neither kill nor an errno"},
		{"SystemCallErrorNumber=0\nSystemCallFilter=read", "app.service:1:23: SystemCallErrorNumber: neither kill nor an errno"},
		{"SystemCallFilter=read\nSystemCallArchitectures=amd64", `app.service:2:25: SystemCallArchitectures: unknown architecture "amd64"`},
		{"SystemCallFilter read", "app.service:1:1: \"SystemCallFilter read\" is no setting"},
	}
	for _, c := range cases {
		_, err := convert.Read("app.service", []byte(c.unit), convert.Systemd, profile.Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.unit, err, c.want)
		}
	}
	s, err := convert.Read("app.service", []byte("SystemCallFilter=~mount \\\n  mkdiratt\n"), convert.Systemd, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = policy.Resolve(s.Profile, amd64, policy.Options{})
	if want := `app.service:2:3: syscalls[0].names[1]: no architecture has a system call "mkdiratt"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

// What is written as a unit is read back as what the test's own reader, above, makes
// of it, but for the numbers that are newer than the profile.
func TestAUnitThatWasWrittenIsReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		src := randomProfile(random)
		p, err := profile.Parse("p.json", []byte(src), profile.Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		r, err := convert.Profile(p, convert.Systemd, amd64, policy.Options{Lenient: true})
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		u := readUnit(t, r.Text)
		_, pol := unitOf(t, string(r.Text))
		for _, name := range []string{"read", "personality", "socket", "mseal", "umount", "execve", "exit", "mount"} {
			call, _ := syscalls.Lookup(name)
			for _, a := range []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchX86} {
				if nr, ok := call.Nr(a); ok {
					_, rule := pol.Eval(&seccomp.Data{Arch: a.Audit(), Nr: nr})
					if want := u.get(name); rule.Return != want && rule.Why != policy.WhyNewer {
						t.Fatalf("%s on %s: %v, want %v\n%s\n%s", name, a.Name(), rule.Return, want, src, r.Text)
					}
				}
			}
		}
	}
}

func TestAFormIsRecognized(t *testing.T) {
	for text, want := range map[string]convert.Format{
		"# with a comment before it\n[Unit]\nDescription=x\n": convert.Systemd,
		`{"defaultAction": "SCMP_ACT_ERRNO"}`:                 convert.Docker,
		`{`:                                                   convert.Docker,
		"":                                                    convert.Docker,
		`{"kind": "SeccompProfile", "apiVersion": "x", "spec": {}}`: convert.SPO,
		"# a\napiVersion: x\nkind: SeccompProfile\n":                convert.SPO,
		"[Service]\nSystemCallFilter=read\n":                        convert.Systemd,
		"SystemCallFilter = read\n":                                 convert.Systemd,
		"{ 0x20, 0, 0, 0 },":                                        convert.Program,
		"\x20\x00\x00\x00\x04\x00\x00\x00":                          convert.Program,
		"ld [arch]\nret allow\n":                                    convert.Program,
	} {
		if got := convert.Recognize([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestAManifestInJSONIsRead(t *testing.T) {
	src := `{"apiVersion": "security-profiles-operator.x-k8s.io/v1beta1", "kind": "SeccompProfile",
		"metadata": {"name": "x"},
		"spec": {"defaultAction": "SCMP_ACT_LOG", "syscalls": [
			{"action": "SCMP_ACT_ALLOW", "names": ["read", "writ"]}]}}`
	s, err := convert.Read("x.json", []byte(src), convert.SPO, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, notes, err := policy.Resolve(s.Profile, amd64, policy.Options{})
	if want := `[x.json:4:51: syscalls[0].names[1]: no architecture has a system call "writ" up to Linux ` + syscalls.Release + `]`; err != nil || fmt.Sprint(notes) != want {
		t.Errorf("%v %v, want %s", err, notes, want)
	}
	for src, want := range map[string]string{
		`{"kind": "SeccompProfile",`:                             "x.json:1:27: unexpected EOF",
		`{"kind": "SeccompProfile", "spec": {"a": 1, "a": 2}}`:   `x.json:1:45: the key "a" is there twice`,
		`{"kind": "Pod"}`:                                        `x.json:1:10: kind: not SeccompProfile but "Pod"`,
		`{"kind": "SeccompProfile", "spec": {}}`:                 "x.json:1:1: apiVersion: not one of",
		strings.Replace(src, `"spec": {`, `"spec": [{`, 1) + `]`: "x.json:",
	} {
		if _, err := convert.Read("x.json", []byte(src), convert.SPO, profile.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", src, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("[Service]\nSystemCallFilter=~@swap clone3:ENOSYS \\\n\tread\nSystemCallLog=\n"), true)
	f.Add([]byte(`{"apiVersion":"security-profiles-operator.x-k8s.io/v1","kind":"SeccompProfile","spec":{"defaultAction":"SCMP_ACT_LOG","syscalls":[null,{"errnoRet":0}]}}`), false)
	f.Fuzz(func(t *testing.T, src []byte, unit bool) {
		from := convert.SPO
		if unit {
			from = convert.Systemd
		}
		s, err := convert.Read("f", src, from, profile.Options{})
		var problems *profile.Error
		if err != nil && !errors.As(err, &problems) {
			t.Fatalf("an error of another kind: %v", err)
		}
		if err == nil {
			s.Profile.Marshal()
		}
	})
}
