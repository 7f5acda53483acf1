package syscalls

import (
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

func TestCallsBehindSocketcallAndIpc(t *testing.T) {
	for _, c := range []struct {
		name string
		arch seccomp.Arch
		via  string // empty: the call is not multiplexed there
		arg0 uint64
	}{
		{"socket", seccomp.ArchX86, "socketcall", 1},
		{"accept", seccomp.ArchX86, "socketcall", 5}, // has no number of its own
		{"sendmmsg", seccomp.ArchS390X, "socketcall", 20},
		{"recv", seccomp.ArchPPC64LE, "socketcall", 10},
		{"socket", seccomp.ArchMIPSEL, "socketcall", 1},
		{"semop", seccomp.ArchX86, "ipc", 1},
		{"msgctl", seccomp.ArchS390, "ipc", 14},
		{"shmctl", seccomp.ArchPPC, "ipc", 24},
		{"socket", seccomp.ArchX86_64, "", 0},
		{"socket", seccomp.ArchX32, "", 0},
		{"socket", seccomp.ArchARM, "", 0},
		{"socket", seccomp.ArchMIPS64, "", 0},
		{"shmat", seccomp.ArchAARCH64, "", 0},
		{"openat", seccomp.ArchX86, "", 0},
		{"socketcall", seccomp.ArchX86, "", 0},
		{"semtimedop_time64", seccomp.ArchX86, "", 0},
	} {
		via, arg0, ok := call(t, c.name).Multiplexed(c.arch)
		if via.String() != c.via || arg0 != c.arg0 || ok != (c.via != "") {
			t.Errorf("%s on %s: via %q, %d, %v; want %q, %d", c.name, c.arch.Name(), via, arg0, ok, c.via, c.arg0)
		}
	}
}

func TestEachSelectorIsOfOneCall(t *testing.T) {
	seen := map[[2]uint64]Call{}
	for c := range Calls() {
		via, arg0, ok := c.Multiplexed(seccomp.ArchX86)
		if !ok {
			continue
		}
		key := [2]uint64{uint64(via), arg0}
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s are both %s %d", other, c, via, arg0)
		}
		seen[key] = c
	}
	if len(seen) != 20+12 {
		t.Errorf("%d calls are multiplexed; socketcall has 20 and ipc 12", len(seen))
	}
}

func TestSelectedIsTheOtherWayRound(t *testing.T) {
	for name, want := range map[string]int{"socketcall": 20, "ipc": 12, "openat": 0} {
		count := 0
		for selector, c := range call(t, name).Selected() {
			via, arg0, ok := c.Multiplexed(seccomp.ArchX86)
			if !ok || via.String() != name || arg0 != selector {
				t.Errorf("%s %d selects %s, which is %s %d", name, selector, c, via, arg0)
			}
			count++
		}
		if count != want {
			t.Errorf("%s selects %d calls, want %d", name, count, want)
		}
	}
}
