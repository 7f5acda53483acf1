package profile

import (
	"fmt"
	"strconv"
	"strings"
)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// scanNumber reads a JSON number and returns its text.
func (p *parser) scanNumber() string {
	start := p.i
	if p.text[p.i] == '-' {
		p.i++
	}
	whole := p.i
	if !p.digits() {
		return ""
	}
	if p.text[whole] == '0' && p.i > whole+1 {
		p.syntax(start, "a number that begins with 0", "write it in decimal, without leading zeros")
		return ""
	}
	if p.i < len(p.text) && p.text[p.i] == '.' {
		p.i++
		if !p.digits() {
			return ""
		}
	}
	if p.i < len(p.text) && p.text[p.i]|0x20 == 'e' {
		p.i++
		if p.i < len(p.text) && (p.text[p.i] == '+' || p.text[p.i] == '-') {
			p.i++
		}
		if !p.digits() {
			return ""
		}
	}
	if p.i < len(p.text) && p.text[p.i]|0x20 == 'x' && p.text[start:p.i] == "0" {
		p.syntax(start, "JSON has no hexadecimal numbers", "write it in decimal")
		return ""
	}
	return p.text[start:p.i]
}

// digits reads at least one digit.
func (p *parser) digits() bool {
	start := p.i
	for p.i < len(p.text) && isDigit(p.text[p.i]) {
		p.i++
	}
	if p.i == start {
		p.unexpected("a digit")
	}
	return p.i > start
}

// uint reads a whole number from 0 to 2^64-1. Anything else is reported and
// skipped; negative makes the hint for a number below 0.
func (p *parser) uint(negative func(text string) string) (v uint64, pos Pos, ok bool) {
	if c := p.peek(); c != '-' && !isDigit(c) {
		p.wrongType("a number")
		return 0, 0, false
	}
	pos = p.pos()
	text := p.scanNumber()
	if p.bad {
		return 0, 0, false
	}
	v, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err == nil:
		return v, pos, true
	case strings.ContainsAny(text, ".eE"):
		p.report(pos, fmt.Sprintf("%s is not written as a whole number", clip(text)), "write digits only")
	case text[0] == '-':
		p.report(pos, fmt.Sprintf("%s is negative", clip(text)), negative(text))
	default:
		p.report(pos, fmt.Sprintf("%s is more than 64 bits hold", clip(text)), "the largest number is 18446744073709551615")
	}
	return 0, 0, false
}

// noHint is for numbers of which a negative one means nothing.
func noHint(string) string { return "" }

// unsignedHint gives the two registers that a negative argument may mean: a
// profile compares unsigned.
func unsignedHint(text string) string {
	v, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return ""
	case v == 0:
		return "write 0"
	case int64(int32(v)) == v:
		return fmt.Sprintf("arguments are unsigned: write %d for an int, %d for a long", uint32(v), uint64(v))
	}
	return fmt.Sprintf("arguments are unsigned: write %d", uint64(v))
}

// anyNumber reads what people write for a number inside a string.
func anyNumber(s string) (uint64, bool) {
	v, err := strconv.ParseUint(s, 0, 64)
	return v, err == nil
}

// clip shortens a text of the user's for a message.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
