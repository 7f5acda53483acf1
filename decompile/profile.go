package decompile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// fewRules is how many rules keep the answers of a call apart, before some may
// hold where stricter ones decide. Libseccomp goes by another order there, so a
// note of package policy says so of each.
const fewRules = 32

// A synthesis makes profiles of what was read.
type synthesis struct {
	*reader
	archs    []seccomp.Arch         // that are listed
	explicit map[syscalls.Call]bool // calls that stand for others, and are named all the same
	joined   map[syscalls.Call]bool // calls that get the strictest answer of all architectures
	overlap  bool                   // rules may hold where stricter ones decide
	why      map[syscalls.Call]string

	undecided string // why a call has no rules
}

// A rule is what a profile says of one call.
type rule struct {
	ret  seccomp.Return
	args []profile.Arg
	last bool // it comes after those with conditions: some have its action
}

// profile makes one.
func (s *synthesis) profile() *profile.Profile {
	s.why = map[syscalls.Call]string{}
	p := &profile.Profile{File: "the profile", Default: s.result.Default}
	for _, a := range s.archs {
		p.Architectures = append(p.Architectures, profile.ArchRef{Arch: a})
	}
	byCall := map[syscalls.Call][]*call{}
	for _, a := range s.archs {
		for i := range s.calls {
			if c := &s.calls[i]; c.arch == a {
				byCall[c.call] = append(byCall[c.call], c)
			}
		}
	}
	named := map[syscalls.Call][]rule{}
	for _, c := range slices.Sorted(maps.Keys(byCall)) {
		if s.names(byCall[c]) {
			named[c] = s.callRules(c, byCall[c])
		}
	}
	s.markBoundaries(named)
	p.Rules = group(named)
	return p
}

// names reports whether a profile has to name a call.
func (s *synthesis) names(on []*call) bool {
	if s.multiplexer(on[0]) {
		return s.explicit[on[0].call]
	}
	for _, c := range on {
		if c.is(s.result.Default) || !open(s.result.Default.Action()) && c.is(s.enosys()) && c.nr > s.boundary(c.arch) {
			continue
		}
		return true
	}
	return false
}

// markBoundaries names the largest call of each architecture that is not newer
// than the profile, since that is where those that are begin.
func (s *synthesis) markBoundaries(named map[syscalls.Call][]rule) {
	if open(s.result.Default.Action()) || s.result.Default == s.enosys() || len(named) == 0 && s.top() == s.result.Default {
		return
	}
	for _, a := range s.archs {
		boundary := s.boundary(a)
		for i := range s.calls {
			if c := &s.calls[i]; c.arch == a && c.nr == boundary && named[c.call] == nil {
				named[c.call] = []rule{{ret: s.result.Default}}
				break
			}
		}
	}
}

// callRules says what the call gets.
func (s *synthesis) callRules(name syscalls.Call, on []*call) []rule {
	c := widest(on)
	a := c.answer
	if s.joined[name] {
		if a = s.join(on); a.err != nil {
			s.undecided = fmt.Sprintf("%v: %v", name, a.err)
			return nil
		}
	}
	for _, word := range a.words() {
		if !expressible(word) {
			s.why[name] = whyData
		}
	}
	if a.g == nil {
		return []rule{{ret: a.word}}
	}
	strictest := []rule{{ret: a.strictest()}}
	if a.g.dependsOnIP(a.f) {
		s.why[name] = whyIP
		return strictest
	}
	narrow := widths(&a, c.arch, name, true)
	for i, w := range narrow {
		if beyond := ignored(i, w); a.g.dependsOn(a.f, beyond) {
			s.why[name] = whyWidth
			a.f = a.g.without(a.f, beyond)
		}
	}
	rules, ok := s.verdictRules(&a, style{widths: narrow})
	if a.g.over() {
		s.undecided = fmt.Sprintf("%v: %v", name, a.g.errOver())
	}
	if !ok {
		s.why[name] = whyMany
		return strictest
	}
	return rules
}

