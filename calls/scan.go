package calls

import (
	"strconv"
	"strings"
)

// A scanner walks over a text and keeps the first error.
type scanner struct {
	text string
	at   int
	err  *Error
}

func (s *scanner) fail(at int, msg, hint string) {
	if s.err == nil {
		s.err = &Error{Text: s.text, Column: at + 1, Msg: msg, Hint: hint}
	}
}

func (s *scanner) end() bool { return s.at >= len(s.text) }

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.end() {
		return 0
	}
	return s.text[s.at]
}

// take skips a prefix if it is there.
func (s *scanner) take(prefix string) bool {
	if !strings.HasPrefix(s.text[s.at:], prefix) {
		return false
	}
	s.at += len(prefix)
	return true
}

// space skips white space and comments.
func (s *scanner) space() {
	for {
		for !s.end() && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
			s.at++
		}
		if !strings.HasPrefix(s.text[s.at:], "/*") {
			return
		}
		end := strings.Index(s.text[s.at:], "*/")
		if end < 0 {
			s.fail(s.at, "the comment does not end", "close it with */")
			s.at = len(s.text)
			return
		}
		s.at += end + 2
	}
}

// word reads a name; it is empty if there is none.
func (s *scanner) word() string {
	from := s.at
	for !s.end() && (letter(s.text[s.at]) || s.at > from && digit(s.text[s.at])) {
		s.at++
	}
	return s.text[from:s.at]
}

// number reads digits with their prefix.
func (s *scanner) number() uint64 {
	from := s.at
	for !s.end() && (digit(s.text[s.at]) || letter(s.text[s.at]) && s.text[s.at] != '_') {
		s.at++
	}
	text := s.text[from:s.at]
	n, err := strconv.ParseUint(text, 0, 64)
	switch {
	case err == nil:
	case strings.Contains(err.Error(), strconv.ErrRange.Error()):
		s.fail(from, clip(text)+" has more than 64 bits", "")
	default:
		s.fail(from, strconv.Quote(clip(text))+" is not a number", "numbers are decimal, octal (0755) or hexadecimal (0x1ed)")
	}
	return n
}

// closing maps an opening bracket to its end.
var closing = [256]byte{'(': ')', '[': ']', '{': '}'}

// opaque reads what is behind a pointer, up to the comma or the parenthesis that
// ends the argument: strings and brackets are skipped as a whole.
func (s *scanner) opaque() string {
	from := s.at
	var open []byte
	for !s.end() {
		switch c := s.text[s.at]; {
		case c == '"':
			if !s.quoted() {
				return ""
			}
			continue
		case closing[c] != 0:
			open = append(open, closing[c])
		case len(open) > 0 && c == open[len(open)-1]:
			open = open[:len(open)-1]
		case c == ')' || c == ']' || c == '}' || c == ',' && len(open) == 0:
			return strings.TrimRight(s.text[from:s.at], " \t\r\n")
		}
		s.at++
	}
	s.fail(from, "the argument does not end", "")
	return ""
}

// quoted skips a string.
func (s *scanner) quoted() bool {
	from := s.at
	for s.at++; !s.end(); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return true
		}
	}
	s.at = len(s.text)
	s.fail(from, "the string does not end", `close it with "`)
	return false
}

// rest returns what comes next, for a message.
func (s *scanner) rest() string { return clip(s.text[s.at:]) }

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
