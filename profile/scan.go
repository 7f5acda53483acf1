package profile

import (
	"fmt"
	"strings"
)

// A parser reads one document in one pass. It does not unwind on errors: a
// problem with the meaning is reported and reading goes on; a problem with the
// syntax moves the parser to the end of the text, where every loop ends.
type parser struct {
	text string
	i    int  // the next byte
	bad  bool // a syntax error, or too many problems: nothing more is reported

	// fresh is set between an opening bracket and what follows it, where no comma
	// is due.
	fresh bool

	hard bool // the string read last has more in it than printable ASCII

	// path holds the known keys that lead to the current value: known objects
	// nest three deep. Inside of unknown values nothing is reported but syntax
	// errors, which have no path.
	path  [3]step
	depth int // objects open

	options  Options
	problems []finding
	notes    []finding

	profile      *Profile
	defaultKnown bool   // profile.Default is valid
	names        []Name // every list of names is a part of this one
	args         []Arg  // every rule's conditions are a part of this one
}

// A step is a key and, where its value is a list, the element.
type step struct {
	key   string
	index int // -1 outside of lists
}

// pos is the place of the next byte.
func (p *parser) pos() Pos { return Pos(p.i + 1) }

// start skips white space and returns the place of what follows.
func (p *parser) start() Pos {
	p.peek()
	return p.pos()
}

// peek skips white space and returns the next byte, 0 at the end of the text.
// (A zero byte in the text is no part of any value, so nobody confuses the two.)
func (p *parser) peek() byte {
	const space = uint64(1<<' ' | 1<<'\n' | 1<<'\t' | 1<<'\r')
	text, i := p.text, p.i
	for ; i < len(text); i++ {
		if c := text[i]; c > ' ' || space>>c&1 == 0 {
			p.i = i
			return c
		}
	}
	p.i = i
	return 0
}

// enter reads an opening bracket. If there is another value it is reported and
// skipped.
func (p *parser) enter(open byte) bool {
	if p.peek() != open {
		want := "an object"
		if open == '[' {
			want = "a list"
		}
		p.wrongType(want)
		return false
	}
	p.i++
	p.fresh = true
	if open == '{' {
		p.depth++
		p.path[p.depth-1] = step{"", -1}
	}
	return true
}

// more reports whether another member or element follows, and reads the comma
// before it or the closing bracket.
func (p *parser) more(end byte) bool {
	fresh := p.fresh
	p.fresh = false
	c := p.peek()
	switch {
	case p.bad:
		return false
	case c == end:
		p.i++
		if end == '}' {
			p.depth--
		}
		return false
	case fresh:
		return true
	case c != ',':
		p.noComma(end)
		return false
	}
	comma := p.i
	p.i++
	if p.peek() == end {
		p.trailingComma(comma, end)
		return false
	}
	return true
}

func (p *parser) noComma(end byte) {
	p.unexpected(fmt.Sprintf("%q or %q", ",", string(end)))
}

func (p *parser) trailingComma(comma int, end byte) {
	p.syntax(comma, fmt.Sprintf("a comma before %q", string(end)), "remove it: JSON has no trailing commas")
}

// key reads the key of a member and the colon.
func (p *parser) key() (string, Pos) {
	if p.peek() != '"' {
		p.unexpected("a key in double quotes")
		return "", 0
	}
	pos := p.pos()
	key := p.scanString()
	if p.peek() != ':' {
		p.unexpected(`":"`)
		return "", 0
	}
	p.i++
	return key, pos
}

// null reads a null if there is one. As the value of a member it is the same as
// no member, as it is to Docker.
func (p *parser) null() bool {
	if p.peek() != 'n' {
		return false
	}
	p.literal()
	return true
}

// string reads a string. If there is another value it is reported and skipped.
func (p *parser) string() (s string, pos Pos, ok bool) {
	if p.peek() != '"' {
		p.wrongType("a string")
		return "", 0, false
	}
	pos = p.pos()
	s = p.scanString()
	return s, pos, !p.bad
}

// maxDepth limits how deep a value that nobody reads may nest.
const maxDepth = 100

// skip reads any value and drops it.
func (p *parser) skip(depth int) {
	c := p.peek()
	switch {
	case p.bad:
	case depth > maxDepth:
		p.syntax(p.i, fmt.Sprintf("more than %d levels of nesting", maxDepth), "")
	case c == '"':
		p.scanString()
	case c == '-' || isDigit(c):
		p.scanNumber()
	case c == '{' || c == '[':
		end := c + 2 // of ASCII's {}, []
		p.i++
		p.fresh = true
		if c == '{' {
			p.depth++ // more takes it back
		}
		for p.more(end) {
			if c == '{' {
				p.key()
			}
			p.skip(depth + 1)
		}
	default:
		p.literal()
	}
}

// literal reads true, false or null.
func (p *parser) literal() {
	word := p.word()
	if word != "true" && word != "false" && word != "null" {
		p.unexpected("a value")
		return
	}
	p.i += len(word)
}

// word returns the letters from here on, without reading them.
func (p *parser) word() string {
	rest := p.text[p.i:]
	end := strings.IndexFunc(rest, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		return rest
	}
	return rest[:end]
}

// wrongType reports the value that follows and skips it.
func (p *parser) wrongType(want string) {
	var found, hint string
	c := p.peek()
	start := p.pos()
	switch {
	case p.bad:
		return
	case c == '"':
		s := p.scanString()
		p.report(start, "found a string, expected "+want, stringHint(s, want))
		return
	case c == '-' || isDigit(c):
		found = "a number"
		if want == "a string" {
			hint = "write it in double quotes"
		}
	case c == '{':
		found = "an object"
		if want == "a list" {
			hint = "put it between [ and ]"
		}
	case c == '[':
		found = "a list"
	default:
		found = p.word()
	}
	p.skip(0)
	if !p.bad {
		p.report(start, "found "+found+", expected "+want, hint)
	}
}

// stringHint says how to write what someone put into a string.
func stringHint(s, want string) string {
	switch {
	case want == "a list":
		return fmt.Sprintf("write [%q]", s)
	case want != "a number":
		return ""
	}
	if v, ok := anyNumber(s); ok {
		return fmt.Sprintf("write %d, without quotes", v)
	}
	return ""
}
