package profile

import (
	"fmt"
	"strconv"

	"github.com/weir-dev/weir/seccomp"
)

// An outcome collects the keys that say how a call ends, until the object that
// holds them ends: they may come in any order.
type outcome struct {
	action    seccomp.Action
	actionPos Pos // 0 without the key
	known     bool

	ret, errno       uint64 // the number of errnoRet; of Podman's errno
	retPos, errnoPos Pos    // 0 without the key
}

// action reads the name of an action.
func (p *parser) action(o *outcome) {
	o.actionPos = p.start()
	s, _, ok := p.string()
	if !ok {
		return
	}
	if o.action, o.known = seccomp.ParseAction(s); !o.known {
		p.report(o.actionPos, fmt.Sprintf("unknown action %q", clip(s)), suggestion(s, texts(seccomp.Actions[:]), "SCMP_ACT_"))
	}
}

// errno reads Podman's spelling of errnoRet: a name or a number, as a string.
func (p *parser) errno(o *outcome) {
	s, pos, ok := p.string()
	if !ok || s == "" {
		return
	}
	if e, ok := seccomp.ParseErrno(s); ok {
		o.errno, o.errnoPos = uint64(e), pos
	} else if v, err := strconv.ParseUint(s, 10, 64); err == nil {
		o.errno, o.errnoPos = v, pos
	} else {
		p.report(pos, fmt.Sprintf("unknown errno %q", clip(s)), suggestion(s, errnoNames(), ""))
	}
}

// settle makes the word that a filter returns, once the object has ended.
func (p *parser) settle(o *outcome, retKey, errnoKey string) (seccomp.Return, bool) {
	if !o.known {
		return 0, false
	}
	value, pos, key := o.ret, o.retPos, retKey
	if o.errnoPos != 0 {
		if o.retPos != 0 && o.ret != o.errno {
			p.reportAt(max(o.retPos, o.errnoPos), p.under(errnoKey),
				fmt.Sprintf("%s is %d and %s is %d", retKey, o.ret, errnoKey, o.errno), "Docker reads the one, Podman the other: remove one")
			return 0, false
		}
		value, pos, key = o.errno, o.errnoPos, errnoKey
	}
	switch {
	case pos == 0 && o.action.TakesErrno():
		return o.action.With(uint16(seccomp.EPERM)), true
	case pos == 0:
		return o.action.Return(), true
	case !o.action.TakesErrno():
		p.loosensAt(pos, p.under(key), fmt.Sprintf("%s takes no errno", o.action),
			"remove it; SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one", "ignored, as by runc")
		return o.action.Return(), true
	case o.action == seccomp.ActErrno && value > uint64(seccomp.MaxErrno):
		kept := min(uint16(value), uint16(seccomp.MaxErrno))
		p.loosensAt(pos, p.under(key), fmt.Sprintf("errno %d: the largest is %d", value, seccomp.MaxErrno), "",
			fmt.Sprintf("%d is used: runc keeps 16 bits, the kernel at most %d", kept, seccomp.MaxErrno))
		return o.action.With(kept), true
	case value > 0xffff:
		p.loosensAt(pos, p.under(key), fmt.Sprintf("message %d: a tracer receives 16 bits", value), "",
			fmt.Sprintf("%d is used, as by runc", uint16(value)))
	case value == 0 && o.action == seccomp.ActErrno:
		p.noteAt(pos, p.under(key), "errno 0: the call is skipped and seems to succeed", "")
	}
	return o.action.With(uint16(value)), true
}

// under spells the path of a member of the value at the current path.
func (p *parser) under(key string) string {
	if here := p.here(); here != "" {
		return here + "." + key
	}
	return key
}

// arch reads the name of an architecture.
func (p *parser) arch() (ArchRef, bool) {
	s, pos, ok := p.string()
	if !ok {
		return ArchRef{}, false
	}
	a, ok := seccomp.ParseArch(s)
	switch s {
	case "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB":
		p.report(pos, s+" is not supported by weir", "remove it: calls of that kind are then killed")
	default:
		if ok {
			break
		}
		hint := suggestion(s, texts(seccomp.Archs()), "SCMP_ARCH_")
		if named, ok := seccomp.ArchNamed(s); ok {
			hint = fmt.Sprintf("it is written %q", named)
		}
		p.report(pos, fmt.Sprintf("unknown architecture %q", clip(s)), hint)
	}
	return ArchRef{a, pos}, ok
}
