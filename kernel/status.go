//go:build linux

package kernel

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Release returns the kernel's release, such as "6.18.44-1-amd64": what `uname
// -r` prints.
func Release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "" // uname fails for a bad pointer only
	}
	return unix.ByteSliceToString(u.Release[:])
}

// statusField returns a field of /proc/WHO/status, "" if there is none: the
// thread is gone, the kernel is older than the field, or /proc is not mounted.
func statusField(who, field string) string {
	b, err := os.ReadFile("/proc/" + who + "/status")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
