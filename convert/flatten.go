package convert

import (
	"fmt"
	"maps"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"github.com/weir-dev/weir/verify"
)

// Flatten writes what a profile means under the facts as a profile that Docker,
// Podman and the runtimes under Kubernetes read alike: without conditions on the
// machine, without what it extends, groups and constants, and with rules that need
// no order. The comment of each rule says where it is from. Calls that none of the
// architectures has are left out.
//
// The result is proved to mean the same to weir under the facts; what cannot be
// written so is an error. Losses are the calls of which libseccomp makes something
// else.
func Flatten(p *profile.Profile, f seccomp.Facts, o policy.Options) (*Result, error) {
	pol, notes, err := policy.Resolve(p, f, o)
	if err != nil {
		return nil, err
	}
	c := newConversion(p, pol, f)
	q, err := c.plainest()
	if err != nil {
		return nil, fmt.Errorf("flattening %s: %w", p.File, err)
	}
	r, err := c.plainResult(q)
	if err != nil {
		return nil, fmt.Errorf("flattening %s: %w", p.File, err)
	}
	r.Notes = append(p.Notes[:len(p.Notes):len(p.Notes)], notes...)
	return r, nil
}

// plainest returns a plain profile for the policy, which is proved to be that: one
// of which libseccomp makes the same, if there is one.
func (c *conversion) plainest() (best *profile.Profile, err error) {
	var proof *verify.Result
	for _, explicit := range []bool{false, true} {
		w := plainer{profile: c.profile, policy: c.policy, byDefault: c.profile.Default, explicit: explicit}
		q, err := w.plain(c.archs)
		if err != nil {
			return nil, err
		}
		if proof, err = c.means(q); err != nil {
			return nil, err
		}
		if proof.Verdict != verify.Equal {
			continue
		}
		pol, err := asEngines(q, c.facts, c.archs, func(string, string) {})
		if err != nil {
			return nil, err
		}
		same, err := c.compare(pol)
		if err != nil {
			return nil, err
		}
		if same.Verdict == verify.Equal {
			return q, nil
		}
		if best == nil {
			best = q
		}
	}
	if best == nil {
		return nil, fmt.Errorf("rules of a profile cannot say it: %s", Difference(proof))
	}
	return best, nil
}

// means reads a plain profile back from its text, and compares it with the policy.
func (c *conversion) means(q *profile.Profile) (*verify.Result, error) {
	back, err := profile.Parse("the result", q.Marshal(), profile.Options{Dialect: profile.OCI})
	if err != nil {
		return nil, fmt.Errorf("reading it back: %w", err)
	}
	pol, _, err := policy.Resolve(back, c.facts, policy.Options{})
	if err != nil {
		return nil, fmt.Errorf("reading it back: %w", err)
	}
	return c.compare(pol)
}

// raised lists the architectures on which a rule for socketcall or ipc that had to be
// added makes calls newer than the profile, as runc counts.
func (c *conversion) raised(q *profile.Profile) {
	named := func(rules []profile.Rule) map[syscalls.Call][]*profile.Rule {
		uses := make(map[syscalls.Call][]*profile.Rule)
		for i := range rules {
			for _, n := range rules[i].Names {
				if call, ok := syscalls.Lookup(n.Text); ok {
					uses[call] = append(uses[call], &rules[i])
				}
			}
		}
		return uses
	}
	before, after := named(c.profile.Rules), named(q.Rules)
	openat2, _ := syscalls.Lookup("openat2") // of Linux 5.6: older releases of libseccomp know no newer ones
	old := func(a seccomp.Arch) map[syscalls.Call][]*profile.Rule {
		newest, _ := openat2.Nr(a)
		uses := maps.Clone(after)
		maps.DeleteFunc(uses, func(call syscalls.Call, _ []*profile.Rule) bool { nr, ok := call.Nr(a); return ok && nr > newest })
		return uses
	}
	for _, name := range []string{"ipc", "socketcall"} {
		via, _ := syscalls.Lookup(name)
		if before[via] != nil || after[via] == nil {
			continue
		}
		for _, a := range c.archs {
			if c.raisesOn(a, via, old(a)) {
				c.doubt(0, "syscalls", fmt.Sprintf("runtimes with libseccomp may answer ENOSYS to every call of %s: those with a larger number than %s, for which a rule had to be added", a.Name(), name), "")
			}
		}
	}
}

// plainResult returns the text of a plain profile with its proof, and lists what
// libseccomp makes something else of.
func (c *conversion) plainResult(q *profile.Profile) (*Result, error) {
	proof, err := c.means(q)
	if err != nil {
		return nil, err
	}
	c.errnos()
	c.losesNumber(q)
	c.raised(q)
	if err := c.engines(q); err != nil {
		return nil, err
	}
	return &Result{Text: q.Marshal(), Losses: c.problems(c.losses), Proof: proof, Doubtful: c.doubtful}, nil
}
