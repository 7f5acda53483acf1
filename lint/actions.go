package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// Errnos after which programs make the same call again, and the largest that
// the generic table has (include/uapi/asm-generic/errno.h).
const (
	eintr   = 4
	eagain  = 11
	largest = 133
)

// checkActions looks at what rules return.
func (c *checker) checkActions() {
	p := c.profile
	c.checkReturn(p.Default, p.DefaultPos, "defaultAction")
	if p.Default.Action() == seccomp.ActNotify {
		c.add(misuse, Warning, p.DefaultPos, "defaultAction", "runc refuses NOTIFY as the default action", "name the calls to ask about in a rule")
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		c.checkReturn(r.Return, r.Pos, path(r, ""))
		if r.Return.Action() != seccomp.ActNotify {
			continue
		}
		for j, n := range r.Names {
			if n.Text == "write" {
				c.add(misuse, Warning, n.Pos, path(r, fmt.Sprintf(".names[%d]", r.Written(j))), "runc refuses NOTIFY for write: it needs the call to hand over the listener", "allow it")
			}
		}
	}
}

func (c *checker) checkReturn(ret seccomp.Return, pos profile.Pos, path string) {
	switch data := ret.Data(); ret.Action() {
	case seccomp.ActErrno:
		switch {
		case data == eintr || data == eagain:
			c.add(misuse, Warning, pos, path, fmt.Sprintf("programs repeat a call that fails with %v, and this one fails so forever", seccomp.Errno(data)), "EPERM and ENOSYS end the attempt")
		case data > largest && !c.errnoRefused(path):
			c.add(misuse, Warning, pos, path, fmt.Sprintf("no errno has the number %d", data), "errno(3) lists them")
		}
	case seccomp.ActKillThread:
		c.add(misuse, Note, pos, path, "KILL_THREAD ends one thread: the others go on, and may wait for it forever", "SCMP_ACT_KILL_PROCESS ends them all")
	case seccomp.ActTrace:
		c.add(misuse, Warning, pos, path, "TRACE without a tracer fails with ENOSYS, and no container engine attaches one", "SCMP_ACT_LOG runs the call and logs it")
	case seccomp.ActNotify:
		if c.profile.ListenerPath == "" {
			c.add(misuse, Warning, pos, path, "NOTIFY without a listenerPath: runc refuses to start, under crun the call fails with ENOSYS", "")
		}
	}
}

// errnoRefused reports whether the errno beside an action has been refused, so
// that the one at hand is not the author's.
func (c *checker) errnoRefused(path string) bool {
	errno := path + ".errno"
	if path == "defaultAction" {
		errno = "defaultErrno"
	}
	return slices.ContainsFunc(c.found, func(f Finding) bool { return f.Level == Error && strings.HasPrefix(f.Path, errno) })
}

// checkDialect finds the first of what only weir reads, and of what only Docker and
// Podman do.
func (c *checker) checkDialect() {
	p := c.profile
	if !p.Plain() {
		pos, at := p.DefaultPos, "defaultAction"
		if len(p.Extends) > 0 {
			pos, at = p.Extends[0].Pos, "extends"
		}
		c.add(dockerOnly, Note, pos, at, "weir's dialect: other readers do not know \"extends\" and groups, and ignore them; constants they refuse", "give them what weir flatten makes of it")
		return
	}
	what, pos, at := "", profile.Pos(0), ""
	if len(p.ArchMap) > 0 {
		what, pos, at = "archMap", p.ArchMap[0].Arch.Pos, "archMap"
	}
	conditional := 0
	for i := range p.Rules {
		if r := &p.Rules[i]; !r.Includes.Empty() || !r.Excludes.Empty() {
			if conditional++; conditional == 1 && what == "" {
				pos, at = r.Pos, path(r, "")
			}
		}
	}
	switch {
	case conditional > 0:
		c.add(dockerOnly, Note, pos, at, fmt.Sprintf("Docker's dialect: where a profile is read as the OCI's, as by containerd for Kubernetes, \"includes\" and \"excludes\" (in %d of %d rules here) are ignored and the rules always apply", conditional, len(p.Rules)),
			"give such a runtime what weir convert --to oci writes, which resolves them for a machine")
	case what != "":
		c.add(dockerOnly, Note, pos, at, "Docker's dialect: where a profile is read as the OCI's, as by containerd for Kubernetes, archMap is ignored and 32-bit programs are killed", `list "architectures" instead`)
	}
}
