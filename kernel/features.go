//go:build linux

package kernel

import "github.com/weir-dev/weir/seccomp"

// The headings, in the order in which features are listed.
const (
	groupKernel  = "kernel"
	groupActions = "actions"
	groupFlags   = "flags"
	groupNotify  = "notifications"
	groupView    = "insight and speed"
	groupArch    = "architectures"
)

// The versions are from the history of include/uapi/linux/seccomp.h and of
// kernel/seccomp.c.

var basics = []Feature{
	{Key: KeyConfig, Name: "CONFIG_SECCOMP", Gives: "system calls can be restricted at all"},
	{Key: KeyConfigFilter, Name: "CONFIG_SECCOMP_FILTER", Gives: "restricted by a program"},
	{Key: KeyFilter, Name: "filter mode", Since: "3.5", Gives: "a container runs under the program of its profile"},
	{Key: KeySyscall, Name: "seccomp(2)", Since: "3.17", Gives: "the call with which weir attaches a program"},
}

var notifications = []Feature{
	{Key: KeyListener, Name: "listener", Since: "5.0", Gives: "a supervisor sees and answers single calls"},
	{Key: KeyContinue, Name: "SECCOMP_USER_NOTIF_FLAG_CONTINUE", Since: "5.5", Gives: "a supervisor lets a call go on, so watching changes nothing"},
	{Key: KeyAddFD, Name: "SECCOMP_IOCTL_NOTIF_ADDFD", Since: "5.9", Gives: "a supervisor opens a file in the container's place"},
	{Key: KeyAddFDSend, Name: "SECCOMP_ADDFD_FLAG_SEND", Since: "5.14", Gives: "the same, and the answer in one step that no signal can split"},
	{Key: KeySyncWakeUp, Name: "SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP", Since: "6.6", Gives: "answers on the same processor, which is faster"},
}

var insights = []Feature{
	{Key: KeyReadBack, Name: "PTRACE_SECCOMP_GET_FILTER", Since: "4.16", Gives: "weir shows the programs that a running process is under"},
	{Key: KeyBitmap, Name: "constant-action bitmap", Since: "5.11", Gives: "a call that is allowed whatever its arguments costs no run of the program"},
	{Key: KeyLog, Name: "kernel.seccomp.actions_logged", Since: "4.14", Gives: "denied calls are in the audit log"},
}

// actions has the kernel's name of each action and what it gives.
var actions = []struct {
	action seccomp.Action
	key    Key
	since  string
	gives  string
}{
	{seccomp.ActKillProcess, "action.kill_process", "4.14", "a forbidden call ends the whole program"},
	{seccomp.ActKillThread, "action.kill_thread", "3.5", "a forbidden call ends the thread; the answer to calls of foreign architectures"},
	{seccomp.ActTrap, "action.trap", "3.5", "a forbidden call raises SIGSYS, which the program may handle"},
	{seccomp.ActErrno, "action.errno", "3.5", "a forbidden call fails with an errno: what the default profile does"},
	{seccomp.ActNotify, "action.user_notif", "5.0", "a supervisor answers the call"},
	{seccomp.ActTrace, "action.trace", "3.5", "a tracer answers the call"},
	{seccomp.ActLog, "action.log", "4.14", "a call is allowed and logged: trying a profile out"},
	{seccomp.ActAllow, "action.allow", "3.5", "a call is allowed"},
}

var flags = []struct {
	flag  seccomp.Flag
	key   Key
	since seccomp.KernelVersion
	gives string
}{
	{seccomp.FlagTSync, "flag.tsync", version(3, 17), "one load filters all threads of a process; weir needs it nowhere"},
	{seccomp.FlagLog, "flag.log", version(4, 14), "calls that fail with an errno are logged too"},
	{seccomp.FlagSpecAllow, "flag.spec_allow", version(4, 17), "filtered programs keep their speed on processors with Spectre mitigations"},
	{seccomp.FlagNewListener, "flag.new_listener", version(5, 0), "a load returns the listener for a supervisor"},
	{seccomp.FlagTSyncESRCH, "flag.tsync_esrch", version(5, 7), "a listener and TSYNC together"},
	{seccomp.FlagWaitKillableRecv, "flag.wait_killable_recv", version(5, 19), "signals do not interrupt a call that a supervisor is working on"},
}

func version(major, minor uint16) seccomp.KernelVersion {
	return seccomp.KernelVersion{Major: major, Minor: minor}
}
