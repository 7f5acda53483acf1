package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// A Flip is a change after which the answer is another. It has been tried.
type Flip struct {
	By      string   `json:"by"`     // capability, kernel, rule, absence or architecture
	Change  string   `json:"change"` // --cap-add SYS_ADMIN; the text of a rule
	Verdict *Outcome `json:"verdict"`
}

// flips looks for the smallest changes that give another answer.
func (r *resolved) flips(call calls.Call, now *Answer) []Flip {
	t := trial{resolved: r, call: call, now: now}
	t.rule()
	t.caps()
	t.kernels()
	return t.found
}

// maxTrials bounds how often a profile is resolved for one call: people ask about
// a few capabilities and versions, and not about thousands.
const maxTrials = 200

type trial struct {
	*resolved
	call   calls.Call
	now    *Answer
	found  []Flip
	trials int
}

// try resolves a changed question, and keeps the change if the answer differs.
func (t *trial) try(by, change string, q Question) bool {
	if t.trials++; t.trials > maxTrials {
		return false
	}
	r, err := q.resolve()
	if err != nil {
		return false
	}
	then := r.ask(t.call)
	if t.now.Verdict != nil && then.Verdict != nil && t.now.Verdict.ret == then.Verdict.ret || sameCases(t.now.Cases, then.Cases) {
		return false
	}
	t.found = append(t.found, Flip{by, change, then.Verdict})
	return true
}

// sameCases compares what is decided, not where it is written.
func sameCases(x, y []Case) bool {
	return slices.EqualFunc(x, y, func(a, b Case) bool {
		return a.Outcome.ret == b.Outcome.ret && slices.Equal(a.When, b.When)
	})
}

// caps tries every capability that the profile asks about, and, for the rules
// that ask for several, those together.
func (t *trial) caps() {
	var asked seccomp.Caps
	var sets []seccomp.Caps
	for i := range t.Profile.Rules {
		rule := &t.Profile.Rules[i]
		asked |= rule.Includes.Caps | rule.Excludes.Caps
		if missing := rule.Includes.Caps &^ t.Facts.Caps; len(missing.List()) > 1 && !slices.Contains(sets, missing) {
			sets = append(sets, missing)
		}
	}
	var enough seccomp.Caps
	for _, c := range (asked &^ t.Facts.Caps).List() {
		if t.withCaps("--cap-add", seccomp.CapSet(c)) {
			enough |= seccomp.CapSet(c)
		}
	}
	for _, set := range sets {
		if set&enough == 0 {
			t.withCaps("--cap-add", set)
		}
	}
	for _, c := range (asked & t.Facts.Caps).List() {
		t.withCaps("--cap-drop", seccomp.CapSet(c))
	}
}

// withCaps turns the capabilities of a set around.
func (t *trial) withCaps(flag string, set seccomp.Caps) bool {
	change := flag + " "
	for i, c := range set.List() {
		if i > 0 {
			change += ","
		}
		change += c.String()[len("CAP_"):]
	}
	q := t.Question
	q.Facts.Caps ^= set
	return t.try("capability", change, q)
}

// kernels tries the versions at which the profile changes.
func (t *trial) kernels() {
	var versions []seccomp.KernelVersion
	for i := range t.Profile.Rules {
		for _, f := range []*profile.Filter{&t.Profile.Rules[i].Includes, &t.Profile.Rules[i].Excludes} {
			if v := f.MinKernel; v != nil && *v != (seccomp.KernelVersion{}) && !slices.Contains(versions, *v) {
				versions = append(versions, *v)
			}
		}
	}
	slices.SortFunc(versions, func(a, b seccomp.KernelVersion) int {
		if a.AtLeast(b) {
			return 1
		}
		return -1
	})
	var older []seccomp.KernelVersion
	for _, v := range versions {
		q := t.Question
		if !t.Facts.Kernel.AtLeast(v) {
			q.Facts.Kernel = v
			if t.try("kernel", fmt.Sprintf("Linux %v or newer", v), q) {
				break
			}
			continue
		}
		older = append(older, v)
	}
	for _, v := range slices.Backward(older) {
		q := t.Question
		q.Facts.Kernel = before(v)
		if t.try("kernel", fmt.Sprintf("a kernel older than Linux %v", v), q) {
			break
		}
	}
}

