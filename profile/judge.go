package profile

import (
	"fmt"

	"github.com/weir-dev/weir/seccomp"
)

// judge looks at what depends on whether a rule is looser than the default
// action: the same slip loosens a rule that allows and tightens one that denies.
func (p *parser) judge() {
	if !p.defaultKnown {
		return
	}
	for i := range p.profile.Rules {
		r := &p.profile.Rules[i]
		looser := p.profile.Default.Stricter(r.Return)
		for j := range r.Args {
			p.judgeArg(r, j, looser)
		}
		p.judgeFilter(r, "includes", &r.Includes, looser)
		p.judgeFilter(r, "excludes", &r.Excludes, looser)
	}
}

// weigh reports what loosens and notes what does not. A rule on top of others may
// be stricter or looser than what it stands in for, so there every slip counts.
func (p *parser) weigh(loosens bool, pos Pos, path, msg, hint, reading string) {
	if loosens || len(p.profile.Extends) > 0 {
		p.loosensAt(pos, path, msg, hint, reading)
	} else {
		p.noteAt(pos, path, msg+"; "+reading, hint)
	}
}

func (p *parser) judgeArg(r *Rule, j int, looser bool) {
	a := &r.Args[j]
	switch {
	case a.Op != seccomp.OpMaskedEqual:
		if a.ValueTwo != 0 || a.Named != nil && a.Named.ValueTwo.Text != "" {
			p.noteAt(a.Pos, argPath(r, j, "valueTwo"), fmt.Sprintf("%s compares with value alone", a.Op),
				"valueTwo counts for SCMP_CMP_MASKED_EQ only")
		}
	case a.Named != nil: // package compose knows the numbers
	case a.Value == 0:
		p.weigh(looser, a.Pos, argPath(r, j, "value"), "a mask of 0 compares nothing",
			"value is the mask, valueTwo what the masked argument must be", "the condition always holds")
	case a.ValueTwo&^a.Value != 0:
		p.weigh(looser, a.Pos, argPath(r, j, "valueTwo"),
			fmt.Sprintf("%#x has bits outside of the mask %#x", a.ValueTwo, a.Value),
			"value is the mask, valueTwo what the masked argument must be", "they are ignored")
	}
}

func argPath(r *Rule, j int, key string) string {
	return fmt.Sprintf("syscalls[%d].args[%d].%s", r.Index, j, key)
}

// judgeFilter looks at conditions that are the same on every machine. One that
// never holds keeps a rule out through includes and in through excludes; one
// that always holds, the other way around. A rule too many loosens if it allows,
// a rule too few if it denies.
func (p *parser) judgeFilter(r *Rule, key string, f *Filter, looser bool) {
	path := func(member string) string { return fmt.Sprintf("syscalls[%d].%s.%s", r.Index, key, member) }
	neverLoosens := looser == (key == "excludes")
	for _, name := range f.UnknownCaps {
		msg, reading := fmt.Sprintf("unknown capability %q", clip(name.Text)), "nobody holds it"
		if c, ok := seccomp.CapNamed(name.Text); ok {
			p.loosensAt(name.Pos, path("caps"), msg, fmt.Sprintf("it is written %q", c), reading)
		} else {
			p.weigh(neverLoosens, name.Pos, path("caps"), msg, suggestion(name.Text, texts(seccomp.AllCaps.List()), "CAP_"), reading)
		}
	}
	for _, name := range f.Arches {
		if _, ok := archNamed(name.Text); ok {
			continue
		}
		hint := suggestion(name.Text, Arches(), "")
		if a, ok := seccomp.ArchNamed(name.Text); ok {
			hint = fmt.Sprintf("it is written %q", dockerName(a))
		}
		p.weigh(neverLoosens, name.Pos, path("arches"), fmt.Sprintf("unknown architecture %q", clip(name.Text)), hint,
			"no machine is called that")
	}
	if f.MinKernel != nil && *f.MinKernel == (seccomp.KernelVersion{}) {
		p.weigh(key == "excludes" && !looser, r.Pos, path("minKernel"), "the version is empty",
			`remove it, or write one such as "4.8"`, "every kernel is new enough")
	}
}

// Arches returns the names by which "arches" calls the architectures.
func Arches() []string {
	var names []string
	for _, a := range seccomp.Archs() {
		names = append(names, dockerName(a))
	}
	return names
}
