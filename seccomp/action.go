package seccomp

import (
	"fmt"
	"strconv"
)

// An Action is what the kernel does with a call. Its value is the action part
// of a filter's return word, SECCOMP_RET_* in include/uapi/linux/seccomp.h.
type Action uint32

const (
	ActKillProcess Action = 0x80000000 // kill every thread with SIGSYS; Linux 4.14
	ActKillThread  Action = 0x00000000 // kill the calling thread with SIGSYS
	ActTrap        Action = 0x00030000 // send SIGSYS, which the program may handle
	ActErrno       Action = 0x00050000 // skip the call, return an errno
	ActNotify      Action = 0x7fc00000 // ask the supervisor; Linux 5.0
	ActTrace       Action = 0x7ff00000 // ask the tracer; ENOSYS without one
	ActLog         Action = 0x7ffc0000 // run the call and log it; Linux 4.14
	ActAllow       Action = 0x7fff0000 // run the call
)

// Actions lists every action, the most restrictive first: the order in which
// the kernel lets one filter overrule another.
var Actions = [...]Action{
	ActKillProcess, ActKillThread, ActTrap, ActErrno, ActNotify, ActTrace, ActLog, ActAllow,
}

// String returns the name in a profile, such as SCMP_ACT_ERRNO.
func (a Action) String() string {
	switch a {
	case ActKillProcess:
		return "SCMP_ACT_KILL_PROCESS"
	case ActKillThread:
		return "SCMP_ACT_KILL_THREAD"
	case ActTrap:
		return "SCMP_ACT_TRAP"
	case ActErrno:
		return "SCMP_ACT_ERRNO"
	case ActNotify:
		return "SCMP_ACT_NOTIFY"
	case ActTrace:
		return "SCMP_ACT_TRACE"
	case ActLog:
		return "SCMP_ACT_LOG"
	case ActAllow:
		return "SCMP_ACT_ALLOW"
	}
	return fmt.Sprintf("Action(%#08x)", uint32(a))
}

// ParseAction reads the name of an action. SCMP_ACT_KILL is the older name of
// SCMP_ACT_KILL_THREAD. Case counts, as it does to runc.
func ParseAction(s string) (Action, bool) {
	if s == "SCMP_ACT_KILL" {
		return ActKillThread, true
	}
	for i := len(Actions) - 1; i >= 0; i-- { // most rules allow
		if Actions[i].String() == s {
			return Actions[i], true
		}
	}
	return 0, false
}

// Stricter reports whether the kernel prefers a to b when two filters disagree:
// it compares the words as signed numbers and takes the lower (kernel/seccomp.c,
// seccomp_run_filters).
func (a Action) Stricter(b Action) bool { return int32(a) < int32(b) }

// TakesErrno reports whether the action carries a number of the profile's
// (errnoRet): the errno of ERRNO, the message to the tracer of TRACE.
func (a Action) TakesErrno() bool { return a == ActErrno || a == ActTrace }

// A Return is the word that a filter returns: an action and 16 bits of data.
type Return uint32

// Masks of a Return, SECCOMP_RET_ACTION_FULL and SECCOMP_RET_DATA.
const (
	returnAction = 0xffff0000
	returnData   = 0x0000ffff
)

// With returns the word that carries data beside the action.
func (a Action) With(data uint16) Return { return Return(uint32(a) | uint32(data)) }

// Return returns the word of an action without data.
func (a Action) Return() Return { return Return(a) }

// ReturnErrno is the word that makes a call fail with e.
func ReturnErrno(e Errno) Return { return ActErrno.With(uint16(e)) }

// Action returns the action that the kernel takes for the word. A word that is
// no action's kills the process, as in the kernel.
func (r Return) Action() Action {
	a := Action(uint32(r) & returnAction)
	for _, known := range Actions {
		if a == known {
			return a
		}
	}
	return ActKillProcess
}

// Data returns the low 16 bits: an errno, or the message to a tracer.
func (r Return) Data() uint16 { return uint16(r & returnData) }

// Stricter reports whether the kernel prefers r to o when two filters disagree.
// The data does not count.
func (r Return) Stricter(o Return) bool {
	return int32(uint32(r)&returnAction) < int32(uint32(o)&returnAction)
}

// String names the action in short, with its data: "allow", "errno EPERM",
// "kill thread", "trace 7".
func (r Return) String() string {
	switch r.Action() {
	case ActErrno:
		return "errno " + Errno(r.Data()).String()
	case ActTrace:
		return "trace " + strconv.Itoa(int(r.Data()))
	case ActKillProcess:
		return "kill process"
	case ActKillThread:
		return "kill thread"
	case ActTrap:
		return "trap"
	case ActNotify:
		return "notify"
	case ActLog:
		return "log"
	}
	return "allow"
}
