package profile

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/weir-dev/weir/seccomp"
)

// rule reads an entry of "syscalls". A rule with a problem is left out.
func (p *parser) rule(index int) {
	r := Rule{Index: index, Pos: p.start()}
	if !p.enter('{') {
		return
	}
	var seen uint16
	var end outcome
	var namesPos, namePos Pos
	var name string
	for p.more('}') {
		switch p.field(&ruleFields, &seen) {
		case "names":
			namesPos = p.start()
			r.Names = p.callList()
		case "name":
			namePos = p.start()
			name, _, _ = p.plain()
		case "action":
			p.action(&end)
		case "errnoRet":
			end.ret, end.retPos, _ = p.uint(noHint)
		case "errno":
			p.errno(&end)
		case "args":
			r.Args = p.argList()
		case "comment":
			r.Comment, _, _ = p.string()
		case "includes":
			r.Includes = p.filter()
		case "excludes":
			r.Excludes = p.filter()
		}
	}
	switch {
	case p.bad:
		return
	case namesPos == 0 && namePos == 0:
		p.report(r.Pos, `a rule without "names"`, `name the calls, such as "names": ["mount"]`)
	case name != "" && len(r.Names) > 0:
		p.report(max(namesPos, namePos), `both "name" and "names" are given`, `keep "names"`)
	case name != "":
		p.call(name)
		r.Names = []Name{{Text: name, Pos: namePos}}
	case len(r.Names) == 0:
		p.note(r.Pos, "the rule names no call and does nothing", "")
	}
	if end.actionPos == 0 {
		p.report(r.Pos, `a rule without "action"`, "")
	}
	var ok bool
	if r.Return, ok = p.settle(&end, "errnoRet", "errno"); ok {
		p.profile.Rules = append(p.profile.Rules, r)
	}
}

// nameList reads a list of names of any kind.
func (p *parser) nameList() []Name {
	if !p.enter('[') {
		return nil
	}
	from := len(p.names)
	for i := 0; p.more(']'); i++ {
		p.at(i)
		s, pos, ok := p.plain()
		if ok && s == "" {
			p.report(pos, "an empty name", "")
		} else if ok {
			p.names = append(p.names, Name{Text: s, Pos: pos})
		}
	}
	return p.names[from:len(p.names):len(p.names)]
}

// callList reads "names": calls and, in weir's dialect, groups.
func (p *parser) callList() []Name {
	list := p.nameList()
	for i := range list {
		p.call(list[i].Text)
	}
	return list
}

// call looks at the name of a call, which may be a group.
func (p *parser) call(name string) {
	if name[0] == '@' && p.options.Dialect == Superset {
		p.profile.weirs = true
	}
}

// plain reads a string in which control characters have no place, escaped or
// not: they would hide in a listing.
func (p *parser) plain() (s string, pos Pos, ok bool) {
	p.hard = false
	if s, pos, ok = p.string(); !ok || !p.hard || p.printable(s, pos) {
		return s, pos, ok
	}
	return "", 0, false
}

// printable reports control characters in a string.
func (p *parser) printable(s string, pos Pos) bool {
	for i := range len(s) {
		if s[i] >= ' ' && s[i] < 0x7f {
			continue
		}
		if r, _ := utf8.DecodeRuneInString(s[i:]); unicode.IsControl(r) {
			p.report(pos, fmt.Sprintf("control character U+%04X in %q", r, clip(s)), "remove it")
			return false
		}
	}
	return true
}

// argList reads "args".
func (p *parser) argList() []Arg {
	if !p.enter('[') {
		return nil
	}
	if p.args == nil {
		p.args = make([]Arg, 0, len(p.text)/400) // as many as Docker's default has
	}
	from := len(p.args)
	for i := 0; p.more(']'); i++ {
		p.at(i)
		p.arg(p.args[from:])
	}
	return p.args[from:len(p.args):len(p.args)]
}

// arg reads a condition. One with a problem is left out.
func (p *parser) arg(before []Arg) {
	a := Arg{Pos: p.start()}
	if !p.enter('{') {
		return
	}
	var seen uint16
	var index, value, op bool // given
	valid := true
	for p.more('}') {
		ok := true
		switch p.field(&argFields, &seen) {
		case "index":
			index = true
			a.Index, ok = p.index()
		case "value":
			value = true
			a.Value, ok = p.operand(&a, func(n *Named) *Constant { return &n.Value })
		case "valueTwo":
			a.ValueTwo, ok = p.operand(&a, func(n *Named) *Constant { return &n.ValueTwo })
		case "op":
			op = true
			a.Op, ok = p.op()
		}
		valid = valid && ok
	}
	if p.bad {
		return
	}
	for _, required := range [...]struct {
		key   string
		given bool
	}{{"index", index}, {"value", value}, {"op", op}} {
		if !required.given {
			p.report(a.Pos, fmt.Sprintf("a condition without %q", required.key), "")
			valid = false
		}
	}
	if !valid {
		return
	}
	for _, earlier := range before {
		if earlier.Index == a.Index {
			p.note(a.Pos, fmt.Sprintf("argument %d is compared twice, so any one condition of the rule is enough", a.Index),
				"all of them cannot be asked of one argument in this format; runc and crun read it so, too")
			break
		}
	}
	p.args = append(p.args, a)
}

// operand reads what an argument is compared with: a number or, in weir's
// dialect, constants by name.
func (p *parser) operand(a *Arg, member func(*Named) *Constant) (uint64, bool) {
	if p.peek() == '"' && p.options.Dialect == Superset {
		start := p.i
		s, pos, ok := p.plain()
		if _, isNumber := anyNumber(s); !ok || s != "" && !isNumber {
			if a.Named == nil {
				a.Named = new(Named)
			}
			*member(a.Named) = Constant{Text: s, Pos: pos}
			p.profile.weirs = true
			return 0, ok
		}
		p.i = start
	}
	v, _, ok := p.uint(unsignedHint)
	return v, ok
}

// index reads the number of an argument.
func (p *parser) index() (uint8, bool) {
	v, pos, ok := p.uint(noHint)
	if ok && v > 5 {
		p.report(pos, fmt.Sprintf("argument %d: a call has the arguments 0 to 5", v), "")
		return 0, false
	}
	return uint8(v), ok
}

// op reads the name of an operator.
func (p *parser) op() (seccomp.Op, bool) {
	s, pos, ok := p.string()
	if !ok {
		return 0, false
	}
	op, ok := seccomp.ParseOp(s)
	if !ok {
		p.report(pos, fmt.Sprintf("unknown operator %q", clip(s)), suggestion(s, texts(seccomp.Ops[:]), "SCMP_CMP_"))
	}
	return op, ok
}
