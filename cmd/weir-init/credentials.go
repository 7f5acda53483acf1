//go:build linux

package main

import (
	"errors"
	"strconv"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// setCredentials drops everything that the container is not granted and takes
// the user's ids. What is left is as Docker leaves it: for uid 0 the container's
// capabilities bounding, permitted and effective, for any other none but bounding.
//
// Attaching a filter needs CAP_SYS_ADMIN or no-new-privileges. Without the latter
// the former is kept as well, and execve takes it away: it gives uid 0 the
// bounding set and any other user nothing (capabilities(7), "Transformation of
// capabilities during execve"). So no call for it is made under the filter.
func setCredentials(p *handover.Plan, u user) error {
	if err := dropBounding(p.Caps); err != nil {
		return doing("drop the capabilities that are not granted", err)
	}
	if err := thread.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL); err != nil {
		return doing("clear the ambient capabilities", err)
	}
	if !p.OneID {
		if err := thread.Setgroups(u.groups); err != nil {
			return doing("set the supplementary groups", mapped(err))
		}
	}
	if err := thread.Setresgid(u.gid); err != nil {
		return doing("set group "+strconv.Itoa(int(u.gid)), mapped(err))
	}
	var caps uint64
	if u.uid == 0 {
		caps = p.Caps
	}
	if p.Confined && !p.NoNewPrivs {
		caps |= 1 << unix.CAP_SYS_ADMIN
	}
	if err := thread.Prctl(unix.PR_SET_KEEPCAPS, 1); err != nil {
		return doing("keep the capabilities over the change of user", err)
	}
	if err := thread.Setresuid(u.uid); err != nil {
		return doing("set user "+strconv.Itoa(int(u.uid)), mapped(err))
	}
	if err := thread.Prctl(unix.PR_SET_KEEPCAPS, 0); err != nil {
		return doing("keep the capabilities no longer", err)
	}
	if err := thread.Capset(caps); err != nil {
		return doing("set the capabilities", err)
	}
	if p.NoNewPrivs {
		if err := thread.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
			return doing("set no_new_privs", err)
		}
	}
	// The launcher's death is to kill the container, also where it takes the
	// guard with it. That was arranged at the start, but a change of credentials
	// takes it back (prctl(2)).
	return doing("tie the container to the launcher", thread.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL)))
}

// setRlimits limits what the program may use: as late as a limit can be raised,
// since weir-init lives under them from here on.
func setRlimits(limits []handover.Rlimit) error {
	for _, l := range limits {
		err := unix.Prlimit(0, int(l.Resource), &unix.Rlimit{Cur: l.Soft, Max: l.Hard}, nil)
		if err == unix.EPERM {
			err = errors.New("operation not permitted: it is higher than weir's own, and only CAP_SYS_RESOURCE over the host raises that")
		}
		if err != nil {
			return doing("set the limit "+l.Name, err)
		}
	}
	return nil
}

var errUnmapped = errors.New("you have no id for it; newuidmap (package uidmap) and lines for you in /etc/subuid and /etc/subgid give ids: weir check shows what is there")

// mapped explains the one reason for which the kernel finds an id invalid.
func mapped(err error) error {
	if err == unix.EINVAL {
		return errUnmapped
	}
	return err
}

// dropBounding removes every capability but keep from the bounding set, up to
// the last that this kernel has.
func dropBounding(keep uint64) error {
	for c := range uintptr(64) {
		if keep>>c&1 == 1 {
			continue
		}
		if err := thread.Prctl(unix.PR_CAPBSET_DROP, c); err == unix.EINVAL {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}
