package lint

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/internal/spell"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// An Edit replaces text[Start:End], in bytes.
type Edit struct {
	Start, End int
	Text       string
}

// fixSteps bounds the proof of one set of edits on one machine.
const fixSteps = 2_000_000

// maxSingle is how many fixes are tried one by one, if all together are not proved.
const maxSingle = 50

// Fix mends what has one evident remedy, and returns the text with the findings that
// it mended: words one slip away from the only one that they can mean, and what has no
// effect. Nothing else of the text changes, and nothing of the files that it extends.
//
// Where something is taken out, the profile means the same as before; where a word is
// mended, it does not let more through. That is proved, call by call, on each
// architecture that the profile lists, or on all if it lists none, with no, all and
// Docker's capabilities; before, it means what Docker and runc read. A fix without
// proof is left out. A profile that no runtime could read has no meaning that could
// change; there only words are mended.
func Fix(file string, src []byte, f seccomp.Facts, o compose.Options) (fixed []byte, mended []Finding) {
	m := mender{file: file, facts: f, options: o}
	m.options.Lenient = true
	text := string(src)
	if _, err := m.parse(text); err != nil {
		text, mended = m.words(text, err)
		if _, err := m.parse(text); err != nil {
			return []byte(text), mended
		}
	}
	var fixes []fix
	root := spans(text)
	for _, found := range Check(file, []byte(text), f, o) {
		if found.Pos.File != file {
			continue
		}
		if edit, ok := word(&found.Problem, text); ok {
			fixes = append(fixes, fix{found, edit, false})
		} else if edit, ok := m.removal(&found, text, &root); ok {
			fixes = append(fixes, fix{found, edit, true})
		}
	}
	kept := m.proved(text, fixes)
	for _, k := range kept {
		mended = append(mended, k.finding)
	}
	return []byte(apply(text, kept)), mended
}

// A fix is a finding and its remedy.
type fix struct {
	finding Finding
	edit    Edit
	exact   bool // it must not change what the profile means
}

type mender struct {
	file    string
	facts   seccomp.Facts
	options compose.Options
}

func (m *mender) parse(text string) (*profile.Profile, error) {
	return compose.Parse(m.file, []byte(text), m.options)
}

// words mends misspelt words for which no runtime reads a profile.
func (m *mender) words(text string, err error) (string, []Finding) {
	var refusal *profile.Error
	if !errors.As(err, &refusal) {
		return text, nil
	}
	var fixes []fix
	for _, p := range refusal.Problems {
		if edit, ok := word(&p, text); ok && p.Pos.File == m.file {
			fixes = append(fixes, fix{Finding{Rule: refused, Level: Error, Problem: p}, edit, false})
		}
	}
	fixes = apart(fixes)
	mended := make([]Finding, len(fixes))
	for i := range fixes {
		mended[i] = fixes[i].finding
	}
	return apply(text, fixes), mended
}

// removal says what to take out for a finding.
func (m *mender) removal(found *Finding, text string, root *span) (Edit, bool) {
	last := found.Path[strings.LastIndexByte(found.Path, '.')+1:]
	switch {
	case found.Rule == repeatedName:
		return without(root.at(offset(&found.Problem, text), element))
	case found.Rule == ineffective && strings.HasPrefix(found.Msg, "unknown key "):
		return without(root.at(offset(&found.Problem, text), member))
	case (found.Rule == misuse || found.Rule == refused) && strings.HasSuffix(found.Msg, " takes no errno"):
		return without(root.find(found.Path))
	case found.Rule == mask && last == "valueTwo":
		return masked(root, found.Path, text)
	}
	return Edit{}, false
}

// word replaces a string by the word that the hint suggests, if that is evident: case
// apart it is one slip away, or has a prefix more.
func word(p *profile.Problem, text string) (Edit, bool) {
	start := offset(p, text)
	_, quoted, suggests := strings.Cut(p.Hint, `"`)
	meant, _, _ := strings.Cut(quoted, `"`)
	if !suggests || !strings.HasPrefix(p.Hint, "did you mean") && !strings.HasPrefix(p.Hint, "it is written") || start >= len(text) || text[start] != '"' {
		return Edit{}, false
	}
	end := start + width(text[start:])
	was := strings.ToUpper(strings.Trim(text[start:end], `"`))
	is := strings.ToUpper(meant)
	if spell.Distance(was, is, 2) > 1 && !strings.HasSuffix(is, "_"+was) {
		return Edit{}, false
	}
	return Edit{start, end, `"` + meant + `"`}, true
}

// offset is where a problem is in the text; past its end if that is unknown.
func offset(p *profile.Problem, text string) int {
	i := 0
	for line := 1; line < p.Pos.Line; line++ {
		next := strings.IndexByte(text[i:], '\n')
		if next < 0 {
			return len(text)
		}
		i += next + 1
	}
	if p.Pos.Line == 0 {
		return len(text)
	}
	return i + p.Pos.Column - 1
}

