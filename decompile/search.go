package decompile

import (
	"fmt"
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"github.com/weir-dev/weir/verify"
)

// What keeps a profile from saying what filters do.
const (
	whyWidth    = "the program looks at bits of an argument that the kernel ignores, and a profile with it"
	whyIP       = "the instruction pointer decides, for which no rule can ask"
	whyMany     = "it would take more than a thousand rules"
	whyArchs    = "architectures differ, and a rule is for all that a profile lists"
	whyData     = "a trap or trace carries a number for which a profile has no place"
	whyClosed   = "no call of the architecture is let through, and a profile that lists it would let through what it does on others"
	whyForeign  = "an architecture that a profile does not list kills the thread"
	whyNewer    = "calls newer than a profile get errno ENOSYS"
	whyNameless = "a profile names calls, and these numbers are none"
)

// maxDifferences bounds the list that losses are made of.
const maxDifferences = 10_000

// search looks for the profile: the obvious one first; then one that names calls
// that stand for others, where what it says of these does not do; then one that
// is as strict on all architectures as on the strictest, for those calls on which
// they differ.
func (r *reader) search() {
	s := &synthesis{reader: r, archs: r.listed(), explicit: map[syscalls.Call]bool{}, joined: map[syscalls.Call]bool{}}
	for {
		p := s.profile()
		if s.undecided != "" {
			r.result.Undecided = s.undecided
			return
		}
		c, err := r.prove(p)
		if err != nil {
			r.result.Undecided = err.Error()
			return
		}
		switch {
		case c.Reason != "" && !s.overlap: // not all was compared
			s.overlap = true // fewer rules are easier to prove
		case c.Reason != "":
			r.result.Undecided = "the proof of the profile: " + c.Reason
			return
		case !s.learn(c.Differences):
			r.result.Profile, r.result.Proof = p, c
			r.result.Losses = s.losses(c.Differences)
			return
		}
	}
}

// facts are those that no rule of the profile asks for, and the architecture.
func (r *reader) facts() seccomp.Facts { return seccomp.Facts{Arch: r.native} }

// prove compares what the profile means, read back from its text, with the
// filters.
func (r *reader) prove(p *profile.Profile) (verify.Comparison, error) {
	back, err := profile.Parse("the profile", p.MarshalOCI(r.facts()), profile.Options{Dialect: profile.OCI})
	if err != nil {
		return verify.Comparison{}, fmt.Errorf("reading the profile back: %w", err)
	}
	pol, _, err := policy.Resolve(back, r.facts(), policy.Options{})
	if err != nil {
		return verify.Comparison{}, fmt.Errorf("reading the profile back: %w", err)
	}
	return r.compare(pol), nil
}

func (r *reader) compare(pol *policy.Policy) verify.Comparison {
	return verify.Compare(r.native, verify.Subject{Filters: r.progs}, verify.Subject{Policy: pol}, proofSteps*r.budget, maxDifferences)
}

// proofSteps is how much more the proof may take than one call.
const proofSteps = 50

// listed returns the architectures that a profile lists: the native one, and
// those that are open.
func (r *reader) listed() []seccomp.Arch {
	through := map[seccomp.Arch]bool{}
	told := map[seccomp.Arch]bool{}
	for i := range r.calls {
		c := &r.calls[i]
		through[c.arch] = through[c.arch] || c.letsThrough()
		told[c.arch] = told[c.arch] || !c.is(seccomp.ActKillThread.Return())
	}
	archs := []seccomp.Arch{r.native}
	for _, a := range r.result.Archs[1:] {
		if through[a] || told[a] && !through[r.native] {
			archs = append(archs, a)
		}
	}
	return archs
}

// learn takes from the differences what to try next. It reports false if there
// is nothing left.
func (s *synthesis) learn(differences []verify.Difference) bool {
	learnt := false
	for _, d := range differences {
		s.each(d, func(c *call) {
			switch {
			case !slices.Contains(s.archs, c.arch):
			case s.multiplexer(c) && !s.explicit[c.call]:
				s.explicit[c.call], learnt = true, true
			case !s.joined[c.call] && s.onSeveral(c.call):
				s.joined[c.call], learnt = true, true
			}
		})
	}
	return learnt
}

// each calls do for the calls that a difference is about. It reports whether it
// is about numbers without a name too.
func (r *reader) each(d verify.Difference, do func(*call)) (unnamed bool) {
	numbers := uint64(d.Last-d.First) + 1
	last := seccomp.Nr(0)
	for i := range r.calls {
		c := &r.calls[i]
		if c.arch.Audit() != d.Witness.Arch || c.nr < d.First || c.nr > d.Last {
			continue
		}
		if twin := i > 0 && r.calls[i-1].arch == c.arch && last == c.nr; !twin {
			numbers--
		}
		last = c.nr
		do(c)
	}
	return numbers > 0
}

// multiplexer reports whether others of the profile's calls are reached through
// this one.
func (s *synthesis) multiplexer(c *call) bool {
	for i := range s.calls {
		if via, _, ok := s.calls[i].call.Multiplexed(c.arch); ok && via == c.call {
			return true
		}
	}
	return false
}

func (s *synthesis) onSeveral(c syscalls.Call) bool {
	n := 0
	for _, a := range s.archs {
		if _, ok := c.Nr(a); ok {
			n++
		}
	}
	return n > 1
}

// losses says why the profile differs, a reason at a time.
func (s *synthesis) losses(differences []verify.Difference) []Loss {
	var losses []Loss
	note := func(why, name string, d verify.Difference) {
		i := slices.IndexFunc(losses, func(l Loss) bool { return l.Why == why })
		if i < 0 {
			i = len(losses)
			d.Last = d.First
			losses = append(losses, Loss{Why: why, Witness: d})
		}
		if name != "" && !slices.Contains(losses[i].Calls, name) {
			losses[i].Calls = append(losses[i].Calls, name)
		}
	}
	for _, d := range differences {
		if s.result.Policy.ABI(d.Witness.Arch) == nil {
			note(whyForeign, "", d)
			continue
		}
		of := func(c *call) verify.Difference {
			d := d
			d.First, d.Witness.Nr = c.nr, c.nr
			return d
		}
		unnamed := s.each(d, func(c *call) {
			why := s.why[c.call]
			switch {
			case !slices.Contains(s.archs, c.arch):
				why = whyClosed
			case why == "":
				why = whyArchs
			}
			note(why, c.call.String(), of(c))
		})
		switch {
		case !unnamed:
		case d.B == s.enosys():
			note(whyNewer, "", d)
		default:
			note(whyNameless, "", d)
		}
	}
	return losses
}
