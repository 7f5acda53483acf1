package seccomp

import (
	"fmt"
	"strings"
)

// A Cap is a capability, CAP_* of include/uapi/linux/capability.h.
type Cap uint8

// Caps is a set of capabilities, in the kernel's own form: bit n is capability n.
type Caps uint64

var capNames = [...]string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
	"CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
	"CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
	"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
	"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",
	"CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
	"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
	"CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
	"CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
}

// AllCaps has every capability that weir knows.
const AllCaps = Caps(1<<len(capNames) - 1)

// DefaultCaps are the fourteen that Docker grants a container.
const DefaultCaps Caps = 0xa80425fb

// ParseCap reads the kernel's name, CAP_SYS_ADMIN. Case counts.
func ParseCap(s string) (Cap, bool) {
	for c, name := range capNames {
		if name == s {
			return Cap(c), true
		}
	}
	return 0, false
}

// CapNamed reads what people type: any case, with and without CAP_.
func CapNamed(s string) (Cap, bool) {
	s = strings.ToUpper(s)
	if !strings.HasPrefix(s, "CAP_") {
		s = "CAP_" + s
	}
	return ParseCap(s)
}

// String returns the kernel's name, CAP_SYS_ADMIN.
func (c Cap) String() string {
	if int(c) >= len(capNames) {
		return fmt.Sprintf("CAP_%d", uint8(c))
	}
	return capNames[c]
}

// CapSet returns the set of the given capabilities.
func CapSet(caps ...Cap) Caps {
	var s Caps
	for _, c := range caps {
		s |= 1 << c
	}
	return s
}

// Has reports whether c is in the set.
func (s Caps) Has(c Cap) bool { return s>>c&1 == 1 }

// List returns the members, lowest number first.
func (s Caps) List() []Cap {
	var list []Cap
	for c := Cap(0); c < 64; c++ {
		if s.Has(c) {
			list = append(list, c)
		}
	}
	return list
}
