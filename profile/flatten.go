package profile

import "github.com/weir-dev/weir/seccomp"

// Flatten decides from facts what Docker's dialect leaves open: which rules
// apply, as indexes into Rules in the order of the file, and which architectures
// are listed, without repeats. The native architecture belongs to a filter even
// if the list does not have it.
//
// A rule is dropped if any part of its Excludes holds: one of the architectures
// is the native one, one of the capabilities is in the bounding set, the kernel
// is MinKernel or newer. It is dropped, too, unless every part of its Includes
// holds; there, all the capabilities must be held. An entry of ArchMap counts if
// it is the first for the native architecture; without one, none is listed.
//
// The algorithm is setupSeccomp of github.com/moby/profiles/seccomp.
func (p *Profile) Flatten(f seccomp.Facts) (rules []int, archs []seccomp.Arch) {
	list := p.Architectures
	for i := range p.ArchMap {
		if e := &p.ArchMap[i]; e.Arch.Arch == f.Arch {
			archs = append(archs, e.Arch.Arch)
			list = e.Sub
			break
		}
	}
	for _, ref := range list {
		archs = appendArch(archs, ref.Arch)
	}
	rules = make([]int, 0, len(p.Rules))
	for i := range p.Rules {
		r := &p.Rules[i]
		if !r.Excludes.anyHolds(f) && r.Includes.allHold(f) {
			rules = append(rules, i)
		}
	}
	return rules, archs
}

func appendArch(archs []seccomp.Arch, a seccomp.Arch) []seccomp.Arch {
	for _, have := range archs {
		if have == a {
			return archs
		}
	}
	return append(archs, a)
}

func (c *Filter) anyHolds(f seccomp.Facts) bool {
	return hasArch(c.Arches, f.Arch) ||
		c.Caps&f.Caps != 0 ||
		c.MinKernel != nil && f.Kernel.AtLeast(*c.MinKernel)
}

func (c *Filter) allHold(f seccomp.Facts) bool {
	return (len(c.Arches) == 0 || hasArch(c.Arches, f.Arch)) &&
		c.Caps&^f.Caps == 0 && len(c.UnknownCaps) == 0 &&
		(c.MinKernel == nil || f.Kernel.AtLeast(*c.MinKernel))
}

func hasArch(arches []Name, native seccomp.Arch) bool {
	for _, a := range arches {
		if arch, ok := archNamed(a.Text); ok && arch == native {
			return true
		}
	}
	return false
}

// dockerName returns the one name by which "arches" calls an architecture:
// Go's for amd64 and arm64, libseccomp's for the others. Docker knows neither
// mips nor x32, because no daemon is built for them.
func dockerName(a seccomp.Arch) string {
	switch a {
	case seccomp.ArchX86_64:
		return "amd64"
	case seccomp.ArchAARCH64:
		return "arm64"
	}
	return a.Name()
}

// archNamed reads a name of "arches". Docker misspells one architecture, and
// its readers have to write it so: both spellings are read.
func archNamed(s string) (seccomp.Arch, bool) {
	if s == "mips3l64n32" {
		return seccomp.ArchMIPSEL64N32, true
	}
	for a := seccomp.ArchX86; a.Valid(); a++ {
		if dockerName(a) == s {
			return a, true
		}
	}
	return 0, false
}
