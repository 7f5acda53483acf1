package lint_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/lint"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

var fixCases = []struct{ name, before, after, rules string }{
	{"a misspelt name in a rule that denies",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
  {"names": ["mount", "mkdiratt" ], "action": "SCMP_ACT_ERRNO"}
]}`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
  {"names": ["mount", "mkdirat" ], "action": "SCMP_ACT_ERRNO"}
]}`, "WEIR003"},
	{"not one in a rule that allows, which would then let more through",
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mkdiratt"], "action": "SCMP_ACT_ALLOW"}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mkdiratt"], "action": "SCMP_ACT_ALLOW"}]}`, ""},
	{"not a function of the C library, which is no slip",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["fexecve"], "action": "SCMP_ACT_ERRNO"}]}`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["fexecve"], "action": "SCMP_ACT_ERRNO"}]}`, ""},
	{"a misspelt action, for which no runtime reads the profile",
		`{"defaultAction": "SCMP_ACT_ERNO", "syscalls": [{"names": ["read"], "action": "ALLOW"}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}`, "WEIR001 WEIR001"},
	{"a misspelt key whose conditions come back to a rule that allows",
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ALLOW",
		"arg": [{"index": 1, "value": 0, "op": "SCMP_CMP_EQ"}]}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ALLOW",
		"args": [{"index": 1, "value": 0, "op": "SCMP_CMP_EQ"}]}]}`, "WEIR001"},
	{"not where they would come back to a rule that denies",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "arg": [{"index": 1, "value": 0, "op": "SCMP_CMP_EQ"}]}]}`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "arg": [{"index": 1, "value": 0, "op": "SCMP_CMP_EQ"}]}]}`, ""},
	{"a key in another case",
		`{"DefaultAction": "SCMP_ACT_ERRNO"}`,
		`{"defaultAction": "SCMP_ACT_ERRNO"}`, "WEIR001"},
	{"a repeated name",
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": [
	"read",
	"write",
	"read"
], "action": "SCMP_ACT_ALLOW"}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": [
	"read",
	"write"
], "action": "SCMP_ACT_ALLOW"}]}`, "WEIR006"},
	{"not the group that a name is repeated in",
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["pkey_free", "@pkey"], "action": "SCMP_ACT_ALLOW"}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["pkey_free", "@pkey"], "action": "SCMP_ACT_ALLOW"}]}`, ""},
	{"a key that nobody reads, first and last",
		`{
	"description": {"for": ["the", "web"]},
	"defaultAction": "SCMP_ACT_ERRNO",
	"version": 2
}`,
		`{
	"defaultAction": "SCMP_ACT_ERRNO"
}`, "WEIR002 WEIR002"},
	{"a valueTwo that nobody reads",
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 9, "valueTwo": 3, "op": "SCMP_CMP_EQ"}]}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 9, "op": "SCMP_CMP_EQ"}]}]}`, "WEIR010"},
	{"bits outside of a mask",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 15, "valueTwo": 19, "op": "SCMP_CMP_MASKED_EQ"}]}]}`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 15, "valueTwo": 3, "op": "SCMP_CMP_MASKED_EQ"}]}]}`, "WEIR010"},
	{"not a mask of 0, which may be the datum",
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 0, "valueTwo": 19, "op": "SCMP_CMP_MASKED_EQ"}]}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 0, "valueTwo": 19, "op": "SCMP_CMP_MASKED_EQ"}]}]}`, ""},
	{"an errno where the action takes none",
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "errnoRet": 1, "action": "SCMP_ACT_ALLOW"}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}`, "WEIR001"},
	{"one fix that would loosen does not keep the others back",
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mkdiratt", "read", "read"], "action": "SCMP_ACT_ALLOW"}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mkdiratt", "read"], "action": "SCMP_ACT_ALLOW"}]}`, "WEIR006"},
	{"what is silenced stays", `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "read"], "action": "SCMP_ACT_ALLOW", "comment": "weir:ignore WEIR006"}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "read"], "action": "SCMP_ACT_ALLOW", "comment": "weir:ignore WEIR006"}]}`, ""},
	{"what is no JSON stays so", `{"defaultAction": "SCMP_ACT_ERNO"`, `{"defaultAction": "SCMP_ACT_ERRNO"`, "WEIR001"},
}

