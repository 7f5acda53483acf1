package profile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// filter reads "includes" or "excludes".
func (p *parser) filter() Filter {
	var f Filter
	if !p.enter('{') {
		return f
	}
	var seen uint16
	for p.more('}') {
		switch p.field(&filterFields, &seen) {
		case "caps":
			p.caps(&f)
		case "arches":
			f.Arches = p.nameList()
		case "minKernel":
			f.MinKernel = p.minKernel()
		}
	}
	return f
}

// caps reads a list of capabilities.
func (p *parser) caps(f *Filter) {
	from := len(p.names)
	list := p.nameList()
	p.names = p.names[:from] // most are known and not kept as text
	for _, name := range list {
		if c, ok := seccomp.ParseCap(name.Text); ok {
			f.Caps |= seccomp.CapSet(c)
		} else {
			f.UnknownCaps = append(f.UnknownCaps, name)
		}
	}
}

// minKernel reads a version as Docker does: two numbers up to 255, or nothing.
func (p *parser) minKernel() *seccomp.KernelVersion {
	s, pos, ok := p.string()
	switch {
	case !ok:
		return nil
	case s == "":
		return new(seccomp.KernelVersion)
	}
	major, minor, _ := strings.Cut(s, ".")
	x, err1 := strconv.ParseUint(major, 10, 8)
	y, err2 := strconv.ParseUint(minor, 10, 8)
	if err1 != nil || err2 != nil || x == 0 && y == 0 {
		p.report(pos, fmt.Sprintf("%q is not a kernel version", clip(s)), `write its first two numbers, such as "4.8"`)
		return nil
	}
	return &seccomp.KernelVersion{Major: uint16(x), Minor: uint16(y)}
}
