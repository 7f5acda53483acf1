package convert

import (
	"fmt"
	"slices"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// proofSteps bounds the proof. Docker's default profile needs less than a
// thousandth of it.
const proofSteps = 5_000_000

// maxDifferences is how many calls about which engines differ are listed.
const maxDifferences = 1000

// A Result is a profile in another form.
type Result struct {
	Text []byte

	// Notes are the profile's own, and those of resolving it.
	Notes []profile.Problem

	// Losses are what the form could not keep of the profile, or what its readers
	// will take differently, in the order of the file. Losses of one kind are one
	// problem, which names the lines.
	Losses []profile.Problem

	// Proof holds what the form's reader enforces (Got) against the profile
	// (Want). It takes for granted that libseccomp compiles rules as it documents
	// them; if Doubtful, a loss says where it may not.
	Proof    *verify.Result
	Doubtful bool
}

// Profile writes a profile in another form. The facts decide what forms without
// conditions hold, and under which the result is proved.
func Profile(p *profile.Profile, to Format, f seccomp.Facts, o policy.Options) (*Result, error) {
	pol, notes, err := policy.Resolve(p, f, o)
	if err != nil {
		return nil, err
	}
	c := newConversion(p, pol, f)
	if !p.Plain() {
		if err := c.flatten(); err != nil {
			return nil, fmt.Errorf("converting %s: %w", p.File, err)
		}
		notes = append(p.Notes[:len(p.Notes):len(p.Notes)], notes...)
		p = c.profile
	}
	var text, readBack []byte
	switch to {
	case Docker:
		c.docker()
		text = p.Marshal()
		readBack = text
	case OCI, SPO:
		c.resolved()
		q, err := c.forEngines(to)
		if err != nil {
			return nil, fmt.Errorf("converting %s to %v: %w", p.File, to, err)
		}
		text = q.MarshalOCI(f)
		readBack = text
		if to == SPO {
			text, readBack = c.spo(q)
		}
	case Systemd:
		c.resolved()
		text = c.systemd()
		readBack = text
	default:
		return nil, fmt.Errorf("converting %s: %v", p.File, to)
	}
	if len(c.refused) > 0 {
		return nil, &profile.Error{Problems: c.problems(c.refused)}
	}
	r := &Result{Text: text, Losses: c.problems(c.losses), Notes: append(p.Notes[:len(p.Notes):len(p.Notes)], notes...)}
	r.Doubtful = c.doubtful
	if r.Proof, err = c.prove(readBack, to); err != nil {
		return nil, fmt.Errorf("converting %s to %v: %w", p.File, to, err)
	}
	return r, nil
}

// A conversion is one call of [Profile] under way.
type conversion struct {
	profile *profile.Profile
	facts   seccomp.Facts
	policy  *policy.Policy
	rules   []int          // those that apply, as indexes
	archs   []seccomp.Arch // that are filtered, with the native one

	losses   []finding
	refused  []finding // what keeps the profile from being written
	changed  bool      // a loss changes what some call gets
	doubtful bool
	flat     bool // the profile has been flattened: conditions and comments are lost already
}

func newConversion(p *profile.Profile, pol *policy.Policy, f seccomp.Facts) *conversion {
	c := &conversion{profile: p, facts: f, policy: pol}
	c.rules, c.archs = p.Flatten(f)
	if !slices.Contains(c.archs, f.Arch) {
		c.archs = append(c.archs, f.Arch)
	}
	return c
}

// flatten goes on with what the profile means, where no form has what it says.
func (c *conversion) flatten() error {
	from := c.profile
	q, err := c.plainest()
	if err != nil {
		return err
	}
	if c.policy, _, err = policy.Resolve(q, c.facts, policy.Options{}); err != nil {
		return err
	}
	*c = *newConversion(q, c.policy, c.facts)
	c.flat = true
	pos, key := from.DefaultPos, ""
	if len(from.Extends) > 0 {
		pos, key = from.Extends[0].Pos, "extends"
	}
	c.lose(pos, key, fmt.Sprintf("extended profiles, groups, constants and conditions are resolved for %s", c.machine()), "")
	return nil
}

func (c *conversion) machine() string {
	return fmt.Sprintf("%s, Linux %v and the capabilities", c.facts.Arch.Name(), c.facts.Kernel)
}

// prove reads a document as the form's reader does, and compares its program with
// the policy. The reader is lenient because runtimes are: what is left to read so
// has been accepted from the user.
func (c *conversion) prove(text []byte, to Format) (*verify.Result, error) {
	pol, err := c.readBack(text, to)
	if err != nil {
		return nil, fmt.Errorf("reading it back: %w", err)
	}
	proof, err := c.compare(pol)
	if err != nil {
		return nil, err
	}
	if proof.Verdict == verify.Different && !c.changed {
		return nil, fmt.Errorf("comparing the result with the profile: %s: this is a defect of weir, please report it with the profile", Difference(proof))
	}
	return proof, nil
}

// readBack returns what a document means to the form's reader.
func (c *conversion) readBack(text []byte, to Format) (*policy.Policy, error) {
	lenient := policy.Options{Lenient: true}
	switch to {
	case Docker:
		back, err := profile.Parse("the result", text, profile.Options{Lenient: true})
		if err != nil {
			return nil, err
		}
		pol, _, err := policy.Resolve(back, c.facts, lenient)
		return pol, err
	case Systemd:
		return asSystemd(text, c.facts)
	}
	back, err := profile.Parse("the result", text, profile.Options{Dialect: profile.OCI, Lenient: true})
	if err != nil {
		return nil, err
	}
	return asEngines(back, c.facts, c.archs, func(string, string) {})
}

// compare compiles what a reader enforces, and holds the program against the policy.
func (c *conversion) compare(read *policy.Policy) (*verify.Result, error) {
	prog, err := compile.Program(read)
	if err != nil {
		return nil, fmt.Errorf("compiling the result: %w", err)
	}
	proof := verify.Program(c.policy, prog, proofSteps)
	if proof.Verdict == verify.Undecided {
		return nil, fmt.Errorf("comparing the result with the profile: undecided: %s", proof.Reason)
	}
	return &proof, nil
}

// Difference says in a line what a proof found: the call, what the result answers
// and what the profile does.
func Difference(r *verify.Result) string {
	w := r.Witness
	abi, arch := fmt.Sprintf("architecture %#x", uint32(w.Arch)), seccomp.Arch(0)
	for _, a := range seccomp.Archs() {
		if two := a == seccomp.ArchX86_64 || a == seccomp.ArchX32; a.Audit() == w.Arch && (!two || w.Nr.X32() == (a == seccomp.ArchX32)) {
			abi, arch = a.Name(), a
			break
		}
	}
	return fmt.Sprintf("%s %s gets %v from the result, %v from the profile", abi, calls.Format(arch, w), r.Got, r.Want)
}