// before returns a version that is older, and newer than all that are.
func before(v seccomp.KernelVersion) seccomp.KernelVersion {
	if v.Minor > 0 {
		return seccomp.KernelVersion{Major: v.Major, Minor: v.Minor - 1}
	}
	return seccomp.KernelVersion{Major: v.Major - 1, Minor: 1<<16 - 1}
}

// rule tries the smallest rule that turns the verdict around: for the arguments
// that the rules of the call look at, if they are known.
func (t *trial) rule() {
	if t.now.Verdict == nil || t.call.Syscall == 0 {
		return
	}
	if t.now.Cases[0].rule.Why == policy.WhyForeign {
		q := t.Question
		p := *t.Profile
		p.Architectures = append(slices.Clip(p.Architectures), profile.ArchRef{Arch: t.call.Arch})
		q.Profile = &p
		t.try("architecture", fmt.Sprintf("%q in \"architectures\"", t.call.Arch.String()), q)
		return
	}
	rule := profile.Rule{
		Index:  len(t.Profile.Rules),
		Names:  []profile.Name{{Text: t.call.Syscall.String()}},
		Return: seccomp.ActAllow.Return(),
	}
	if t.now.Verdict.ret.Action() == seccomp.ActAllow {
		rule.Return = seccomp.ReturnErrno(seccomp.EPERM)
	}
	for _, arg := range t.tested() {
		rule.Args = append(rule.Args, profile.Arg{Index: arg, Op: seccomp.OpEqualTo, Value: t.value(arg)})
	}
	p := *t.Profile
	p.Rules = append(slices.Clip(p.Rules), rule)
	q := t.Question
	q.Profile = &p
	if !t.try("rule", ruleText(&rule), q) {
		t.without()
	}
}

// without tries the profile without the call in the rule that decides, which a
// rule that is less strict does not overrule.
func (t *trial) without() {
	decides := t.now.Cases[0].rule
	if decides.Why != policy.WhyRule {
		return
	}
	p := *t.Profile
	p.Rules = slices.Clone(p.Rules)
	rule := &p.Rules[decides.Origin]
	rule.Names = slices.DeleteFunc(slices.Clone(rule.Names), func(n profile.Name) bool { return n.Text == t.call.Syscall.String() })
	q := t.Question
	q.Profile = &p
	t.try("absence", fmt.Sprintf("%s in %s", t.call.Syscall, t.now.Cases[0].Rule), q)
}

// tested returns the known arguments that rules of the call look at.
func (t *trial) tested() []uint8 {
	var seen [6]bool
	for _, list := range [][]Case{t.now.Cases, t.now.Missed} {
		for _, c := range list {
			for _, cond := range c.rule.Conds {
				seen[cond.Arg] = true
			}
		}
	}
	var args []uint8
	for i, ok := range seen {
		if ok && t.call.Args[i].Known {
			args = append(args, uint8(i))
		}
	}
	return args
}

// value returns what the kernel looks at of an argument.
func (t *trial) value(arg uint8) uint64 {
	bits := t.call.Syscall.Bits(t.call.Arch, int(arg))
	v := t.call.Args[arg].N
	if bits < 64 {
		v &= 1<<bits - 1
	}
	return v
}

// ruleText writes a rule on one line.
func ruleText(r *profile.Rule) string {
	p := profile.Profile{Rules: []profile.Rule{*r}}
	var doc struct {
		Syscalls []json.RawMessage `json:"syscalls"`
	}
	if err := json.Unmarshal(p.Marshal(), &doc); err != nil || len(doc.Syscalls) != 1 {
		panic("explain: a rule does not read back")
	}
	return compact(doc.Syscalls[0])
}

func compact(text []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		panic("explain: a rule is no JSON: " + err.Error())
	}
	return b.String()
}
