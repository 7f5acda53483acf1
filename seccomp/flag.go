package seccomp

import "fmt"

// A Flag changes how seccomp(2) attaches a filter. Its value is the kernel's,
// SECCOMP_FILTER_FLAG_* in include/uapi/linux/seccomp.h. Flags are or-ed.
type Flag uint32

const (
	FlagTSync            Flag = 1 << 0 // all threads of the process; Linux 3.17
	FlagLog              Flag = 1 << 1 // log every action but allow; Linux 4.14
	FlagSpecAllow        Flag = 1 << 2 // leave speculation mitigations off; Linux 4.17
	FlagNewListener      Flag = 1 << 3 // return a listener; Linux 5.0
	FlagTSyncESRCH       Flag = 1 << 4 // ESRCH, not a thread id, when TSYNC fails; Linux 5.7
	FlagWaitKillableRecv Flag = 1 << 5 // a received notification waits killably; Linux 5.19
)

var flagNames = [...]struct {
	flag Flag
	name string
}{
	{FlagTSync, "SECCOMP_FILTER_FLAG_TSYNC"},
	{FlagLog, "SECCOMP_FILTER_FLAG_LOG"},
	{FlagSpecAllow, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"},
	{FlagNewListener, "SECCOMP_FILTER_FLAG_NEW_LISTENER"},
	{FlagTSyncESRCH, "SECCOMP_FILTER_FLAG_TSYNC_ESRCH"},
	{FlagWaitKillableRecv, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"},
}

// String returns the names in a profile, joined by "|", and "0" for none.
func (f Flag) String() string {
	s := ""
	for _, n := range flagNames {
		if f&n.flag != 0 {
			if s != "" {
				s += "|"
			}
			s += n.name
			f &^= n.flag
		}
	}
	switch {
	case f != 0 && s != "":
		return fmt.Sprintf("%s|%#x", s, uint32(f))
	case f != 0:
		return fmt.Sprintf("%#x", uint32(f))
	case s == "":
		return "0"
	}
	return s
}

// ParseFlag reads one flag that a profile may carry. The two that belong to the
// loader (NEW_LISTENER, TSYNC_ESRCH) are not among them.
func ParseFlag(s string) (Flag, bool) {
	for _, n := range flagNames {
		if n.name == s && n.flag != FlagNewListener && n.flag != FlagTSyncESRCH {
			return n.flag, true
		}
	}
	return 0, false
}
