package seccomp

import (
	"fmt"
	"strconv"
	"strings"
)

// Facts are what a profile is resolved against. They are a plain value, so any
// machine can be asked about on any machine.
type Facts struct {
	Arch   Arch          // the native one of the kernel that will run the filter
	Kernel KernelVersion // decides minKernel
	Caps   Caps          // the bounding set of the process
}

// A KernelVersion is the first two numbers of a release: all that a profile can
// ask about.
type KernelVersion struct {
	Major, Minor uint16
}

// ParseKernelVersion reads "6.18", or a whole release such as
// "6.18.44-1-amd64": the two numbers at its start.
func ParseKernelVersion(s string) (KernelVersion, error) {
	major, rest, ok := strings.Cut(s, ".")
	minor := rest
	if i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		minor = rest[:i]
	}
	x, err1 := strconv.ParseUint(major, 10, 16)
	y, err2 := strconv.ParseUint(minor, 10, 16)
	if !ok || err1 != nil || err2 != nil {
		return KernelVersion{}, fmt.Errorf("kernel version %q is not MAJOR.MINOR, such as 6.18", s)
	}
	return KernelVersion{uint16(x), uint16(y)}, nil
}

// AtLeast reports whether v is w or newer.
func (v KernelVersion) AtLeast(w KernelVersion) bool {
	return v.Major > w.Major || v.Major == w.Major && v.Minor >= w.Minor
}

// String returns "6.18".
func (v KernelVersion) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }
