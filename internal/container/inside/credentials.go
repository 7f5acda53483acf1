//go:build linux

package inside

import (
	"errors"
	"strconv"

	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// setCredentials adds what drops everything that the container is not granted and takes the
// user's ids. What is left is as Docker leaves it: for uid 0 the container's
// capabilities bounding, permitted and effective, for any other none but bounding.
//
// Attaching a filter needs CAP_SYS_ADMIN or no-new-privileges. Without the latter
// the former is kept as well, and execve takes it away: it gives uid 0 the
// bounding set and any other user nothing (capabilities(7), "Transformation of
// capabilities during execve"). So no call for it is made under the filter.
func (r *Root) setCredentials(s *thread.Script) {
	p, u := r.plan, &r.user
	for c := range uintptr(64) {
		if p.Caps>>c&1 == 0 { // EINVAL: this kernel does not have it
			s.Prctl("drop the capabilities that are not granted", unix.PR_CAPBSET_DROP, c).Tolerate(unix.EINVAL)
		}
	}
	s.Prctl("clear the ambient capabilities", unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL)
	if !p.OneID {
		s.Setgroups("set the supplementary groups", u.groups).Explain(mapped)
	}
	s.Setresgid("set group "+strconv.Itoa(int(u.gid)), u.gid).Explain(mapped)
	caps := r.caps()
	if p.Confined && !p.NoNewPrivs {
		caps |= 1 << unix.CAP_SYS_ADMIN
	}
	s.Prctl("keep the capabilities over the change of user", unix.PR_SET_KEEPCAPS, 1)
	s.Setresuid("set user "+strconv.Itoa(int(u.uid)), u.uid).Explain(mapped)
	s.Prctl("keep the capabilities no longer", unix.PR_SET_KEEPCAPS, 0)
	s.Capset("set the capabilities", caps)
	if p.NoNewPrivs {
		s.Prctl("set no_new_privs", unix.PR_SET_NO_NEW_PRIVS, 1)
	}
}

// caps are the capabilities that the user has.
func (r *Root) caps() uint64 {
	if r.user.uid == 0 {
		return r.plan.Caps
	}
	return 0
}

// setFileRights adds what gives a thread of a process that keeps its own ids the user's
// rights over files. As long as its other ids are the process's, nobody else of the host
// with the user's id may signal the thread or trace it, and so the process whose memory it
// shares; and it does not count among the user's processes.
func (r *Root) setFileRights(s *thread.Script) {
	s.Setgroups("set the supplementary groups", r.user.groups)
	s.Call("", unix.SYS_SETFSGID, uintptr(r.user.gid)) // the result is the one before
	s.Call("", unix.SYS_SETFSUID, uintptr(r.user.uid))
	s.Capset("set the capabilities", r.caps())
}

// setRlimits adds the limits of what the program may use: as late as a limit can be
// raised, since the process lives under them from there on.
func (r *Root) setRlimits(s *thread.Script) {
	for _, l := range r.plan.Rlimits {
		s.Call("set the limit "+l.Name, unix.SYS_PRLIMIT64, 0, uintptr(l.Resource), s.Words64(l.Soft, l.Hard), 0).Explain(func(err error) error {
			if err == unix.EPERM {
				return errors.New("operation not permitted: it is higher than weir's own, and only CAP_SYS_RESOURCE over the host raises that")
			}
			return err
		})
	}
}

var errUnmapped = errors.New("you have no id for it; newuidmap (package uidmap) and lines for you in /etc/subuid and /etc/subgid give ids: weir check shows what is there")

// mapped explains the one reason for which the kernel finds an id invalid.
func mapped(err error) error {
	if errors.Is(err, unix.EINVAL) {
		return errUnmapped
	}
	return err
}
