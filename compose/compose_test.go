package compose_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

var amd64 = seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}

// files are written to a directory; a.json is the one that is read.
type files map[string]string

func (f files) read(t *testing.T, o compose.Options) (*profile.Profile, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range f {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return compose.Parse("a.json", []byte(f["a.json"]), o)
}

// doc writes a profile: what it extends, its default action, and its rules, each
// as NAMES ACTION [INDEX OP VALUE [VALUETWO]].
func doc(extends, action string, rules ...string) string {
	var list []string
	for _, r := range rules {
		f := strings.Fields(r)
		action, errno, _ := strings.Cut(f[1], ":")
		rule := fmt.Sprintf(`{"names": ["%s"], "action": "SCMP_ACT_%s"`, strings.ReplaceAll(f[0], ",", `", "`), action)
		if errno != "" {
			rule += `, "errnoRet": ` + errno
		}
		if len(f) > 3 {
			rule += fmt.Sprintf(`, "args": [{"index": %s, "op": "SCMP_CMP_%s", "value": %s`, f[2], f[3], f[4])
			if len(f) > 5 {
				rule += `, "valueTwo": ` + f[5]
			}
			rule += `}]`
		}
		list = append(list, rule+"}")
	}
	text := `{"defaultAction": "SCMP_ACT_` + action + `", "syscalls": [` + strings.Join(list, ", ") + `]}`
	if extends != "" {
		text = `{"extends": ["` + strings.ReplaceAll(extends, ",", `", "`) + `"], ` + text[1:]
	}
	return text
}

func TestMeaning(t *testing.T) {
	for _, c := range []struct {
		name  string
		files files
		want  map[string]string // by call
	}{
		{"what the file says goes before what it extends", files{
			"a.json": doc("b.json", "ERRNO", "read ALLOW", "write ERRNO:5"),
			"b.json": doc("", "ERRNO", "read ERRNO:7", "write,openat2 ALLOW"),
		}, map[string]string{"read": "allow", "write": "errno EIO", "openat2": "allow", "close": "errno EPERM"}},
		{"where its condition does not hold, what it extends decides", files{
			"a.json": doc("b.json", "ERRNO", `socket ALLOW 0 EQ "AF_ALG"`),
			"b.json": doc("", "ERRNO", "socket ERRNO:97"),
		}, map[string]string{"socket(AF_ALG, 0, 0)": "allow", "socket(AF_INET, 0, 0)": "errno EAFNOSUPPORT"}},
		{"of two extended files the stricter wins, whatever the order", files{
			"a.json": doc("b.json,c.json", "ERRNO", "read ALLOW"),
			"b.json": doc("", "ERRNO", "ptrace ALLOW", "kcmp ERRNO:5"),
			"c.json": doc("", "ALLOW", "ptrace ERRNO:6", "kcmp ALLOW"),
		}, map[string]string{"ptrace": "errno ENXIO", "kcmp": "errno EIO", "close": "errno EPERM"}},
		{"among equals the first in the list wins", files{
			"a.json": doc("b.json,c.json", "ERRNO", "read ALLOW"),
			"b.json": doc("", "ERRNO", "ptrace ERRNO:5"),
			"c.json": doc("", "ERRNO", "ptrace ERRNO:6"),
		}, map[string]string{"ptrace": "errno EIO"}},
		{"a file that two extend is there once, and each may change it for itself", files{
			"a.json": doc("b.json,c.json", "ERRNO", "read ALLOW"),
			"b.json": doc("d.json", "ERRNO", "open ALLOW", "kill ALLOW"),
			"c.json": doc("d.json", "ERRNO", "kill ALLOW"),
			"d.json": doc("", "ERRNO", "open,kill ERRNO:5", "close ALLOW"),
		}, map[string]string{"open": "errno EIO", "kill": "allow", "close": "allow"}},
		{"extended files with conditions: the stricter of their answers, call by call", files{
			"a.json": doc("b.json,c.json", "ERRNO", "read ALLOW"),
			"b.json": doc("d.json", "ERRNO", "dup2 ALLOW 0 EQ 1"),
			"c.json": doc("d.json", "ERRNO", "dup2 ALLOW 1 EQ 1"),
			"d.json": doc("", "ERRNO", "dup2 ERRNO:5"),
		}, map[string]string{"dup2(1, 1)": "allow", "dup2(1, 2)": "errno EIO", "dup2(2, 1)": "errno EIO", "dup2(2, 2)": "errno EIO"}},
		{"the default actions of what is extended do not count", files{
			"a.json": doc("b.json", "ERRNO", "read ALLOW"),
			"b.json": doc("", "ALLOW", "write,openat2 ERRNO:5"),
		}, map[string]string{"write": "errno EIO", "open": "errno EPERM"}},
		{"what is extended may extend, in its own directory", files{
			"a.json":       doc("lib/b.json", "ERRNO", "read ALLOW"),
			"lib/b.json":   doc("../c.json", "ERRNO", "write ALLOW"),
			"c.json":       doc("", "ERRNO", "open ALLOW"),
			"lib/c.json":   doc("", "ERRNO", "open ERRNO:5"),
			"unrelated.md": "nothing",
		}, map[string]string{"read": "allow", "write": "allow", "open": "allow"}},
		{"a group stands for its calls", files{
			"a.json": doc("", "ERRNO", "@pkey,read ALLOW"),
		}, map[string]string{"pkey_alloc": "allow", "read": "allow", "write": "errno EPERM"}},
		{"a group denies, too", files{
			"a.json": doc("builtin", "ERRNO", "@chown ERRNO:5"),
		}, map[string]string{"fchownat": "errno EIO", "read": "allow", "mount": "errno EPERM"}},
		{"constants are values", files{
			"a.json": doc("", "ERRNO", `clone ALLOW 0 MASKED_EQ "CLONE_NEWUSER|CLONE_NEWNS" "CLONE_NEWUSER"`),
		}, map[string]string{"clone(CLONE_NEWUSER|SIGCHLD, 0, 0, 0, 0)": "allow", "clone(CLONE_NEWUSER|CLONE_NEWNS, 0, 0, 0, 0)": "errno EPERM"}},
		{"a negative constant is as wide as the argument", files{
			"a.json": doc("", "ERRNO", `openat ALLOW 0 EQ "AT_FDCWD"`),
		}, map[string]string{"openat(AT_FDCWD, 0, 0, 0)": "allow", "openat(3, 0, 0, 0)": "errno EPERM"}},
		{"a condition on the capabilities is its rule's own", files{
			"a.json": `{"extends": ["builtin"], "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
				{"names": ["read"], "action": "SCMP_ACT_ERRNO", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
				{"names": ["write"], "action": "SCMP_ACT_ERRNO", "excludes": {"caps": ["CAP_SYS_ADMIN"]}}]}`,
		}, map[string]string{"read": "allow", "write": "errno EPERM"}},
		{"numbers are newer only if they are newer than every file", files{
			"a.json": doc("b.json", "ERRNO", "read ALLOW"),
			"b.json": doc("", "ERRNO", "openat2 ALLOW"),
		}, map[string]string{"436": "errno EPERM", "438": "errno ENOSYS"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := c.files.read(t, compose.Options{})
			if err != nil {
				t.Fatal(err)
			}
			pol, _, err := policy.Resolve(p, amd64, policy.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for text, want := range c.want {
				call, err := calls.Parse(amd64.Arch, text)
				if err != nil {
					t.Fatal(err)
				}
				data := call.Data()
				if _, rule := pol.Eval(&data); rule.Return.String() != want {
					t.Errorf("%s: %v, want %s", text, rule.Return, want)
				}
			}
		})
	}
}

func TestConstantsHaveTheValueOfEachABI(t *testing.T) {
	p, err := files{"a.json": doc("", "ERRNO", `mmap ALLOW 3 MASKED_EQ "MAP_ANONYMOUS" "MAP_ANONYMOUS"`)}.read(t, compose.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for arch, flag := range map[seccomp.Arch]uint64{seccomp.ArchX86_64: 0x20, seccomp.ArchMIPS64: 0x800} {
		pol, _, err := policy.Resolve(p, seccomp.Facts{Arch: arch}, policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		call, _ := calls.Parse(arch, "mmap")
		data := call.Data()
		data.Args[3] = flag
		if _, rule := pol.Eval(&data); rule.Return.Action() != seccomp.ActAllow {
			t.Errorf("%s: mmap with the flag %#x: %v, want allow", arch.Name(), flag, rule.Return)
		}
	}
}

func TestEveryRuleKnowsItsFile(t *testing.T) {
	p, err := files{
		"a.json": doc("b.json,builtin", "ERRNO", "read ALLOW"),
		"b.json": "\n\n" + doc("", "ERRNO", "write ALLOW"),
	}.read(t, compose.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a.json:1:84", "b.json:3:50"}
	for i, at := range want {
		if got := p.Position(p.Rules[i].Pos).String(); got != at {
			t.Errorf("rule %d is at %s, want %s", i, got, at)
		}
	}
	if got := p.Position(p.Rules[2].Names[0].Pos); got.File != "builtin" || got.Line == 0 {
		t.Errorf("the first rule of builtin is at %v", got)
	}
	for i, r := range p.Rules {
		if len(r.Args) == 0 || r.Layer == 0 {
			continue
		}
		if at := p.Position(r.Args[0].Pos); at.File != "builtin" || at.Line <= p.Position(r.Pos).Line {
			t.Errorf("the condition of rule %d is at %v", i, at)
		}
		break
	}
	if got := p.Text("b.json"); !strings.HasPrefix(got, "\n\n{") {
		t.Errorf("the text of b.json: %q", got)
	}
}

func TestSettingsAreTheFilesOwnOrThoseBelow(t *testing.T) {
	settings := func(extends, more string) string {
		return strings.Replace(doc(extends, "ERRNO", "read ALLOW"), "{", "{"+more+", ", 1)
	}
	const x86 = `"architectures": ["SCMP_ARCH_X86"]`
	const logs = `"flags": ["SECCOMP_FILTER_FLAG_LOG"]`
	for _, c := range []struct {
		name  string
		files files
		arch  seccomp.Arch
		flags seccomp.Flag
		err   string
	}{
		{"those below, through a file that has none", files{
			"a.json": doc("b.json", "ERRNO", "read ALLOW"), "b.json": settings("c.json", logs), "c.json": settings("", x86),
		}, seccomp.ArchX86, seccomp.FlagLog, ""},
		{"its own", files{
			"a.json": settings("b.json", `"architectures": ["SCMP_ARCH_X32"], "flags": []`), "b.json": settings("", x86+", "+logs),
		}, seccomp.ArchX32, 0, ""},
		{"two that agree", files{
			"a.json": doc("b.json,c.json", "ERRNO", "read ALLOW"), "b.json": settings("", x86), "c.json": settings("", x86+", "+logs),
		}, seccomp.ArchX86, seccomp.FlagLog, ""},
		{"two that do not", files{
			"a.json": doc("b.json,builtin", "ERRNO", "read ALLOW"), "b.json": settings("", x86),
		}, 0, 0, "a.json:1:24: extends[1]: b.json and builtin have different architectures"},
		{"two listeners", files{
			"a.json": doc("b.json,c.json", "ERRNO", "read ALLOW"), "b.json": settings("", `"listenerPath": "/run/a"`), "c.json": settings("", `"listenerPath": "/run/b"`),
		}, 0, 0, "a.json:1:24: extends[1]: b.json and c.json have different listeners"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := c.files.read(t, compose.Options{})
			if c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.err) {
					t.Fatalf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Architectures) != 1 || p.Architectures[0].Arch != c.arch || p.Flags != c.flags {
				t.Errorf("architectures %v, flags %v", p.Architectures, p.Flags)
			}
			if at := p.Position(p.Architectures[0].Pos); p.Text(at.File) == "" || !strings.HasPrefix(p.Text(at.File)[at.Column-1:], `"SCMP_ARCH_`) {
				t.Errorf("the architecture is at %v", at)
			}
		})
	}
}

func TestAnArtifactIsFetchedByItsDigest(t *testing.T) {
	ref := "oci://registry.example/profiles/base@sha256:" + strings.Repeat("0a", 32)
	var asked []string
	o := compose.Options{Artifact: func(ref string) ([]byte, error) {
		asked = append(asked, ref)
		return []byte(doc("", "ERRNO", "write ALLOW")), nil
	}}
	p, err := files{"a.json": doc(ref+",b.json", "ERRNO", "read ALLOW"), "b.json": doc(ref, "ERRNO", "open ALLOW")}.read(t, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(asked) != 1 || asked[0] != ref || len(p.Layers) != 3 || p.Layers[2].File != ref {
		t.Errorf("asked for %q, layers %v: want one reference", asked, p.Layers)
	}

	o.Artifact = func(string) ([]byte, error) { return []byte(doc("/etc/passwd", "ERRNO", "write ALLOW")), nil }
	_, err = files{"a.json": doc(ref, "ERRNO", "read ALLOW")}.read(t, o)
	if want := ref + ":1:14: extends[0]: /etc/passwd is a file, and a profile from a registry cannot name files"; err == nil || err.Error() != want {
		t.Errorf("an artifact that extends a file: %v, want %s", err, want)
	}
	o.Artifact = func(string) ([]byte, error) { return nil, errors.New("no route to host") }
	_, err = files{"a.json": doc(ref, "ERRNO", "read ALLOW")}.read(t, o)
	if want := "a.json:1:14: extends[0]: fetch " + ref + ": no route to host"; err == nil || err.Error() != want {
		t.Errorf("a registry that does not answer: %v, want %s", err, want)
	}
}

// That a file decides otherwise than what it extends is what it is there for.
func TestRulesOfTwoFilesAreNoConflict(t *testing.T) {
	p, err := files{"a.json": doc("builtin", "ERRNO", "read ERRNO:5", "clone3 ALLOW", "socket ERRNO:97 0 EQ 16")}.read(t, compose.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, notes, err := policy.Resolve(p, amd64, policy.Options{}); err != nil || len(notes) > 0 {
		t.Errorf("%v, notes %v", err, notes)
	}
}

// What Docker's dialect can say is read by profile alone.
func TestAPlainProfileIsReadAsBefore(t *testing.T) {
	p, err := compose.Parse("builtin", []byte(profile.Default().Source()), compose.Options{})
	if err != nil || !p.Plain() || p.Pending() || p.Layers != nil {
		t.Errorf("%v, plain %v, layers %v", err, p.Plain(), p.Layers)
	}
}

func TestAProfileThatWasNotComposedHasNoMeaning(t *testing.T) {
	for _, text := range []string{
		doc("builtin", "ERRNO", "read ALLOW"),
		doc("", "ERRNO", "@pkey ALLOW"),
		doc("", "ERRNO", `socket ALLOW 0 EQ "AF_ALG"`),
	} {
		p, err := profile.Parse("a.json", []byte(text), profile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := policy.Resolve(p, amd64, policy.Options{}); err == nil || !strings.Contains(err.Error(), "have not been looked up") {
			t.Errorf("%s: %v, want a refusal", text, err)
		}
		if p.MarshalOCI(amd64) != nil {
			t.Errorf("%s: has been written as if it were plain", text)
		}
	}
}
