package convert_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"github.com/weir-dev/weir/verify"
)

// three lists the ABIs of amd64, a default action, and rules.
func three(action string, rules ...string) string {
	return fmt.Sprintf(`{"defaultAction": "SCMP_ACT_%s", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": [%s]}`,
		action, strings.Join(rules, ", "))
}

// merged merges texts, and returns what was written and what the texts mean.
func merged(t *testing.T, m convert.Merging, f seccomp.Facts, texts ...string) (*policy.Policy, []*policy.Policy, error) {
	t.Helper()
	var profiles []*profile.Profile
	var each []*policy.Policy
	for i, text := range texts {
		p, err := profile.Parse(fmt.Sprintf("%c.json", 'a'+i), []byte(text), profile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		profiles, each = append(profiles, p), append(each, resolve(t, p, f))
	}
	r, err := convert.Merge(m, profiles, f, policy.Options{})
	if err != nil {
		return nil, each, err
	}
	if r.Proof.Verdict != verify.Equal {
		t.Fatalf("not proved: %v", r.Proof)
	}
	q, err := profile.Parse("merged", r.Text, profile.Options{Dialect: profile.OCI})
	if err != nil {
		t.Fatalf("an OCI runtime does not read it: %v\n%s", err, r.Text)
	}
	return resolve(t, q, f), each, nil
}

func resolve(t *testing.T, p *profile.Profile, f seccomp.Facts) *policy.Policy {
	t.Helper()
	pol, _, err := policy.Resolve(p, f, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return pol
}

const denylist = `{"names": ["ptrace", "mseal"], "action": "SCMP_ACT_KILL_PROCESS"}, {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 38}]}`

// Two filters of one process are merged by the kernel: the strictest answer wins. The
// prover knows that rule by itself. Only the errno may differ, of calls that both deny.
func TestTheIntersectionIsWhatTheKernelDoesWithTwoFilters(t *testing.T) {
	builtin := profile.Default().Source()
	for name, pair := range map[string][2]string{
		"the default and a list of denials": {builtin, three("ALLOW", denylist)},
		"a list of denials and the default": {three("ALLOW", denylist), builtin},
		"a small list of what is allowed":   {builtin, three("ERRNO", `{"names": ["read", "write", "socket"], "action": "SCMP_ACT_ALLOW"}`)},
		"two lists of denials":              {three("ALLOW", denylist), three("LOG", `{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "op": "SCMP_CMP_LT", "value": 3}]}`)},
		"ABIs that one does not list":       {builtin, `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [` + denylist + `]}`},
	} {
		got, each, err := merged(t, convert.Intersection, amd64, pair[0], pair[1])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var filters []bpf.Program
		for _, pol := range each {
			prog, err := compile.Program(pol)
			if err != nil {
				t.Fatal(err)
			}
			filters = append([]bpf.Program{prog}, filters...) // the first profile's is the newest: its errno wins
		}
		c := verify.Compare(amd64.Arch, verify.Subject{Filters: filters}, verify.Subject{Policy: got}, 50_000_000, 10_000)
		if c.Reason != "" {
			t.Errorf("%s: undecided: %s", name, c.Reason)
		}
		for _, d := range c.Differences {
			if d.First >= 1<<31 { // no call
				continue
			}
			if d.A.Action() != seccomp.ActErrno || d.B.Action() != seccomp.ActErrno {
				t.Errorf("%s: %s gets %v from the filters, %v from the merged profile", name, calls.Format(amd64.Arch, d.Witness), d.A, d.B)
			}
		}
	}
}

// Whatever the call, the union answers as the less strict of two policies does.
func TestMergedProfilesAnswerAsTheTwoDo(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	rule := func() string {
		args := ""
		if rnd.IntN(3) > 0 {
			args = fmt.Sprintf(`{"index": %d, "op": "SCMP_CMP_%s", "value": %s}`, rnd.IntN(2), pick("EQ", "NE", "LT", "GE"), pick("0", "1", "3", "4294967296"))
		}
		return fmt.Sprintf(`{"names": [%q], "action": "SCMP_ACT_%s", "args": [%s]}`, pick("dup2", "socket", "mmap", "ptrace"), pick("ALLOW", "ERRNO", "LOG", "KILL"), args)
	}
	one := func() string {
		return three(pick("ERRNO", "ERRNO", "ALLOW"), `{"names": ["mseal"], "action": "SCMP_ACT_ALLOW"}`, rule(), rule(), rule())
	}
	values := []uint64{0, 1, 2, 3, 4, 1 << 32, 1<<64 - 1}
	rounds, done := 60, 0
	if testing.Short() {
		rounds = 10
	}
	for range rounds {
		for _, m := range []convert.Merging{convert.Union, convert.Intersection} {
			a, b := one(), one()
			got, each, err := merged(t, m, amd64, a, b)
			if err != nil {
				if !strings.Contains(err.Error(), "rules of a profile cannot say it") && !strings.Contains(err.Error(), "too many rules") {
					t.Errorf("%v\n%s\n%s", err, a, b)
				}
				continue
			}
			done++
			for _, name := range []string{"dup2", "socket", "mmap", "ptrace", "mseal", "read", "statx"} {
				call, _ := syscalls.Lookup(name)
				nr, _ := call.Nr(amd64.Arch)
				for _, x := range values {
					for _, y := range values {
						d := seccomp.Data{Arch: amd64.Arch.Audit(), Nr: nr, Args: [6]uint64{x, y}}
						_, r1 := each[0].Eval(&d)
						_, r2 := each[1].Eval(&d)
						want := r1.Return
						if r2.Return.Stricter(want) == (m == convert.Intersection) && r2.Return.Action() != want.Action() {
							want = r2.Return
						}
						if _, r := got.Eval(&d); r.Return.Action() != want.Action() {
							t.Fatalf("%v: %s(%#x, %#x): %v of %v and %v\n%s\n%s", m, name, x, y, r.Return, r1.Return, r2.Return, a, b)
						}
					}
				}
			}
		}
	}
	if done < rounds {
		t.Errorf("only %d of %d pairs could be merged", done, 2*rounds)
	}
}

func TestWhichErrnoAMergedProfileHas(t *testing.T) {
	deny := func(errno int, names string) string {
		return fmt.Sprintf(`{"names": [%s], "action": "SCMP_ACT_ERRNO", "errnoRet": %d}`, names, errno)
	}
	const top = `{"names": ["mseal"], "action": "SCMP_ACT_ALLOW"}`
	for _, c := range []struct {
		name, a, b, call, want string
	}{
		{"the first profile's", three("ERRNO", top, deny(5, `"ptrace"`)), three("ERRNO", top, deny(6, `"ptrace"`)), "ptrace", "errno EIO"},
		{"a rule's before the default's", three("ERRNO", top), three("ERRNO", top, deny(6, `"ptrace"`)), "ptrace", "errno ENXIO"},
		{"a rule's before that of a newer call", three("ERRNO", `{"names": ["read"], "action": "SCMP_ACT_ALLOW"}`), three("ERRNO", top, deny(6, `"ptrace"`)), "ptrace", "errno ENXIO"},
		{"newer than one, not named by the other: the default's", three("ERRNO", `{"names": ["read"], "action": "SCMP_ACT_ALLOW"}`), three("ERRNO", top), "ptrace", "errno EPERM"},
		{"newer than both", three("ERRNO", `{"names": ["read"], "action": "SCMP_ACT_ALLOW"}`), three("ERRNO", `{"names": ["write"], "action": "SCMP_ACT_ALLOW"}`), "ptrace", "errno ENOSYS"},
	} {
		for _, m := range []convert.Merging{convert.Union, convert.Intersection} {
			got, _, err := merged(t, m, amd64, c.a, c.b)
			if err != nil {
				t.Errorf("%s, %v: %v", c.name, m, err)
				continue
			}
			call, _ := calls.Parse(amd64.Arch, c.call)
			d := call.Data()
			if _, r := got.Eval(&d); r.Return.String() != c.want {
				t.Errorf("%s, %v: %v, want %s", c.name, m, r.Return, c.want)
			}
		}
	}
}

func TestMergingOnEveryArchitecture(t *testing.T) {
	podman, err := profile.ReadFile("../profile/testdata/podman-shape.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range seccomp.Archs() {
		f := seccomp.Facts{Arch: a, Kernel: amd64.Kernel, Caps: seccomp.DefaultCaps}
		for _, m := range []convert.Merging{convert.Union, convert.Intersection} {
			got, each, err := merged(t, m, f, profile.Default().Source(), profile.Default().Source())
			if err != nil {
				t.Errorf("%s, %v with itself: %v", a.Name(), m, err)
				continue
			}
			if c := verify.Compare(a, verify.Subject{Policy: got}, verify.Subject{Policy: each[0]}, 5_000_000, 10); c.Verdict != verify.Equal {
				t.Errorf("%s, %v with itself: %v", a.Name(), m, c)
			}
			if _, _, err := merged(t, m, f, profile.Default().Source(), string(podman)); err != nil && !strings.Contains(err.Error(), "different architectures") {
				t.Errorf("%s, %v with Podman's: %v", a.Name(), m, err)
			}
		}
	}
}

func TestWhatCannotBeMergedIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		m    convert.Merging
		a, b string
		want string
	}{
		{"a call that is treated differently on two ABIs", convert.Union, profile.Default().Source(), `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [` + denylist + `]}`,
			"the union of a.json and b.json: rules of a profile cannot say it: "},
		{"numbers without a name that are denied in two ways", convert.Intersection, profile.Default().Source(), three("KILL", `{"names": ["read"], "action": "SCMP_ACT_ALLOW"}`),
			"the intersection of a.json and b.json: rules of a profile cannot say it: "},
	} {
		if _, _, err := merged(t, c.m, amd64, c.a, c.b); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}
