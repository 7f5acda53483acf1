package profile

import (
	"fmt"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanString reads a string from its opening quote on. If it consists of
// printable ASCII without escapes, the result is a part of the text; else p.hard
// is set.
func (p *parser) scanString() string {
	text, start := p.text, p.i+1
	i := start
	// Eight bytes at once, up to the first that is a quote, a backslash or no
	// printable ASCII. Each term sets the top bit of such a byte; borrows and
	// carries reach only the bytes behind it.
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		w := load64(text[i : i+8])
		quote, backslash := w^ones*'"', w^ones*'\\'
		found := (quote - ones) &^ quote // where it is 0
		found |= (backslash - ones) &^ backslash
		found |= (w - ones*' ') &^ w // below a space
		found |= (w + ones) | w      // from DEL on
		if found &= tops; found != 0 {
			i += bits.TrailingZeros64(found) / 8
			break
		}
	}
	for ; i < len(text); i++ {
		c := text[i]
		if c == '"' {
			p.i = i + 1
			return text[start:i]
		}
		if c == '\\' || c < ' ' || c >= 0x7f {
			p.hard = true
			return p.scanHardString(start, i)
		}
	}
	p.unclosed(start)
	return ""
}

func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// scanHardString reads on, at i, a string that began at start and in which not
// every byte stands for itself.
func (p *parser) scanHardString(start, i int) string {
	s := []byte(p.text[start:i])
	for i < len(p.text) {
		c := p.text[i]
		switch {
		case c == '"':
			p.i = i + 1
			return string(s)
		case c == '\\':
			r, size := p.escape(i)
			if size == 0 {
				return ""
			}
			s = utf8.AppendRune(s, r)
			i += size
		case c == '\n' || c == '\r':
			p.unclosed(start)
			return ""
		case c < ' ':
			p.syntax(i, fmt.Sprintf("control character U+%04X in a string", c), `write it as an escape, such as \t`)
			return ""
		case c < utf8.RuneSelf:
			s = append(s, c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(p.text[i:])
			if r == utf8.RuneError && size == 1 {
				p.syntax(i, fmt.Sprintf("the byte %#02x is not UTF-8", c), "save the file as UTF-8")
				return ""
			}
			s = append(s, p.text[i:i+size]...)
			i += size
		}
	}
	p.unclosed(start)
	return ""
}

func (p *parser) unclosed(start int) {
	p.syntax(start-1, "the string is not closed", "add a double quote where it ends, on the same line")
}

// escape decodes the escape sequence at i. Its size is 0 if it is none.
func (p *parser) escape(i int) (r rune, size int) {
	next := byte(0)
	if i+1 < len(p.text) {
		next = p.text[i+1]
	}
	switch next {
	case '"', '\\', '/':
		return rune(next), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return p.unicodeEscape(i)
	}
	p.syntax(i, "a backslash begins no escape sequence here", `write \\ for a backslash`)
	return 0, 0
}

// unicodeEscape decodes \uXXXX at i, or two of them that are one character
// beyond U+FFFF. Half of such a pair stands for no character: encoding/json
// replaces it, and two names that differ would become one.
func (p *parser) unicodeEscape(i int) (r rune, size int) {
	r, ok := p.hex4(i)
	if !ok {
		p.syntax(i, `\u without four hexadecimal digits`, "")
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, _ := p.hex4(i + 6)
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		p.syntax(i, `half of a surrogate pair`, "write both halves, or the character itself")
		return 0, 0
	}
	return r, 12
}

func (p *parser) hex4(i int) (rune, bool) {
	if i+6 > len(p.text) || p.text[i:i+2] != `\u` {
		return 0, false
	}
	for _, c := range []byte(p.text[i+2 : i+6]) {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return 0, false
		}
	}
	v, err := strconv.ParseUint(p.text[i+2:i+6], 16, 16)
	return rune(v), err == nil
}
