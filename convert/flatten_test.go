package convert_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// composed reads a profile that extends builtin and has the given rules.
func composed(t *testing.T, rules ...string) *profile.Profile {
	t.Helper()
	return onTop(t, "builtin", "ERRNO", rules...)
}

func onTop(t *testing.T, extends, action string, rules ...string) *profile.Profile {
	t.Helper()
	src := fmt.Sprintf(`{"extends": [%q], "defaultAction": "SCMP_ACT_%s", "syscalls": [`+"\n%s\n]}", extends, action, strings.Join(rules, ",\n"))
	p, err := compose.Parse("profile.json", []byte(src), compose.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func flattened(t *testing.T, p *profile.Profile, f seccomp.Facts) *profile.Profile {
	t.Helper()
	r, err := convert.Flatten(p, f, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Proof.Verdict != verify.Equal {
		t.Fatalf("not proved: %v", r.Proof)
	}
	q, err := profile.Parse("flat.json", r.Text, profile.Options{Dialect: profile.OCI})
	if err != nil {
		t.Fatalf("an OCI runtime does not read it: %v\n%s", err, r.Text)
	}
	return q
}

func TestFlattenOnEveryArchitecture(t *testing.T) {
	p := composed(t,
		`{"names": ["@keyring"], "action": "SCMP_ACT_ALLOW"}`,
		`{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": "AF_NETLINK"}]}`,
		`{"names": ["mprotect"], "action": "SCMP_ACT_KILL_PROCESS", "args": [{"index": 2, "op": "SCMP_CMP_MASKED_EQ", "value": "PROT_EXEC|PROT_WRITE", "valueTwo": "PROT_EXEC|PROT_WRITE"}]}`,
		`{"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": "ADDR_NO_RANDOMIZE"}]}`,
	)
	for _, a := range seccomp.Archs() {
		for _, caps := range []seccomp.Caps{0, seccomp.DefaultCaps, seccomp.AllCaps} {
			f := seccomp.Facts{Arch: a, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: caps}
			flattened(t, p, f)
			if r, _ := convert.Flatten(p, f, policy.Options{}); len(r.Losses) > 0 {
				t.Errorf("%s: engines are said to make something else of it: %v", a.Name(), r.Losses)
			}
		}
	}
}

// runc drops a rule that says what the default action does, and engines disagree
// about which of two rules wins. So nothing may depend on either.
func TestAFlatProfileHasNoRuleThatNeedsAnother(t *testing.T) {
	p := composed(t,
		`{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": "AF_NETLINK"}]}`,
		`{"names": ["close"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 7}]}`,
		`{"names": ["dup"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_GT", "value": 7}]}`,
		`{"names": ["dup"], "action": "SCMP_ACT_LOG"}`,
		`{"names": ["read"], "action": "SCMP_ACT_ERRNO"}`,
	)
	q := flattened(t, p, amd64)
	_, notes, err := policy.Resolve(q, amd64, policy.Options{})
	if err != nil || len(notes) > 0 {
		t.Errorf("%v, notes on conflicts: %v", err, notes)
	}
	for _, r := range q.Rules {
		if r.Return == q.Default && r.Names[0].Text != "read" { // of which there is nothing else to say
			t.Errorf("%v says what the default action does", r.Names)
		}
		for _, a := range r.Args {
			if a.Op != seccomp.OpEqualTo && a.Op != seccomp.OpMaskedEqual {
				t.Errorf("%v compares by %v, of which libseccomp compiles not every set as written", r.Names, a.Op)
			}
		}
	}
}

func TestACommentSaysWhereARuleIsFrom(t *testing.T) {
	p := composed(t, `{"names": ["keyctl"], "action": "SCMP_ACT_ALLOW", "comment": "for the agent"}`)
	r, err := convert.Flatten(p, amd64, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"comment": "profile.json:2: for the agent"`, `"comment": "builtin:62"`} {
		if !strings.Contains(string(r.Text), want) {
			t.Errorf("no %s in\n%s", want, r.Text)
		}
	}
}

func TestFlattenTwiceIsFlattenOnce(t *testing.T) {
	p := composed(t, `{"names": ["clone"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_NE", "value": "SIGCHLD"}]}`)
	once := flattened(t, p, amd64)
	twice := flattened(t, once, amd64)
	if len(once.Rules) != len(twice.Rules) {
		t.Errorf("%d rules, then %d", len(once.Rules), len(twice.Rules))
	}
}

// What is allowed on top of a denial through socketcall cannot be seen in the
// rules of socket alone.
func TestACallBehindAnotherKeepsItsAnswer(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "base.json")
	if err := os.WriteFile(base, []byte(`{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
		"syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	p := onTop(t, base, "ERRNO", `{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": "AF_UNIX"}]}`)
	q := flattened(t, p, amd64)
	found := false
	for _, r := range q.Rules {
		found = found || r.Names[0].Text == "socketcall"
	}
	if !found {
		t.Error("socketcall has no rule of its own, though its answer does not follow from those of socket")
	}
}

func TestWhatCannotBeFlattenedIsRefused(t *testing.T) {
	var conds []string
	for i := range 6 {
		conds = append(conds, fmt.Sprintf(`{"index": %d, "op": "SCMP_CMP_NE", "value": 5}`, i))
	}
	p := composed(t, `{"names": ["futex"], "action": "SCMP_ACT_LOG", "args": [`+strings.Join(conds, ",")+`]}`)
	_, err := convert.Flatten(p, amd64, policy.Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "flattening profile.json: futex: too many rules would be needed") {
		t.Errorf("%v, want a refusal", err)
	}
}

// Random rules on random rules: the flat profile is proved to be the composed one.
func TestFlattenRandomProfiles(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	rule := func() string {
		var args []string
		for i := range 2 {
			if rnd.IntN(2) == 0 {
				continue
			}
			arg := fmt.Sprintf(`{"index": %d, "op": "SCMP_CMP_%s", "value": %s`, i, pick("EQ", "NE", "LT", "LE", "GT", "GE"), pick("0", "1", "3", "16", "4294967295", "4294967296"))
			if rnd.IntN(3) == 0 {
				arg = fmt.Sprintf(`{"index": %d, "op": "SCMP_CMP_MASKED_EQ", "value": 7, "valueTwo": %s`, i, pick("0", "1", "5"))
			}
			args = append(args, arg+"}")
		}
		return fmt.Sprintf(`{"names": [%q], "action": "SCMP_ACT_%s", "args": [%s]}`, pick("dup2", "socket", "mmap", "ipc", "semget"), pick("ALLOW", "ERRNO", "LOG", "KILL"), strings.Join(args, ","))
	}
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	base := filepath.Join(t.TempDir(), "base.json")
	done := 0
	for range rounds {
		below := fmt.Sprintf(`{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": [%s, %s, %s]}`, rule(), rule(), rule())
		if err := os.WriteFile(base, []byte(below), 0o644); err != nil {
			t.Fatal(err)
		}
		p := onTop(t, base, pick("ERRNO", "KILL"), rule(), rule())
		r, err := convert.Flatten(p, amd64, policy.Options{})
		if err != nil {
			// Rules have no ABI, and what differs between two cannot be written.
			if !strings.Contains(err.Error(), "rules of a profile cannot say it") && !strings.Contains(err.Error(), "rules would be needed") {
				t.Errorf("%v\n%s\n%s", err, below, p.Source())
			}
			continue
		}
		done++
		if r.Proof.Verdict != verify.Equal {
			t.Errorf("not proved\n%s\n%s", below, p.Source())
		}
	}
	if done < rounds/2 {
		t.Errorf("only %d of %d profiles could be flattened", done, rounds)
	}
}
