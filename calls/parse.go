package calls

import (
	"fmt"
	"strings"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// maxText bounds a call, and with it the depth of its brackets.
const maxText = 4096

// unfinished is what strace writes where another process goes on before a call's end.
const unfinished = "<unfinished ...>"

// An Error is what is wrong with the text of a call.
type Error struct {
	Text   string
	Column int // from 1, in bytes
	Msg    string
	Hint   string // what to write instead; may be empty
	Absent bool   // a constant is known, but not on this architecture
}

// Error returns the text, the column and the cause. The hint is left to the
// caller, who knows how to set it off.
func (e *Error) Error() string { return fmt.Sprintf("%s: column %d: %s", e.Text, e.Column, e.Msg) }

// Parse reads a call for an architecture. The text is a name or a number, alone
// or with arguments as strace prints them: numbers (decimal, 0x, octal with a
// leading 0), constants, | ~ - << and parentheses. A string, a structure, a list
// and what has no value here (_, ?, makedev(1, 3)) are open; so is what is not
// there, and ... stands for the rest, as does what strace has not seen the end of.
// name=VALUE gives an argument by its name. The process before the call, [pid 7] or
// 7, and the result after it, = 3, are skipped, and are not part of the call's text.
//
// The error is an *[Error].
func Parse(a seccomp.Arch, text string) (Call, error) {
	p := parser{scanner: scanner{text: text}, call: Call{Arch: a}}
	if !a.Valid() {
		p.fail(0, "no architecture is given", "")
	}
	if len(text) > maxText {
		p.text = text[:40] + "..."
		p.fail(0, fmt.Sprintf("the call is longer than %d bytes", maxText), "")
	}
	if p.err == nil {
		p.parse()
	}
	if p.err != nil {
		return Call{}, p.err
	}
	return p.call, nil
}

type parser struct {
	scanner
	call Call
	bare bool // the text is one value
}

func (p *parser) parse() {
	p.space()
	p.process()
	from := p.at
	p.name()
	p.call.text = p.text[from:p.at]
	p.space()
	if p.err != nil || p.end() {
		return
	}
	if !p.take("(") {
		p.fail(p.at, fmt.Sprintf("%q after the call", p.rest()), "write its arguments in parentheses")
		return
	}
	p.args()
	p.call.text = strings.TrimRight(p.text[from:p.at], " \t\r\n")
	p.space()
	if p.err == nil && !p.end() && !strings.HasPrefix(p.text[p.at:], "=") {
		p.fail(p.at, fmt.Sprintf("%q after the call", p.rest()), "")
	}
}

// process skips what strace -f writes before a call: [pid 7], or 7 in a file.
func (p *parser) process() {
	ahead := p.scanner
	bracket := ahead.take("[pid")
	ahead.space()
	if !digit(ahead.peek()) {
		return
	}
	ahead.number()
	if bracket && !ahead.take("]") {
		return
	}
	from := ahead.at
	if ahead.space(); ahead.err == nil && ahead.at > from && letter(ahead.peek()) {
		p.at = ahead.at
	}
}

// name reads the name of the call, or its number.
func (p *parser) name() {
	from, a := p.at, p.call.Arch
	if negative := p.peek() == '-'; negative || digit(p.peek()) {
		if negative {
			p.at++
		}
		n := p.number()
		if negative {
			n = -n
		}
		if p.err == nil && n > 1<<32-1 && n < 1<<64-1<<31 {
			p.fail(from, "a call's number has 32 bits", "")
		}
		p.call.Nr = seccomp.Nr(n)
		p.call.Arch, p.call.Syscall = owner(a, p.call.Nr)
		return
	}
	name := p.word()
	if name == "" {
		p.fail(from, "no call", "write a name or a number, such as openat, 257, or socket(AF_UNIX, SOCK_STREAM, 0)")
		return
	}
	call, ok := syscalls.Lookup(name)
	if !ok {
		hint := ""
		if s, ok := syscalls.Suggest(name); ok {
			hint = fmt.Sprintf("did you mean %q?", s)
		}
		p.fail(from, fmt.Sprintf("no architecture has a system call %q up to Linux %s", clip(name), syscalls.Release), hint)
		return
	}
	nr, ok := call.Nr(a)
	if !ok {
		p.fail(from, fmt.Sprintf("%s has no %s", a.Name(), name), elsewhere(call, a))
		return
	}
	p.call.Syscall, p.call.Nr = call, nr
}

// owner returns the call of a number, and the architecture that it belongs to:
// the kernel of x86_64 takes those with bit 30 for x32's.
func owner(a seccomp.Arch, nr seccomp.Nr) (seccomp.Arch, syscalls.Call) {
	if c, ok := syscalls.At(a, nr); ok {
		return a, c
	}
	if c, ok := syscalls.At(seccomp.ArchX32, nr); ok && a == seccomp.ArchX86_64 {
		return seccomp.ArchX32, c
	}
	return a, 0
}

// elsewhere says what to ask about instead of a call that the architecture does
// not have.
func elsewhere(call syscalls.Call, a seccomp.Arch) string {
	for _, d := range Doors(call) {
		if _, ok := d.Call.Nr(a); ok && d.Same {
			return fmt.Sprintf("%s is what does it there", d.Call)
		}
	}
	var on []string
	for _, other := range seccomp.Archs() {
		if _, ok := call.Nr(other); ok {
			on = append(on, other.Name())
		}
	}
	return "it exists on " + strings.Join(on, ", ")
}

// args reads the arguments and the closing parenthesis.
func (p *parser) args() {
	position := 0
	for p.space(); !p.take(")"); p.space() {
		if p.end() {
			p.fail(p.at, "the call does not end", "close it with )")
			return
		}
		if p.take(unfinished) {
			return
		}
		from := p.at
		if p.take("...") {
			if p.space(); !p.take(")") {
				p.fail(p.at, "... is not the last argument", "write _ for one that is open")
			}
			return
		}
		i := p.place(&position)
		if p.err != nil {
			return
		}
		if !p.fits(i, from) {
			return
		}
		if p.call.Args[i].Text != "" {
			p.fail(from, fmt.Sprintf("argument %d is given twice", i+1), "")
			return
		}
		p.call.Args[i] = p.value(i)
		p.space()
		if p.err != nil {
			return
		}
		if !p.take(",") && p.peek() != ')' && !p.end() && !strings.HasPrefix(p.text[p.at:], unfinished) {
			p.fail(p.at, fmt.Sprintf("%q after an argument", p.rest()), "separate arguments by a comma")
			return
		}
	}
}

// fits reports that the call has an argument i.
func (p *parser) fits(i, from int) bool {
	known := len(p.call.Syscall.Args(p.call.Arch))
	switch {
	case i > 5:
		p.fail(from, "a call has at most 6 arguments", "")
	case known > 0 && i >= known:
		p.fail(from, fmt.Sprintf("%s has %d argument%s on %s", p.call.Syscall, known, plural(known), p.call.Arch.Name()), "")
	default:
		return true
	}
	return false
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// place returns the index of the next argument: the one that name= says, or the
// next position.
func (p *parser) place(position *int) int {
	from := p.at
	if name := p.word(); name != "" {
		if p.space(); p.peek() == '=' {
			p.at++
			p.space()
			i, ok := argNamed(p.call, name)
			if !ok {
				p.fail(from, fmt.Sprintf("%s has no argument %q on %s", p.call.Syscall, clip(name), p.call.Arch.Name()), argNames(p.call))
			}
			return i
		}
	}
	p.at = from
	*position++
	return *position - 1
}

// argNamed finds an argument by the kernel's name, or by what strace makes of
// it: flags for clone_flags, parent_tid for parent_tidptr.
func argNamed(c Call, name string) (int, bool) {
	if name == "child_stack" {
		name = "newsp"
	}
	args := c.Syscall.Args(c.Arch)
	for _, same := range []func(string) bool{
		func(s string) bool { return s == name },
		func(s string) bool { return strings.HasSuffix(s, "_"+name) },
		func(s string) bool { return strings.HasPrefix(s, name) },
	} {
		for i := range min(len(args), 6) {
			if same(args[i].Name) {
				return i, true
			}
		}
	}
	return 0, false
}

func argNames(c Call) string {
	var names []string
	for _, a := range c.Syscall.Args(c.Arch) {
		names = append(names, a.Name)
	}
	if names == nil {
		return ""
	}
	return "its arguments are " + strings.Join(names, ", ")
}
