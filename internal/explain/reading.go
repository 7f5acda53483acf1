package explain

import (
	"cmp"
	"slices"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A Reading is a whole profile under facts, as people read it.
type Reading struct {
	Profile string  `json:"profile"`
	Facts   Facts   `json:"facts"`
	Default Outcome `json:"default"`
	ABIs    []ABI   `json:"abis"`    // the native one first
	Foreign Outcome `json:"foreign"` // what other architectures get

	caps seccomp.Caps
}

// An ABI is what the calls of one architecture get.
type ABI struct {
	Arch   string  `json:"arch"`
	Groups []Group `json:"groups"`         // what is allowed first, then by severity
	When   []When  `json:"when,omitempty"` // the calls that depend on their arguments
	Newer  *Newer  `json:"newer,omitempty"`

	Beyond []Beyond `json:"beyond,omitempty"` // of a program: what no rule can say
}

// A Group is the calls that have one outcome whatever their arguments.
type Group struct {
	Outcome Outcome  `json:"outcome"`
	Calls   []string `json:"calls"`
}

// A When is a call that depends on its arguments.
type When struct {
	Call  string `json:"call"`
	Cases []Case `json:"cases"`
}

// Newer is what the calls get that are newer than the profile.
type Newer struct {
	Outcome Outcome  `json:"outcome"`
	After   uint32   `json:"after"`           // the largest number that it names
	Last    string   `json:"last,omitempty"`  // that call
	Known   []string `json:"known,omitempty"` // calls beyond it that weir knows
}

// Read explains the whole profile.
func (q Question) Read() (*Reading, error) {
	r, err := q.resolve()
	if err != nil {
		return nil, err
	}
	_, archs := q.Profile.Flatten(q.Facts)
	if i := slices.Index(archs, q.Facts.Arch); i >= 0 {
		archs = slices.Delete(archs, i, i+1)
	}
	reading := &Reading{
		Profile: q.Profile.File,
		Default: outcome(q.Facts.Arch, q.Profile.Default),
		Foreign: outcome(q.Facts.Arch, r.policy.Foreign.Return),
		Facts:   facts(q.Facts),
		caps:    q.Facts.Caps,
	}
	for _, a := range append([]seccomp.Arch{q.Facts.Arch}, archs...) {
		reading.ABIs = append(reading.ABIs, r.abi(a))
	}
	return reading, nil
}

func (r *resolved) abi(a seccomp.Arch) ABI {
	abi := ABI{Arch: a.Name()}
	for _, c := range syscalls.On(a) {
		nr, _ := c.Nr(a)
		if r.beyondRules(a, nr) != nil {
			continue
		}
		call := calls.Call{Arch: a, Syscall: c, Nr: nr}
		answer := r.ask(call)
		switch {
		case answer.Verdict == nil:
			abi.When = append(abi.When, When{c.String(), answer.Cases})
		case answer.Cases[0].rule.Why == policy.WhyNewer:
			if abi.Newer != nil {
				abi.Newer.Known = append(abi.Newer.Known, c.String())
			}
		default:
			abi.add(*answer.Verdict, c.String())
		}
		if answer.Cases[0].rule.Why != policy.WhyNewer {
			abi.Newer = r.newer(a, c, nr)
		}
	}
	abi.sort()
	return abi
}

func (abi *ABI) sort() {
	for i := range abi.Groups {
		slices.Sort(abi.Groups[i].Calls)
	}
	slices.SortStableFunc(abi.Groups, func(x, y Group) int {
		return cmp.Compare(uint32(int32(y.Outcome.ret.Action())), uint32(int32(x.Outcome.ret.Action())))
	})
	slices.SortFunc(abi.When, func(x, y When) int { return cmp.Compare(x.Call, y.Call) })
}

// newer says what follows a call, if that is what is newer than the profile.
func (r *resolved) newer(a seccomp.Arch, last syscalls.Call, nr seccomp.Nr) *Newer {
	next := r.rules(calls.Call{Arch: a, Nr: nr + 1})[0]
	if next.Why != policy.WhyNewer {
		return nil
	}
	return &Newer{Outcome: outcome(a, next.Return), After: uint32(nr), Last: last.String()}
}

// add puts a call into the group of its outcome.
func (abi *ABI) add(o Outcome, call string) {
	i := slices.IndexFunc(abi.Groups, func(g Group) bool { return g.Outcome.ret == o.ret })
	if i < 0 {
		i = len(abi.Groups)
		abi.Groups = append(abi.Groups, Group{Outcome: o})
	}
	abi.Groups[i].Calls = append(abi.Groups[i].Calls, call)
}
