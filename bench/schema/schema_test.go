// Package schema holds weir's JSON Schema against a validator of JSON Schema.
package schema

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/weir-dev/weir/bench/corpus"
	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/profile"
)

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(compose.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("profile.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("profile.json") // which holds it against the schema of schemas
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, src string) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(src))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return s.Validate(doc)
}

func TestProfilesThatWeirReadsAreValid(t *testing.T) {
	s := compile(t)
	docs := map[string]string{
		"builtin": profile.Default().Source(),
		"composed": `{"$schema": "x.json", "extends": ["builtin", "lib/b.json"], "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
			{"names": ["@keyring", "read"], "action": "SCMP_ACT_ALLOW", "comment": "why"},
			{"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [
				{"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": "CLONE_NEWUSER|CLONE_NEWNS", "valueTwo": "CLONE_NEWUSER"},
				{"index": 1, "op": "SCMP_CMP_EQ", "value": 18446744073709551615},
				{"index": 2, "op": "SCMP_CMP_NE", "value": "~(PROT_EXEC | 1<<3)"},
				{"index": 3, "op": "SCMP_CMP_NE", "value": "-O_RDWR"}]}]}`,
		"nulls": `{"defaultAction": "SCMP_ACT_KILL", "architectures": null, "flags": null, "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": null}],
			"syscalls": [{"names": ["read"], "name": "", "action": "SCMP_ACT_ALLOW", "args": null, "includes": null, "excludes": {}}]}`,
	}
	for _, p := range corpus.Profiles() {
		docs["corpus "+p.Name] = string(p.JSON)
	}
	for _, pattern := range []string{"../../profile/testdata/*.json", "../differential/testdata/*.json", "/usr/share/containers/seccomp.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 && strings.HasPrefix(pattern, ".") {
			t.Fatalf("%s: %v: no files", pattern, err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			docs[file] = string(src)
		}
	}
	for name, src := range docs {
		if err := validate(t, s, src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each has one mistake; weir and the validator both refuse it.
func TestProfilesThatWeirRefusesAreNot(t *testing.T) {
	s := compile(t)
	rule := func(more string) string {
		return `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mmap"], "action": "SCMP_ACT_ALLOW"` + more + `}]}`
	}
	cond := func(members string) string { return rule(`, "args": [{` + members + `}]`) }
	for name, src := range map[string]string{
		"a list":                               `[]`,
		"no default action":                    `{"syscalls": []}`,
		"an action that there is not":          `{"defaultAction": "SCMP_ACT_DENY"}`,
		"an action in lower case":              `{"defaultAction": "scmp_act_errno"}`,
		"an errno of an action without":        `{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1}`,
		"an errno by a wrong name":             `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "EPREM"}`,
		"a negative errno":                     `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": -1}`,
		"an errno as a text":                   `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": "1"}`,
		"architectures and archMap":            `{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86"], "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]}`,
		"an architecture in Docker's spelling": `{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["amd64"]}`,
		"an archMap without architecture":      `{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [{"subArchitectures": []}]}`,
		"a flag that is not a profile's":       `{"defaultAction": "SCMP_ACT_ERRNO", "flags": ["SECCOMP_FILTER_FLAG_NEW_LISTENER"]}`,
		"metadata without a listener":          `{"defaultAction": "SCMP_ACT_ERRNO", "listenerMetadata": "x"}`,
		"extends without a rule":               `{"extends": ["builtin"], "defaultAction": "SCMP_ACT_ERRNO"}`,
		"extends with no rules":                `{"extends": ["builtin"], "defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}`,
		"extends as a text":                    `{"extends": "builtin", "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}`,
		"extends nothing by name":              `{"extends": [""], "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}`,
		"a rule without names":                 `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"action": "SCMP_ACT_ALLOW"}]}`,
		"a rule without action":                `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"]}]}`,
		"a null for a rule":                    `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [null]}`,
		"name and names":                       rule(`, "name": "read"`),
		"an unknown key in a rule":             rule(`, "arg": []`),
		"errnoRet of an action without":        rule(`, "errnoRet": 1`),
		"a group that there is not":            `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["@files"], "action": "SCMP_ACT_ALLOW"}]}`,
		"an argument that there is not":        cond(`"index": 6, "op": "SCMP_CMP_EQ", "value": 1`),
		"an operator that there is not":        cond(`"index": 0, "op": "==", "value": 1`),
		"a condition without index":            cond(`"op": "SCMP_CMP_EQ", "value": 1`),
		"a condition without op":               cond(`"index": 0, "value": 1`),
		"a condition without value":            cond(`"index": 0, "op": "SCMP_CMP_EQ"`),
		"an unknown key in a condition":        cond(`"index": 0, "op": "SCMP_CMP_EQ", "value": 1, "mask": 1`),
		"a negative value":                     cond(`"index": 0, "op": "SCMP_CMP_EQ", "value": -1`),
		"a value with more than 64 bits":       cond(`"index": 0, "op": "SCMP_CMP_EQ", "value": 18446744073709551616`),
		"a number as a text":                   cond(`"index": 0, "op": "SCMP_CMP_EQ", "value": "16"`),
		"a hexadecimal number as a text":       cond(`"index": 0, "op": "SCMP_CMP_EQ", "value": "0x10"`),
		"an empty text":                        cond(`"index": 0, "op": "SCMP_CMP_EQ", "value": ""`),
		"constants joined by a comma":          cond(`"index": 0, "op": "SCMP_CMP_EQ", "value": "AF_UNIX,AF_INET"`),
		"a capability without CAP_":            rule(`, "includes": {"caps": ["SYS_ADMIN"]}`),
		"an unknown key in a filter":           rule(`, "includes": {"cap": ["CAP_SYS_ADMIN"]}`),
		"an unknown machine":                   rule(`, "excludes": {"arches": ["AMD64"]}`),
		"a kernel with one number":             rule(`, "includes": {"minKernel": "4"}`),
	} {
		if validate(t, s, src) == nil {
			t.Errorf("%s: the schema accepts it", name)
		}
		if name == "an unknown machine" {
			continue // never excludes a rule that allows: a note
		}
		if _, err := compose.Parse("p", []byte(src), compose.Options{}); err == nil {
			t.Errorf("%s: weir reads it", name)
		}
	}
}

func TestTheSchemaIsTheSameEveryTime(t *testing.T) {
	if !bytes.Equal(compose.Schema(), compose.Schema()) {
		t.Error("two schemas")
	}
}
