package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// Parse reads a profile. The file is only named in messages. An error is an
// [*Error] with everything that is wrong, up to 20 problems or the first syntax
// error; otherwise nothing of the document was dropped that [Profile.Notes] does
// not tell.
func Parse(file string, src []byte, o Options) (*Profile, error) {
	if len(src) > MaxSize {
		return nil, &Error{[]Problem{{Pos: Position{File: file}, Msg: tooLarge}}}
	}
	return parse(file, string(src), o)
}

func parse(file, text string, o Options) (*Profile, error) {
	p := &parser{
		text:    text,
		options: o,
		profile: &Profile{File: file, source: &source{text: text, origin: o.Lines}},
		names:   make([]Name, 0, len(text)/36), // as much as Docker's default needs
	}
	p.document()
	if !p.bad {
		p.judge()
	}
	if len(p.problems) > 0 {
		return nil, &Error{p.resolve(p.problems)}
	}
	p.profile.Notes = p.resolve(p.notes)
	return p.profile, nil
}

func (p *parser) document() {
	switch {
	case strings.HasPrefix(p.text, "\xef\xbb\xbf"):
		p.syntax(0, "the document begins with a byte order mark", "save it as UTF-8 without a byte order mark")
	case strings.HasPrefix(p.text, "\xff\xfe"), strings.HasPrefix(p.text, "\xfe\xff"):
		p.syntax(0, "the document is UTF-16", "save it as UTF-8")
	case p.peek() == 0 && p.i == len(p.text):
		p.syntax(0, "the document is empty", `a profile is at least {"defaultAction": "SCMP_ACT_ERRNO"}`)
	}
	p.top()
	p.peek()
	switch {
	case p.bad || p.i == len(p.text):
	case p.comment():
		p.unexpected("the end")
	default:
		p.syntax(p.i, "more text after the end of the profile", "a file holds one profile")
	}
}

// top reads the outermost object.
func (p *parser) top() {
	start := p.start()
	if !p.enter('{') {
		return
	}
	var seen uint16
	var end outcome
	var architecturesPos, archMapPos, metadataPos, extendsPos Pos
	prof := p.profile
	for p.more('}') {
		switch p.field(&topFields, &seen) {
		case "defaultAction":
			p.action(&end)
			prof.DefaultPos = end.actionPos
		case "defaultErrnoRet":
			end.ret, end.retPos, _ = p.uint(noHint)
		case "defaultErrno":
			p.errno(&end)
		case "architectures":
			architecturesPos = p.start()
			prof.Architectures = p.archs()
		case "archMap":
			archMapPos = p.start()
			p.archMap()
		case "flags":
			p.flags()
		case "listenerPath":
			prof.ListenerPath, _, _ = p.plain()
		case "listenerMetadata":
			metadataPos = p.start()
			prof.ListenerMetadata, _, _ = p.string()
		case "syscalls":
			p.rules()
		case "extends":
			extendsPos = p.start()
			prof.Extends = p.nameList()
		}
	}
	if p.bad {
		return
	}
	if end.actionPos == 0 {
		p.report(start, `the profile has no "defaultAction"`, "it decides every call that no rule names; SCMP_ACT_ERRNO denies them")
		return
	}
	prof.Default, p.defaultKnown = p.settle(&end, "defaultErrnoRet", "defaultErrno")
	if len(prof.Architectures) > 0 && len(prof.ArchMap) > 0 {
		p.reportAt(max(architecturesPos, archMapPos), "", `both "architectures" and "archMap" are given`, "keep one of them")
	}
	if prof.ListenerMetadata != "" && prof.ListenerPath == "" {
		p.reportAt(metadataPos, "listenerMetadata", `there is no "listenerPath" to send it to`, "")
	}
	if len(prof.Extends) > 0 {
		prof.weirs = true
		if !slices.ContainsFunc(prof.Rules, func(r Rule) bool { return len(r.Names) > 0 }) && len(p.problems) == 0 {
			p.reportAt(extendsPos, "extends", "a profile that extends others and has no rule of its own",
				"add one: what does not know the key may take a profile without rules for none at all")
		}
	}
}

// rules reads "syscalls".
func (p *parser) rules() {
	if !p.enter('[') {
		return
	}
	p.profile.Rules = make([]Rule, 0, len(p.text)/288) // as many as Docker's default has
	for i := 0; p.more(']'); i++ {
		p.at(i)
		p.rule(i)
	}
}

// archs reads a list of architectures.
func (p *parser) archs() []ArchRef {
	if !p.enter('[') {
		return nil
	}
	list := make([]ArchRef, 0, 4)
	for i := 0; p.more(']'); i++ {
		p.at(i)
		if a, ok := p.arch(); ok {
			list = append(list, a)
		}
	}
	return list
}

// archMap reads Docker's list of a native architecture and the ABIs beside it.
func (p *parser) archMap() {
	if !p.enter('[') {
		return
	}
	p.profile.ArchMap = make([]ArchMapEntry, 0, 8) // as many as Docker's default needs
	for i := 0; p.more(']'); i++ {
		p.at(i)
		start := p.start()
		if !p.enter('{') {
			continue
		}
		var seen uint16
		var e ArchMapEntry
		var given bool
		for p.more('}') {
			switch p.field(&archMapFields, &seen) {
			case "architecture":
				given = true
				e.Arch, _ = p.arch()
			case "subArchitectures":
				e.Sub = p.archs()
			}
		}
		if !given {
			p.report(start, `an entry without "architecture"`, "")
		}
		for _, earlier := range p.profile.ArchMap {
			if earlier.Arch.Arch == e.Arch.Arch && given {
				p.note(start, fmt.Sprintf("a second entry for %s; the first counts", e.Arch.Arch), "")
				break
			}
		}
		p.profile.ArchMap = append(p.profile.ArchMap, e)
	}
}

// flags reads "flags".
func (p *parser) flags() {
	if !p.enter('[') {
		return
	}
	p.profile.FlagsSet = true
	for i := 0; p.more(']'); i++ {
		p.at(i)
		s, pos, ok := p.string()
		if !ok {
			continue
		}
		f, known := seccomp.ParseFlag(s)
		if !known {
			p.report(pos, fmt.Sprintf("unknown flag %q", clip(s)), suggestion(s, flagNames, "SECCOMP_FILTER_FLAG_"))
		}
		p.profile.Flags |= f
	}
}

// flagNames are the flags that a profile may ask for.
var flagNames = []string{
	"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
}