func TestFixMendsWhatHasOneRemedy(t *testing.T) {
	for _, c := range fixCases {
		t.Run(c.name, func(t *testing.T) {
			fixed, mended := lint.Fix("p.json", []byte(c.before), facts, compose.Options{})
			var rules []string
			for _, m := range mended {
				rules = append(rules, m.Rule)
			}
			if string(fixed) != c.after || strings.Join(rules, " ") != c.rules {
				t.Errorf("mended %v:\n%s\nwant %s:\n%s", mended, fixed, c.rules, c.after)
			}
			if again, more := lint.Fix("p.json", fixed, facts, compose.Options{}); string(again) != string(fixed) || len(more) > 0 {
				t.Errorf("a second time: %v\n%s", more, again)
			}
		})
	}
}

// What is wrong in an extended file is not mended in the one that extends it, at the same place.
func TestNothingOfAnExtendedFileIsMended(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) (string, []byte) {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path, []byte(text)
	}
	file("below.json", `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ERRNO", "names": ["bind", "bind"]}]}`)
	path, src := file("above.json", `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ALLOW", "names": ["acct", "kcmp"]}], "extends": ["below.json"]}`)
	if fixed, mended := lint.Fix(path, src, facts, compose.Options{}); string(fixed) != string(src) || len(mended) > 0 {
		t.Errorf("mended %v:\n%s", mended, fixed)
	}
}

func TestTheDefaultProfileHasNothingToMend(t *testing.T) {
	src := []byte(profile.Default().Source())
	if fixed, mended := lint.Fix("builtin", src, facts, compose.Options{}); string(fixed) != string(src) || len(mended) > 0 {
		t.Errorf("%v", mended)
	}
}

// No call that a profile with slips denies runs after they are mended: the policies
// are asked, beside the proof that Fix has made.
func TestAMendedProfileLetsNothingMoreThrough(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	mendedRules := make(map[string]int)
	for range 40 {
		var rules []string
		for range 1 + random.IntN(5) {
			args := ""
			for i := range random.IntN(3) {
				args += pick("", ",") + fmt.Sprintf(`{"index": %d, "value": %d, "valueTwo": %d, "op": %q}`, i, random.IntN(20), random.IntN(20),
					pick("SCMP_CMP_EQ", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_GT", "SCMP_CMP_MASKD_EQ"))
				args = strings.ReplaceAll(args, "}{", "},{")
			}
			rules = append(rules, fmt.Sprintf(`{%q: [%q, %q, %q], "action": %q%s, %q: [%s]}`, pick("names", "names", "Names", "name s"),
				pick("read", "mkdir", "mkdirr", "umount"), pick("read", "kill", "kil"), pick("mkdir", "mknod", "mknodd"),
				pick("SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_ALOW"), pick("", `, "errnoRet": 3`),
				pick("args", "args", "arg", "argss"), strings.TrimPrefix(args, ",")))
		}
		src := fmt.Sprintf(`{"defaultAction": %q, %q: 1, "syscalls": [%s]}`, pick("SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"), pick("a", "flag", "b"), strings.Join(rules, ",\n"))
		before, err := profile.Parse("p.json", []byte(src), profile.Options{Lenient: true})
		fixed, mended := lint.Fix("p.json", []byte(src), facts, compose.Options{})
		for _, m := range mended {
			mendedRules[m.Rule]++
		}
		if err != nil {
			continue // nobody could read it
		}
		after, err := profile.Parse("p.json", fixed, profile.Options{Lenient: true})
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, src, fixed)
		}
		was, _, err := policy.Resolve(before, facts, policy.Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		is, _, err := policy.Resolve(after, facts, policy.Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range syscalls.On(seccomp.ArchX86_64) {
			nr, _ := call.Nr(seccomp.ArchX86_64)
			for range 6 {
				d := seccomp.Data{Arch: seccomp.ArchX86_64.Audit(), Nr: nr, Args: [6]uint64{random.Uint64N(24), random.Uint64N(24), random.Uint64N(24)}}
				_, a := was.Eval(&d)
				_, b := is.Eval(&d)
				if a.Return.Stricter(b.Return) {
					t.Fatalf("%v%v: %v before, %v after\n%s\n%s", call, d.Args, a.Return, b.Return, src, fixed)
				}
			}
		}
	}
	for _, rule := range []string{"WEIR001", "WEIR002", "WEIR003", "WEIR006", "WEIR010"} {
		if mendedRules[rule] == 0 {
			t.Errorf("no %s was mended: %v", rule, mendedRules)
		}
	}
}

func FuzzFix(f *testing.F) {
	for _, c := range fixCases {
		f.Add([]byte(c.before))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		fixed, mended := lint.Fix("p.json", src, facts, compose.Options{})
		if len(mended) == 0 && string(fixed) != string(src) {
			t.Errorf("nothing is mended, and the text changed: %q", fixed)
		}
	})
}