// without takes a member or an element out of what it lies in, with its comma.
func without(value, parent *span) (Edit, bool) {
	if value == nil || parent == nil {
		return Edit{}, false
	}
	i := slices.IndexFunc(parent.values, func(v span) bool { return v.key == value.key })
	switch {
	case i > 0:
		return Edit{Start: parent.values[i-1].end, End: value.end}, true
	case len(parent.values) > 1:
		return Edit{Start: value.key, End: parent.values[1].key}, true
	}
	return Edit{Start: value.key, End: value.end}, true
}

// masked cuts a datum to its mask, and takes it out where there is no mask.
func masked(root *span, path, text string) (Edit, bool) {
	datum, condition := root.find(path)
	if datum == nil {
		return Edit{}, false
	}
	number := func(v *span) (uint64, bool) {
		n, err := strconv.ParseUint(text[v.start:v.end], 10, 64)
		return n, err == nil
	}
	value, _ := condition.find("value")
	op, _ := condition.find("op")
	if value == nil || op == nil {
		return Edit{}, false
	}
	if text[op.start:op.end] != `"SCMP_CMP_MASKED_EQ"` {
		return without(datum, condition)
	}
	m, ok := number(value)
	d, ok2 := number(datum)
	return Edit{datum.start, datum.end, strconv.FormatUint(d&m, 10)}, ok && ok2 && m != 0
}

// apart sorts fixes by their places, and leaves out those that touch one before.
func apart(fixes []fix) []fix {
	slices.SortStableFunc(fixes, func(a, b fix) int { return cmp.Compare(a.edit.Start, b.edit.Start) })
	var kept []fix
	for _, f := range fixes {
		if len(kept) == 0 || f.edit.Start >= kept[len(kept)-1].edit.End {
			kept = append(kept, f)
		}
	}
	return kept
}

// apply makes the edits of fixes that are apart.
func apply(text string, fixes []fix) string {
	var b strings.Builder
	at := 0
	for _, f := range fixes {
		b.WriteString(text[at:f.edit.Start])
		b.WriteString(f.edit.Text)
		at = f.edit.End
	}
	return b.String() + text[at:]
}

// proved returns those of the fixes with which the profile is proved to mean what it
// should: all, or those that can be added one after the other.
func (m *mender) proved(text string, fixes []fix) []fix {
	fixes = apart(fixes)
	var exact []fix
	for _, f := range fixes {
		if f.exact {
			exact = append(exact, f)
		}
	}
	all := len(fixes) == len(exact) || m.proves(text, apply(text, fixes), false)
	if all && m.proves(text, apply(text, exact), true) {
		return fixes
	}
	var kept []fix
	for _, one := range fixes[:min(len(fixes), maxSingle)] {
		if with := append(kept[:len(kept):len(kept)], one); m.proves(apply(text, kept), apply(text, with), one.exact) {
			kept = with
		}
	}
	return kept
}

// proves reports whether a profile lets through no call more than another one; if
// exact, whether it means the same.
func (m *mender) proves(before, after string, exact bool) bool {
	if before == after {
		return true
	}
	was, err := m.parse(before)
	if err != nil {
		return false
	}
	is, err := m.parse(after)
	if err != nil {
		return false
	}
	for _, native := range natives(was) {
		for _, caps := range []seccomp.Caps{0, seccomp.DefaultCaps, seccomp.AllCaps} {
			facts := seccomp.Facts{Arch: native, Kernel: m.facts.Kernel, Caps: caps}
			a, _, err := policy.Resolve(was, facts, policy.Options{Lenient: true})
			if err != nil {
				continue // there it is no profile
			}
			b, _, err := policy.Resolve(is, facts, policy.Options{Lenient: true})
			if err != nil {
				return false
			}
			c := verify.Compare(native, verify.Subject{Policy: a}, verify.Subject{Policy: b}, fixSteps, maxFindings)
			worse := func(d verify.Difference) bool { return exact || d.A.Stricter(d.B) }
			if c.Verdict == verify.Undecided || c.Reason != "" || slices.ContainsFunc(c.Differences, worse) {
				return false
			}
		}
	}
	return true
}

// natives are the architectures on which a profile is used: those that it lists.
func natives(p *profile.Profile) []seccomp.Arch {
	var list []seccomp.Arch
	for _, a := range p.Architectures {
		if a.Arch != seccomp.ArchX32 {
			list = append(list, a.Arch)
		}
	}
	for i := range p.ArchMap {
		list = append(list, p.ArchMap[i].Arch.Arch)
	}
	if len(list) > 0 {
		return list
	}
	for _, a := range seccomp.Archs() {
		if a != seccomp.ArchX32 {
			list = append(list, a)
		}
	}
	return list
}
