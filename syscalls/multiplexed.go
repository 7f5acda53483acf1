package syscalls

import "github.com/weir-dev/weir/seccomp"

// Multiplexed reports whether the architecture offers the call through another
// one too: socket(2) on x86 is also socketcall(1, args), whatever number it has
// of its own. arg0 is the first argument of via that selects c; the arguments of
// c lie behind a pointer, where a filter cannot look.
//
// These are the calls and the architectures that libseccomp rewrites
// (src/syscalls.c, abi_rule_add, and the arch-*.c that name sys_socketcall).
//
// The kernel takes a version from the upper 16 bits of ipc's first argument and
// the call from the lower (ipc/syscall.c, ksys_ipc), except on s390, which
// refuses a version; arg0 is version 0, the one that libraries use.
func (c Call) Multiplexed(a seccomp.Arch) (via Call, arg0 uint64, ok bool) {
	name, arg0 := multiplexer(c.String())
	if name == "" {
		return 0, 0, false
	}
	via, _ = Lookup(name)
	if _, ok := via.Nr(a); !ok {
		return 0, 0, false
	}
	return via, arg0, true
}

// multiplexer returns the call and the selector of the constants SYS_SOCKET and
// on in include/uapi/linux/net.h, SEMOP and on in include/uapi/linux/ipc.h.
func multiplexer(name string) (via string, arg0 uint64) {
	switch name {
	case "socket":
		return "socketcall", 1
	case "bind":
		return "socketcall", 2
	case "connect":
		return "socketcall", 3
	case "listen":
		return "socketcall", 4
	case "accept":
		return "socketcall", 5
	case "getsockname":
		return "socketcall", 6
	case "getpeername":
		return "socketcall", 7
	case "socketpair":
		return "socketcall", 8
	case "send":
		return "socketcall", 9
	case "recv":
		return "socketcall", 10
	case "sendto":
		return "socketcall", 11
	case "recvfrom":
		return "socketcall", 12
	case "shutdown":
		return "socketcall", 13
	case "setsockopt":
		return "socketcall", 14
	case "getsockopt":
		return "socketcall", 15
	case "sendmsg":
		return "socketcall", 16
	case "recvmsg":
		return "socketcall", 17
	case "accept4":
		return "socketcall", 18
	case "recvmmsg":
		return "socketcall", 19
	case "sendmmsg":
		return "socketcall", 20
	case "semop":
		return "ipc", 1
	case "semget":
		return "ipc", 2
	case "semctl":
		return "ipc", 3
	case "semtimedop":
		return "ipc", 4
	case "msgsnd":
		return "ipc", 11
	case "msgrcv":
		return "ipc", 12
	case "msgget":
		return "ipc", 13
	case "msgctl":
		return "ipc", 14
	case "shmat":
		return "ipc", 21
	case "shmdt":
		return "ipc", 22
	case "shmget":
		return "ipc", 23
	case "shmctl":
		return "ipc", 24
	}
	return "", 0
}
