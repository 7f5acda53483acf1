package calls

import (
	"fmt"
	"strings"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// Evaluate returns the value of constants and numbers, joined as [Parse] reads
// them in an argument: CLONE_NEWUSER|CLONE_NEWNS, ~PROT_EXEC, 1<<29. Negative
// numbers and complements have 64 bits. The call and the argument, from 0, only
// serve the hints.
//
// The error is an *[Error]; it says so if the architecture is what lacks a
// constant.
func Evaluate(a seccomp.Arch, call syscalls.Call, arg int, text string) (uint64, error) {
	p := parser{scanner: scanner{text: text}, call: Call{Arch: a, Syscall: call}, bare: true}
	odd := strings.IndexAny(text, "/>") // comments and descriptors, which strace adds
	switch {
	case !a.Valid():
		p.fail(0, "no architecture is given", "")
	case len(text) > maxText:
		p.text = text[:40] + "..."
		p.fail(0, fmt.Sprintf("the value is longer than %d bytes", maxText), "")
	case odd >= 0:
		p.fail(odd, fmt.Sprintf("%q is no part of a value", text[odd:odd+1]), "")
	}
	var e expression
	if p.err == nil {
		p.space()
		e = p.or(arg)
		p.space()
	}
	if p.err == nil && !p.end() {
		p.fail(p.at, fmt.Sprintf("%q after the value", p.rest()), "join constants by |")
	}
	if p.err != nil {
		return 0, p.err
	}
	return e.n, nil
}
