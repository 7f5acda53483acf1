package lint

import (
	"fmt"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// What the init process of an engine calls between loading the filter and
// execve: found by leaving out one call at a time, with a static program on
// x86_64, runc 1.5 and crun 1.8. With no_new_privs both load it later.
var engines = [...]struct {
	name            string
	plain, late     string
	plainOr, lateOr string // also called, but an error does not stop it
}{
	{
		name:    "runc",
		plain:   "capget capset chdir close execve fstat fstatfs futex getcwd getdents64 getppid newfstatat openat openat2 prctl read setgid setgroups setuid statx write",
		late:    "close execve fstat fstatfs futex getdents64 openat openat2 statx write",
		plainOr: "clone close_range epoll_ctl faccessat2 fchown fcntl getpid madvise mmap munmap nanosleep rt_sigprocmask rt_sigreturn sched_yield sigaltstack tgkill",
		lateOr:  "clone fcntl madvise mmap munmap nanosleep rt_sigprocmask rt_sigreturn sched_yield sigaltstack",
	},
	{
		name:    "crun",
		plain:   "capset execve prctl rt_sigaction rt_sigprocmask setresgid setresuid write",
		late:    "execve",
		plainOr: "close",
		lateOr:  "close close_range",
	},
}

// checkEngines finds profiles under which runc or crun does not get as far as
// the program. weir run does: its filter goes in last.
func (c *checker) checkEngines() {
	for _, e := range engines {
		plain, late := c.missing(e.plain, e.plainOr), c.missing(e.late, e.lateOr)
		if len(plain) == 0 && len(late) == 0 {
			continue
		}
		msg := fmt.Sprintf("%s does not start a container under this profile: it needs %s", e.name, strings.Join(plain, ", "))
		if len(late) == 0 {
			msg += "; with no_new_privs it starts"
		} else if len(late) < len(plain) {
			msg += "; with no_new_privs, " + strings.Join(late, ", ")
		}
		c.add(engineStart, Note, c.profile.DefaultPos, "defaultAction", msg, "weir run needs none of these but execve")
	}
}

// missing returns which of the needed calls are denied, and which of the others
// would kill.
func (c *checker) missing(needed, others string) []string {
	var list []string
	for _, name := range strings.Fields(needed) {
		if v, _ := c.native(name); v == denied {
			list = append(list, name)
		}
	}
	for _, name := range strings.Fields(others) {
		if v, rule := c.native(name); v == denied && rule.Return.Action() != seccomp.ActErrno {
			list = append(list, name)
		}
	}
	return list
}
