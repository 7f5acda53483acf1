package container

import (
	"fmt"

	"github.com/weir-dev/weir/internal/userns"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// Grantable returns the capabilities that this process can grant a container:
// those both permitted to it and in its bounding set, or in a user namespace all
// that the kernel has.
func Grantable() (seccomp.Caps, error) {
	if userns.Needed() {
		var all seccomp.Caps
		for _, c := range userns.AllCaps() {
			all |= seccomp.CapSet(seccomp.Cap(c))
		}
		return all, nil
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 0, fmt.Errorf("ask for the capabilities of this process: %w", err)
	}
	permitted := seccomp.Caps(data[0].Permitted) | seccomp.Caps(data[1].Permitted)<<32
	var grantable seccomp.Caps
	for _, c := range permitted.List() {
		in, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(c), 0, 0, 0)
		if err != nil {
			return 0, fmt.Errorf("ask for the bounding set of this process: %w", err)
		}
		if in == 1 {
			grantable |= seccomp.CapSet(c)
		}
	}
	return grantable, nil
}
