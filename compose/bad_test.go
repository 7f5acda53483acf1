package compose_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

func TestBadProfilesAreRefused(t *testing.T) {
	deep := files{}
	for i := range 20 {
		deep[fmt.Sprintf("%d.json", i)] = doc(fmt.Sprintf("%d.json", i+1), "ERRNO", "read ALLOW")
	}
	deep["20.json"] = doc("", "ERRNO", "read ALLOW")
	deep["a.json"] = doc("0.json", "ERRNO", "read ALLOW")
	many, list := files{}, []string{}
	for i := range 70 {
		many[fmt.Sprintf("%d.json", i)] = doc("", "ERRNO", "read ALLOW")
		list = append(list, fmt.Sprintf("%d.json", i))
	}
	many["a.json"] = doc(strings.Join(list, ","), "ERRNO", "read ALLOW")
	big := strings.Repeat(" ", 4<<20-200)
	large, list := files{}, []string{}
	for i := range 5 {
		large[fmt.Sprintf("%d.json", i)] = big + doc("", "ERRNO", "read ALLOW")
		list = append(list, fmt.Sprintf("%d.json", i))
	}
	large["a.json"] = doc(strings.Join(list, ","), "ERRNO", "read ALLOW")
	b := doc("", "ERRNO", "read ALLOW")

	for _, c := range []struct {
		name  string
		files files
		want  string // error and hint
	}{
		{"a file that is not there", files{"a.json": doc("b.json", "ERRNO", "read ALLOW")},
			"a.json:1:14: extends[0]: read profile b.json: no such file or directory (a path is relative to the file that has it)"},
		{"a directory", files{"a.json": doc("b", "ERRNO", "read ALLOW"), "b/x": ""},
			"a.json:1:14: extends[0]: b is no regular file"},
		{"a device", files{"a.json": doc("/dev/zero", "ERRNO", "read ALLOW")},
			"a.json:1:14: extends[0]: /dev/zero is no regular file"},
		{"the file itself", files{"a.json": doc("./a.json", "ERRNO", "read ALLOW")},
			"a.json:1:14: extends[0]: it extends itself: a.json, a.json (remove one of them)"},
		{"a circle", files{"a.json": doc("b.json", "ERRNO", "read ALLOW"), "b.json": doc("c.json", "ERRNO", "read ALLOW"), "c.json": doc("a.json", "ERRNO", "read ALLOW")},
			"c.json:1:14: extends[0]: it extends itself: a.json, b.json, c.json, a.json (remove one of them)"},
		{"a file twice", files{"a.json": doc("b.json,builtin,./b.json", "ERRNO", "read ALLOW"), "b.json": b},
			"a.json:1:35: extends[2]: b.json is in the list already (remove one)"},
		{"too deep", deep, "14.json:1:14: extends[0]: more than 15 files deep"},
		{"too many", many, `a.json:1:74: extends[6]: more than 64 files`},
		{"too large together", large, `a.json:1:14: extends[0]: the files have more than 16 MiB together`},
		{"a mistake in what is extended", files{"a.json": doc("b.json", "ERRNO", "read ALLOW"), "b.json": "\n{\"defaultAction\": \"SCMP_ACT_ERNO\", \"syscalls\": []}"},
			`b.json:2:19: defaultAction: unknown action "SCMP_ACT_ERNO" (did you mean "SCMP_ACT_ERRNO"?)`},
		{"no rule", files{"a.json": `{"extends": ["builtin"], "defaultAction": "SCMP_ACT_ERRNO"}`},
			"a.json:1:13: extends: a profile that extends others and has no rule of its own (add one: what does not know the key may take a profile without rules for none at all)"},
		{"a rule that names nothing", files{"a.json": `{"extends": ["builtin"], "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": [], "action": "SCMP_ACT_ALLOW"}]}`},
			"a.json:1:13: extends: a profile that extends others and has no rule of its own (add one: what does not know the key may take a profile without rules for none at all)"},
		{"no default action", files{"a.json": `{"extends": ["builtin"], "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}`},
			`a.json:1:1: the profile has no "defaultAction" (it decides every call that no rule names; SCMP_ACT_ERRNO denies them)`},
		{"a looser default action", files{"a.json": doc("builtin", "ALLOW", "read ERRNO")},
			"a.json:1:43: defaultAction: the default action, allow, is looser than that of builtin, errno EPERM (repeat the strictest default action of what is extended: only the file's own counts)"},
		{"a looser default action in between", files{"a.json": doc("b.json", "ERRNO", "read ERRNO"), "b.json": doc("builtin", "LOG", "read ERRNO")},
			"b.json:1:43: defaultAction: the default action, log, is looser than that of builtin, errno EPERM (repeat the strictest default action of what is extended: only the file's own counts)"},
		{"a group that there is not", files{"a.json": doc("", "ERRNO", "read,@filesystem ALLOW")},
			`a.json:1:69: syscalls[0].names[1]: unknown group "@filesystem" (did you mean "@file-system"?)`},
		{"a constant that there is not", files{"a.json": doc("", "ERRNO", `socket ALLOW 0 EQ "AF_ALGG"`)},
			`a.json:1:153: syscalls[0].args[0].value: unknown constant AF_ALGG (did you mean AF_ALG?)`},
		{"a mask of 0 by name", files{"a.json": doc("", "ERRNO", `mmap ALLOW 2 MASKED_EQ "PROT_NONE" 0`)},
			`a.json:1:107: syscalls[0].args[0].value: a mask of 0 compares nothing (value is the mask, valueTwo what the masked argument must be)`},
		{"a datum outside of its mask", files{"a.json": doc("", "ERRNO", `mmap ALLOW 2 MASKED_EQ "PROT_READ" "PROT_WRITE"`)},
			`a.json:1:107: syscalls[0].args[0].valueTwo: 0x2 has bits outside of the mask 0x1 on x86 (value is the mask, valueTwo what the masked argument must be)`},
		{"a slip in a rule that would deny", files{"a.json": doc("builtin", "ERRNO", "clone ERRNO 0 MASKED_EQ 0")},
			`a.json:1:132: syscalls[0].args[0].value: a mask of 0 compares nothing (value is the mask, valueTwo what the masked argument must be)`},
		{"an artifact with half a digest", files{"a.json": doc("oci://r.example/x@sha256:"+strings.Repeat("00", 16), "ERRNO", "read ALLOW")},
			"a.json:1:14: extends[0]: oci://r.example/x@sha256:" + strings.Repeat("00", 16) + " has no digest (what is in a registry is named by its digest, so that it stays what it is: oci://NAME@sha256:HEX)"},
		{"an artifact, which nobody fetches", files{"a.json": doc("oci://r.example/x@sha256:"+strings.Repeat("00", 32), "ERRNO", "read ALLOW")},
			"a.json:1:14: extends[0]: oci://r.example/x@sha256:" + strings.Repeat("00", 32) + " is in a registry, and nothing is fetched here (keep a copy in a file, and extend that)"},
		{"an artifact without a digest", files{"a.json": doc("oci://r.example/x:1", "ERRNO", "read ALLOW")},
			"a.json:1:14: extends[0]: oci://r.example/x:1 has no digest (what is in a registry is named by its digest, so that it stays what it is: oci://NAME@sha256:HEX)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.files.read(t, compose.Options{})
			if got := first(err); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// first writes the first problem of an error with its hint.
func first(err error) string {
	var e *profile.Error
	if !errors.As(err, &e) {
		return fmt.Sprintf("no *profile.Error: %v", err)
	}
	p := e.Problems[0]
	if p.Hint == "" {
		return p.String()
	}
	return fmt.Sprintf("%v (%s)", p, p.Hint)
}

func TestALinkToTheFileItselfIsACircle(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	text := []byte(doc("link.json", "ERRNO", "read ALLOW"))
	if err := os.WriteFile("a.json", text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.json", "link.json"); err != nil {
		t.Fatal(err)
	}
	if _, err := compose.Parse("a.json", text, compose.Options{}); err == nil || !strings.Contains(err.Error(), "it extends itself") {
		t.Errorf("%v, want a refusal", err)
	}
}

func TestLenientTakesWhatLoosens(t *testing.T) {
	lenient := compose.Options{Options: profile.Options{Lenient: true}}
	for name, f := range map[string]files{
		"is looser than that of builtin": {"a.json": doc("builtin", "ALLOW", "read ERRNO")},
		"the condition always holds":     {"a.json": doc("", "ERRNO", `mmap ALLOW 2 MASKED_EQ "PROT_NONE" 0`)},
	} {
		p, err := f.read(t, lenient)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if len(p.Notes) != 1 || !strings.Contains(p.Notes[0].Msg, name) {
			t.Errorf("notes %v, want one that says: %s", p.Notes, name)
		}
	}
}

// A name that no architecture has would leave a rule without effect. In one file
// that matters if the rule is stricter than the default action, in several if it
// may be stricter than another file's.
func TestAnUnknownNameInADenialOnTopIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		files files
		err   string
	}{
		{"in the file", files{"a.json": doc("builtin", "ERRNO", "ptraze ERRNO")}, "a.json:1:85: syscalls[0].names[0]: no architecture has"},
		{"in an extended one", files{"a.json": doc("builtin,b.json", "ERRNO", "read ALLOW"), "b.json": doc("", "ERRNO", "ptraze ERRNO")}, "b.json:1:61: syscalls[0].names[0]: no architecture has"},
		{"of a rule that allows", files{"a.json": doc("builtin", "ERRNO", "ptraze ALLOW")}, ""},
		{"alone", files{"a.json": doc("", "ERRNO", "ptraze ERRNO")}, ""},
	} {
		p, err := c.files.read(t, compose.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, notes, err := policy.Resolve(p, amd64, policy.Options{})
		switch {
		case c.err == "" && (err != nil || len(notes) != 1):
			t.Errorf("%s: %v, notes %v; want a note", c.name, err, notes)
		case c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err)):
			t.Errorf("%s: %v; want %s", c.name, err, c.err)
		}
	}
}

func TestAConstantThatAnABIDoesNotHaveIsRefused(t *testing.T) {
	p, err := files{"a.json": doc("", "ERRNO", `mmap ALLOW 3 EQ "MAP_32BIT"`)}.read(t, compose.Options{})
	if err != nil {
		t.Fatal(err)
	}
	facts := amd64
	if _, _, err := policy.Resolve(p, facts, policy.Options{}); err != nil {
		t.Errorf("x86_64 has MAP_32BIT: %v", err)
	}
	facts.Arch, _ = seccomp.ArchNamed("aarch64")
	_, _, err = policy.Resolve(p, facts, policy.Options{})
	if got, want := first(err), "a.json:1:150: syscalls[0].args[0].value: aarch64 does not have MAP_32BIT (write the number, or leave the architecture out)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
