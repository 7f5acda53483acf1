package lint_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/lint"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

var update = flag.Bool("update", false, "rewrite the expected findings in testdata")

var facts = seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}

// of returns the findings of one rule.
func of(rule string, found []lint.Finding) (kept []lint.Finding) {
	for _, f := range found {
		if f.Rule == rule {
			kept = append(kept, f)
		}
	}
	return kept
}

// read returns the profile of a page, and its expected findings.
func read(t *testing.T, id string) (src, want string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", id+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	src, want, ok := strings.Cut(string(b), "---\n")
	if !ok {
		t.Fatalf("%s: no --- between profile and findings", id)
	}
	return src, want
}

func TestEachRuleFindsWhatItsPageShows(t *testing.T) {
	for _, r := range lint.Rules {
		t.Run(r.ID+" "+r.Title, func(t *testing.T) {
			src, want := read(t, r.ID)
			found := of(r.ID, lint.Check("profile.json", []byte(src), facts, compose.Options{}))
			var b bytes.Buffer
			if err := lint.Text(&b, found, lint.Style{}); err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(filepath.Join("testdata", r.ID+".txt"), []byte(src+"---\n"+b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if b.String() != want {
				t.Errorf("found:\n%s\nwant:\n%s", &b, want)
			}
			if len(found) == 0 {
				t.Error("nothing found")
			}
		})
	}
}

func TestEachRuleHasAPageInTheDocs(t *testing.T) {
	for _, r := range lint.Rules {
		b, err := os.ReadFile(filepath.Join("../docs/lint", r.ID+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		if first, _, _ := strings.Cut(string(b), "\n"); first != fmt.Sprintf("# %s: %s", r.ID, r.Title) {
			t.Errorf("%s.md begins with %q", r.ID, first)
		}
		if !strings.Contains(string(b), "`weir lint --fix` ") {
			t.Errorf("%s.md does not say what --fix does", r.ID)
		}
	}
}

// The default has one trait that its readers should know on every machine, and
// one where 32-bit programs make their socket calls through socketcall.
func TestDockersDefaultHasNothingButTwoNotes(t *testing.T) {
	for _, arch := range seccomp.Archs() {
		for _, caps := range []seccomp.Caps{0, seccomp.DefaultCaps, seccomp.AllCaps} {
			f := facts
			f.Arch, f.Caps = arch, caps
			for _, found := range lint.Check("builtin", []byte(profile.Default().Source()), f, compose.Options{}) {
				if found.Level != lint.Note || found.Rule != "WEIR012" && found.Rule != "WEIR018" {
					t.Errorf("%v: %v %s: %v", arch, found.Level, found.Rule, found)
				}
			}
		}
	}
}

func TestACommentSilencesAFindingAboutItsRule(t *testing.T) {
	for _, r := range lint.Rules {
		src, _ := read(t, r.ID)
		src = strings.ReplaceAll(src, `, "comment": "backups; weir:ignore WEIR019"`, "")
		silenced := strings.ReplaceAll(src, `{"names"`, `{"comment": "meant so. weir:ignore `+r.ID+`", "names"`)
		for _, f := range of(r.ID, lint.Check("profile.json", []byte(silenced), facts, compose.Options{})) {
			// What is about the whole profile, and that it is refused, stays.
			if strings.HasPrefix(f.Path, "syscalls[") && r.ID != "WEIR001" {
				t.Errorf("%s is not silenced: %v", r.ID, f)
			}
		}
		other := strings.ReplaceAll(src, `{"names"`, `{"comment": "weir:ignore WEIR999", "names"`)
		if len(of(r.ID, lint.Check("profile.json", []byte(other), facts, compose.Options{}))) == 0 {
			t.Errorf("%s is silenced by another rule's number", r.ID)
		}
	}
}

func TestAProfileThatDoesNotParseIsAFinding(t *testing.T) {
	for _, src := range []string{"", "{", "null", `{"defaultAction": 1}`, "\xff\xfe", `{"syscalls": []}`, "[1, 2"} {
		found := lint.Check("profile.json", []byte(src), facts, compose.Options{})
		if len(found) == 0 || found[0].Rule != "WEIR001" || found[0].Level != lint.Error {
			t.Errorf("%q: %v", src, found)
		}
	}
}

func TestSARIFHasWhatItsReadersRequire(t *testing.T) {
	var all []lint.Finding
	for _, r := range lint.Rules {
		src, _ := read(t, r.ID)
		all = append(all, lint.Check("a dir/"+r.ID+".json", []byte(src), facts, compose.Options{})...)
	}
	var b bytes.Buffer
	if err := lint.SARIF(&b, all); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct{ ID, HelpURI string }
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn, EndColumn int }
					}
				}
				PartialFingerprints map[string]string
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Name != "weir" || len(log.Runs[0].Results) != len(all) {
		t.Fatalf("version %q, %d runs", log.Version, len(log.Runs))
	}
	rules := log.Runs[0].Tool.Driver.Rules
	fingerprints := make(map[string]bool)
	for i, r := range log.Runs[0].Results {
		if r.RuleID != all[i].Rule || rules[r.RuleIndex].ID != r.RuleID || rules[r.RuleIndex].HelpURI == "" {
			t.Errorf("result %d: rule %s, index %d", i, r.RuleID, r.RuleIndex)
		}
		if r.Level != all[i].Level.String() || r.Message.Text == "" || len(r.Locations) != 1 {
			t.Errorf("result %d: %+v", i, r)
			continue
		}
		at := r.Locations[0].PhysicalLocation
		if !strings.HasPrefix(at.ArtifactLocation.URI, "a%20dir/WEIR0") {
			t.Errorf("result %d: uri %q", i, at.ArtifactLocation.URI)
		}
		if at.Region.StartLine != all[i].Pos.Line || at.Region.EndColumn <= at.Region.StartColumn {
			t.Errorf("result %d: region %+v", i, at.Region)
		}
		id := r.PartialFingerprints["weir/v1"]
		if id == "" || fingerprints[id] {
			t.Errorf("result %d: fingerprint %q is empty or there twice", i, id)
		}
		fingerprints[id] = true
	}
}

func TestTheFingerprintStaysWhenLinesAreAddedAbove(t *testing.T) {
	src, _ := read(t, "WEIR003")
	prints := func(src string) string {
		var b bytes.Buffer
		if err := lint.SARIF(&b, lint.Check("profile.json", []byte(src), facts, compose.Options{})); err != nil {
			t.Fatal(err)
		}
		var found []string
		for line := range strings.Lines(b.String()) {
			if strings.Contains(line, "weir/v1") {
				found = append(found, line)
			}
		}
		return strings.Join(found, "")
	}
	if a, b := prints(src), prints("\n\n\n"+src); a != b || a == "" {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestAHostileNameCannotMoveTheCursorOrStartACommand(t *testing.T) {
	src := "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"a\x7f\u202e%\": 1}"
	found := lint.Check("a,b:c%\n.json", []byte(src), facts, compose.Options{})
	var text, github bytes.Buffer
	if err := lint.Text(&text, found, lint.Style{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(text.String(), "\x7f\u202e") {
		t.Errorf("%q", text.String())
	}
	if err := lint.GitHub(&github, found); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(github.String()) {
		if !strings.HasPrefix(line, "::") || !strings.Contains(line, "file=a%2Cb%3Ac%25%0A.json,") {
			t.Errorf("%q", line)
		}
	}
}

func TestOfAHugeProfileAThousandFindingsAreTold(t *testing.T) {
	rule := `{"names": ["mkdiratt", "openat"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 7, "op": "SCMP_CMP_EQ"}]},`
	src := `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [` + strings.Repeat(rule, 30_000) + `{"names": [], "action": "SCMP_ACT_ALLOW"}]}`
	found := lint.Check("profile.json", []byte(src), facts, compose.Options{})
	for _, write := range []func(io.Writer, []lint.Finding) error{lint.SARIF, lint.JSON, lint.GitHub} {
		if err := write(io.Discard, found); err != nil {
			t.Fatal(err)
		}
	}
	if err := lint.Text(io.Discard, found, lint.Style{}); err != nil {
		t.Fatal(err)
	}
	if last := found[len(found)-1]; len(found) != 1001 || !strings.Contains(last.Msg, "more findings are left out") {
		t.Errorf("%d findings, the last: %v", len(found), last)
	}
}

func FuzzCheckNeverFails(f *testing.F) {
	for _, r := range lint.Rules {
		b, err := os.ReadFile(filepath.Join("testdata", r.ID+".txt"))
		if err != nil {
			f.Fatal(err)
		}
		src, _, _ := strings.Cut(string(b), "---\n")
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		found := lint.Check("profile.json", src, facts, compose.Options{})
		var b bytes.Buffer
		if lint.Text(&b, found, lint.Style{}) != nil || lint.SARIF(&b, found) != nil || lint.JSON(&b, found) != nil || lint.GitHub(&b, found) != nil {
			t.Error("a report fails")
		}
	})
}
