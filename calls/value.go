package calls

import (
	"fmt"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// value reads argument i.
func (p *parser) value(i int) Value {
	from := p.at
	if p.isOpen() {
		return Value{Text: p.opaque()}
	}
	e := p.or(i)
	if p.err != nil {
		return Value{}
	}
	text := strings.TrimRight(p.text[from:p.at], " \t\r\n")
	n, ok := narrow(p.call.Arch, e)
	if !ok {
		p.fail(from, fmt.Sprintf("%#x does not fit into an argument of %s, which has 32 bits", e.n, p.call.Arch.Name()), "")
	}
	return Value{Known: true, N: n, Text: text}
}

// isOpen looks whether an argument has no value here: a string, a structure, a
// list, a complement of a list, an address, a function, _ or ?.
func (p *parser) isOpen() bool {
	rest := p.text[p.at:]
	if rest == "" {
		return false
	}
	if strings.IndexByte(`"{[&?`, rest[0]) >= 0 || strings.HasPrefix(rest, "~[") {
		return true
	}
	ahead := scanner{text: rest}
	word := ahead.word()
	ahead.space()
	return word == "_" || word != "" && ahead.peek() == '('
}

// An expression is a number; folded says that ~ made it as wide as 64 bits, of
// which a narrower register keeps what it can.
type expression struct {
	n      uint64
	folded bool
}

// narrow makes a value what a register holds.
func narrow(a seccomp.Arch, e expression) (uint64, bool) {
	if a.ArgBits() == 64 {
		return e.n, true
	}
	low := e.n & (1<<32 - 1)
	return low, e.folded || e.n == low || e.n == uint64(int64(int32(low)))
}

// or reads terms joined by |.
func (p *parser) or(arg int) expression {
	e := p.shift(arg)
	for p.space(); p.err == nil && p.peek() == '|'; p.space() {
		p.at++
		p.space()
		f := p.shift(arg)
		e = expression{e.n | f.n, e.folded || f.folded}
	}
	return e
}

// shift reads a term, or one shifted by another.
func (p *parser) shift(arg int) expression {
	e := p.unary(arg)
	p.space()
	for p.err == nil && p.take("<<") {
		p.space()
		from := p.at
		by := p.unary(arg)
		if by.n > 63 {
			p.fail(from, "a shift by more than 63 bits", "")
		}
		e.n <<= by.n & 63
		p.space()
	}
	return e
}

func (p *parser) unary(arg int) expression {
	var ops []byte
	for ; p.peek() == '~' || p.peek() == '-'; p.space() {
		ops = append(ops, p.peek())
		p.at++
	}
	e := p.primary(arg)
	for i := len(ops) - 1; i >= 0; i-- {
		if ops[i] == '-' {
			e.n = -e.n
		} else {
			e = expression{^e.n, true}
		}
	}
	return e
}

// primary reads a number, a constant or an expression in parentheses.
func (p *parser) primary(arg int) expression {
	from := p.at
	var e expression
	switch c := p.peek(); {
	case p.take("("):
		p.space()
		e = p.or(arg)
		if p.err == nil && !p.take(")") {
			p.fail(p.at, "the parenthesis does not end", "close it with )")
		}
		return e
	case digit(c):
		e.n = p.number()
	case letter(c):
		e.n = p.constant(arg)
	case c == 0 && p.bare:
		p.fail(from, "a value is missing", "")
	case c == 0:
		p.fail(from, "the call does not end", "close it with )")
	default:
		p.fail(from, fmt.Sprintf("%q is not a value", p.rest()), "write a number, a constant, or _ for any value")
	}
	p.annotation()
	return e
}

// annotation skips what strace -y says about a descriptor: 3</etc/passwd>.
func (p *parser) annotation() {
	if p.peek() != '<' || strings.HasPrefix(p.text[p.at:], "<<") {
		return
	}
	if i := strings.IndexByte(p.text[p.at:], '>'); i >= 0 {
		p.at += i + 1
	}
}

// absent fails for a constant that other architectures have.
func (p *parser) absent(from int, name string) {
	if p.err == nil {
		p.fail(from, fmt.Sprintf("%s has no constant %s", p.call.Arch.Name(), name), "")
		p.err.Absent = true
	}
}

// constant reads a name.
func (p *parser) constant(arg int) uint64 {
	from, a := p.at, p.call.Arch
	name := p.word()
	if name == "NULL" {
		return 0
	}
	if c := lookup(name); c != nil {
		v, ok := c.on(a)
		if !ok {
			p.absent(from, name)
		}
		return v
	}
	hint := "write a number, or _ for any value"
	if s := suggest(a, p.call.Syscall, arg, name); s != "" {
		hint = fmt.Sprintf("did you mean %s?", s)
	} else if s := example(a, p.call.Syscall, arg); s != "" {
		hint = fmt.Sprintf("it takes constants such as %s, and numbers", s)
	}
	p.fail(from, fmt.Sprintf("unknown constant %s", clip(name)), hint)
	return 0
}