// verdictRules writes an answer as rules: such as exclude each other, if they are
// few; or else such of which the stricter decide.
func (s *synthesis) verdictRules(a *answer, how style) ([]rule, bool) {
	how.base = s.result.Default
	how.apart, how.most = true, fewRules
	list := a.g.verdicts(a.f, how)
	if rules, ok := written(list, how.base); ok && len(rules) <= fewRules && !s.overlap {
		return rules, true
	}
	how.apart, how.most = false, enough
	rules, ok := written(a.g.verdicts(a.f, how), how.base)
	how.base = list[len(list)-1].ret
	if others, few := written(a.g.verdicts(a.f, how), how.base); few && (!ok || len(others)+1 < len(rules)) {
		return append(others, rule{ret: how.base, last: true}), true
	}
	return rules, ok
}

// written makes rules of all answers but one. It fails if one is missing.
func written(list []verdict, base seccomp.Return) (rules []rule, ok bool) {
	for _, v := range list {
		if v.missing() {
			return nil, false
		}
		for _, conds := range v.alternatives {
			if v.ret != base {
				rules = append(rules, rule{ret: v.ret, args: args(conds), last: len(conds) == 0 && len(list) > 1})
			}
		}
	}
	return rules, true
}

// widest returns the call on the architecture that looks at most of the arguments:
// what is asked of these can be asked of fewer bits too.
func widest(on []*call) *call {
	most, at := 0, 0
	for i, c := range on {
		bits := 0
		for arg := range 6 {
			bits += int(c.call.Bits(c.arch, arg))
		}
		if bits > most {
			most, at = bits, i
		}
	}
	return on[at]
}

// join is the strictest of a call's answers on all architectures.
func (s *synthesis) join(on []*call) answer {
	g := newGraph(s.budget, &s.purse)
	f := g.leaf(seccomp.ActAllow.Return())
	for _, c := range on {
		one, err := g.filters(s.progs, asked{constant(uint32(c.arch.Audit())), constant(uint32(c.nr)), yes}, s.native.ByteOrder())
		if err != nil {
			return answer{err: err}
		}
		f = g.merge(f, one)
	}
	if word, ok := g.word(f); ok {
		return answer{word: word}
	}
	return answer{g: g, f: f}
}

// expressible reports whether a profile has a place for all of a word.
func expressible(word seccomp.Return) bool {
	return word.Data() == 0 || word.Action().TakesErrno() && word.Data() <= uint16(seccomp.MaxErrno)
}

func args(conds []policy.Cond) []profile.Arg {
	var list []profile.Arg
	for _, c := range conds {
		list = append(list, profile.Arg{Index: c.Arg, Op: c.Op, Value: c.Value, ValueTwo: c.ValueTwo})
	}
	return list
}

// group puts the calls about which a profile says the same into one rule. Those
// without conditions come first, what lets through before what denies.
func group(named map[syscalls.Call][]rule) []profile.Rule {
	type member struct {
		profile.Rule
		last bool
	}
	var list []*member
	byText := map[string]*member{}
	for _, c := range slices.Sorted(maps.Keys(named)) {
		for _, r := range named[c] {
			text := fmt.Sprint(r)
			m := byText[text]
			if m == nil {
				m = &member{profile.Rule{Return: r.ret, Args: r.args}, r.last}
				byText[text] = m
				list = append(list, m)
			}
			m.Names = append(m.Names, profile.Name{Text: c.String()})
		}
	}
	slices.SortStableFunc(list, func(x, y *member) int {
		place := func(m *member) int {
			switch {
			case m.last:
				return 2
			case len(m.Args) > 0:
				return 1
			}
			return 0
		}
		if by := cmp.Compare(place(x), place(y)); by != 0 || place(x) == 1 {
			return by
		}
		return cmp.Or(cmp.Compare(int32(y.Return.Action()), int32(x.Return.Action())), cmp.Compare(x.Return, y.Return))
	})
	var rules []profile.Rule
	for i, m := range list {
		m.Index = i
		rules = append(rules, m.Rule)
	}
	return rules
}
