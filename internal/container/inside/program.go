//go:build linux

package inside

import (
	"errors"
	"strings"

	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// Lookup finds the plan's program as execvp does, with the rights of the calling thread: by the PATH of the container unless there is a slash in it. The kind of
// the failure is that of [handover].
func lookupProgram(name string, env []string) (path string, kind uint32, err error) {
	if name == "" {
		return "", handover.FailNotFound, errors.New(`exec: "": executable file not found in $PATH`)
	}
	if strings.Contains(name, "/") {
		err := executable(name)
		switch err {
		case nil:
			return name, 0, nil
		case unix.ENOENT, unix.ENOTDIR:
			return "", handover.FailNotFound, errors.New(`exec: "` + name + `": stat ` + name + ": " + err.Error())
		}
		return "", handover.FailExec, errors.New(`exec: "` + name + `": ` + err.Error())
	}
	for dir := range strings.SplitSeq(variable(env, "PATH"), ":") {
		if dir == "" {
			dir = "." // as everywhere on Unix
		}
		if path := dir + "/" + name; executable(path) == nil {
			return path, 0, nil
		}
	}
	return "", handover.FailNotFound, errors.New(`exec: "` + name + `": executable file not found in $PATH`)
}

// executable returns nil if this thread may execute the file.
func executable(path string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return unix.EISDIR
	}
	return unix.Faccessat(unix.AT_FDCWD, path, unix.X_OK, unix.AT_EACCESS)
}

// variable returns the value of a variable, empty if there is none.
func variable(env []string, name string) string {
	for _, e := range env {
		if k, v, _ := strings.Cut(e, "="); k == name {
			return v
		}
	}
	return ""
}

// withHome returns env with HOME, if it has none or an empty one.
func withHome(env []string, home string) []string {
	if variable(env, "HOME") != "" {
		return env
	}
	var with []string
	for _, e := range env {
		if e != "HOME=" {
			with = append(with, e)
		}
	}
	return append(with, "HOME="+home)
}
