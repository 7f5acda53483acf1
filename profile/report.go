package profile

import (
	"fmt"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A finding is a problem before its line is counted.
type finding struct {
	pos             Pos
	path, msg, hint string
}

// report records a problem with the current value.
func (p *parser) report(pos Pos, msg, hint string) {
	p.reportAt(pos, p.here(), msg, hint)
}

func (p *parser) reportAt(pos Pos, path, msg, hint string) {
	if p.bad {
		return
	}
	p.problems = append(p.problems, finding{pos, path, msg, hint})
	if len(p.problems) == MaxProblems {
		p.stop()
	}
}

// note records what stands in nobody's way.
func (p *parser) note(pos Pos, msg, hint string) {
	p.noteAt(pos, p.here(), msg, hint)
}

func (p *parser) noteAt(pos Pos, path, msg, hint string) {
	p.notes = append(p.notes, finding{pos, path, msg, hint})
}

// loosens records a problem that would leave the profile weaker than its author
// meant. With Options.Lenient it is a note that says how it is read instead.
func (p *parser) loosens(pos Pos, msg, hint, reading string) {
	p.loosensAt(pos, p.here(), msg, hint, reading)
}

func (p *parser) loosensAt(pos Pos, path, msg, hint, reading string) {
	if p.options.Lenient {
		p.noteAt(pos, path, msg+"; "+reading, hint)
	} else {
		p.reportAt(pos, path, msg, hint)
	}
}

// syntax records a problem that makes the rest of the text unreadable.
func (p *parser) syntax(offset int, msg, hint string) {
	p.reportAt(Pos(offset+1), "", msg, hint)
	p.stop()
}

func (p *parser) stop() {
	p.bad = true
	p.i = len(p.text)
}

// unexpected reports what follows where something else should.
func (p *parser) unexpected(want string) {
	c := p.peek()
	if p.i == len(p.text) {
		p.syntax(p.i, "the document ends here, expected "+want, "is the file cut off?")
		return
	}
	if p.comment() {
		p.syntax(p.i, "JSON has no comments", `remove it; a rule may have a "comment"`)
		return
	}
	hint := ""
	switch c {
	case '\'', '`':
		hint = "strings are in double quotes"
	case '"', '{', '[':
		if strings.Contains(want, ",") {
			hint = "is a comma missing before it?"
		}
	}
	r, size := utf8.DecodeRuneInString(p.text[p.i:])
	found := fmt.Sprintf("%q", r)
	if word := p.word(); word != "" {
		found = fmt.Sprintf("%q", clip(word))
	} else if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) {
		found, hint = fmt.Sprintf("the byte %#02x", c), "is this a text file?"
	}
	p.syntax(p.i, fmt.Sprintf("found %s, expected %s", found, want), hint)
}

// comment reports whether a comment of some other language follows.
func (p *parser) comment() bool {
	rest := p.text[p.i:]
	return strings.HasPrefix(rest, "//") || strings.HasPrefix(rest, "/*") || strings.HasPrefix(rest, "#")
}

// here spells the path to the current value. After a syntax error there is none.
func (p *parser) here() string {
	if p.bad {
		return ""
	}
	var b strings.Builder
	for i, s := range p.path[:p.depth] {
		if s.key == "" {
			break
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(clip(s.key))
		if s.index >= 0 {
			fmt.Fprintf(&b, "[%d]", s.index)
		}
	}
	return b.String()
}

// at moves the path to an element of the list that is the current value.
func (p *parser) at(index int) { p.path[p.depth-1].index = index }

// resolve sorts findings by place and counts their lines.
func (p *parser) resolve(list []finding) []Problem {
	sort.SliceStable(list, func(i, j int) bool { return list[i].pos < list[j].pos })
	out := make([]Problem, len(list))
	for i, f := range list {
		out[i] = p.profile.Problem(f.pos, f.path, f.msg, f.hint)
	}
	return out
}
