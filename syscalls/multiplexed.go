package syscalls

import (
	"iter"

	"github.com/weir-dev/weir/seccomp"
)

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
	name := c.String()
	for i := range selectors {
		s := &selectors[i]
		if s.name != name {
			continue
		}
		via, _ = Lookup(s.via)
		if _, ok := via.Nr(a); !ok {
			return 0, 0, false
		}
		return via, s.arg0, true
	}
	return 0, 0, false
}

// Selected iterates over the calls that are multiplexed through c wherever there is
// c, in the order of the first arguments of c that select them.
func (c Call) Selected() iter.Seq2[uint64, Call] {
	return func(yield func(uint64, Call) bool) {
		name := c.String()
		for i := range selectors {
			if s := &selectors[i]; s.via == name {
				if call, _ := Lookup(s.name); !yield(s.arg0, call) {
					return
				}
			}
		}
	}
}

// The constants SYS_SOCKET and on in include/uapi/linux/net.h, SEMOP and on in
// include/uapi/linux/ipc.h.
var selectors = [...]struct {
	via  string
	arg0 uint64
	name string
}{
	{"socketcall", 1, "socket"},
	{"socketcall", 2, "bind"},
	{"socketcall", 3, "connect"},
	{"socketcall", 4, "listen"},
	{"socketcall", 5, "accept"},
	{"socketcall", 6, "getsockname"},
	{"socketcall", 7, "getpeername"},
	{"socketcall", 8, "socketpair"},
	{"socketcall", 9, "send"},
	{"socketcall", 10, "recv"},
	{"socketcall", 11, "sendto"},
	{"socketcall", 12, "recvfrom"},
	{"socketcall", 13, "shutdown"},
	{"socketcall", 14, "setsockopt"},
	{"socketcall", 15, "getsockopt"},
	{"socketcall", 16, "sendmsg"},
	{"socketcall", 17, "recvmsg"},
	{"socketcall", 18, "accept4"},
	{"socketcall", 19, "recvmmsg"},
	{"socketcall", 20, "sendmmsg"},
	{"ipc", 1, "semop"},
	{"ipc", 2, "semget"},
	{"ipc", 3, "semctl"},
	{"ipc", 4, "semtimedop"},
	{"ipc", 11, "msgsnd"},
	{"ipc", 12, "msgrcv"},
	{"ipc", 13, "msgget"},
	{"ipc", 14, "msgctl"},
	{"ipc", 21, "shmat"},
	{"ipc", 22, "shmdt"},
	{"ipc", 23, "shmget"},
	{"ipc", 24, "shmctl"},
}
