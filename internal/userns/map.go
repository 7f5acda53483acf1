package userns

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Map gives the ids to a process that was cloned into a new user namespace.
func (ids *IDs) Map(pid int) error {
	if ids.One() {
		return write(pid, file{"setgroups", "deny"}, file{"uid_map", lines(ids.UIDs)}, file{"gid_map", lines(ids.GIDs)})
	}
	if os.Geteuid() == 0 {
		return write(pid, file{"uid_map", lines(ids.UIDs)}, file{"gid_map", lines(ids.GIDs)})
	}
	// Both take a millisecond, most of it to start.
	groups := make(chan error, 1)
	go func() { groups <- help(newgidmap, pid, ids.GIDs) }()
	return errors.Join(help(newuidmap, pid, ids.UIDs), <-groups)
}

type file struct{ name, content string }

// write writes files of a process. One id needs no privilege, if setgroups(2) is
// given up: user_namespaces(7).
func write(pid int, files ...file) error {
	for _, f := range files {
		if err := os.WriteFile("/proc/"+strconv.Itoa(pid)+"/"+f.name, []byte(f.content), 0); err != nil {
			return fmt.Errorf("map ids: %w", err)
		}
	}
	return nil
}

func help(program string, pid int, ranges []Range) error {
	args := append([]string{strconv.Itoa(pid)}, strings.Fields(lines(ranges))...)
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		if said := bytes.TrimSpace(out); len(said) > 0 {
			err = fmt.Errorf("%s", said)
		}
		return fmt.Errorf("map your subordinate ids: %s: %w", program, err)
	}
	return nil
}

// lines writes a map as /proc/PID/uid_map has it.
func lines(ranges []Range) string {
	var b strings.Builder
	for _, r := range ranges {
		fmt.Fprintf(&b, "%d %d %d\n", r.Inside, r.Outside, r.Count)
	}
	return b.String()
}

// Explain says why a user namespace was refused to a plain user, as far as the
// machine tells.
func Explain(err error) error {
	if err == nil || !Needed() {
		return err
	}
	denied := errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES)
	switch reason := Forbidden(); {
	case reason != "" && (denied || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EINVAL)):
		return fmt.Errorf("%w (%s)", err, reason)
	case reason == "" && denied:
		return fmt.Errorf("%w (no setting of this machine forbids it: the filter of a container that weir is in may, a security module, or a chroot)", err)
	}
	return err
}

// Forbidden returns why plain users get no user namespace on this machine, as its
// settings tell; empty if they do not.
func Forbidden() string {
	switch {
	case unix.Access("/proc/self/ns/user", unix.F_OK) != nil:
		return "this kernel has no user namespaces"
	case setting("user/max_user_namespaces") == "0":
		return "user namespaces are off: sysctl user.max_user_namespaces is 0"
	case setting("kernel/unprivileged_userns_clone") == "0":
		return "user namespaces are root's alone: sysctl kernel.unprivileged_userns_clone is 0"
	case setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
		return "AppArmor restricts user namespaces to programs with a profile that allows them: sysctl kernel.apparmor_restrict_unprivileged_userns is 1"
	}
	return ""
}

// setting reads a setting of the kernel, empty if it does not have it.
func setting(path string) string {
	b, _ := os.ReadFile("/proc/sys/" + path)
	return strings.TrimSpace(string(b))
}
