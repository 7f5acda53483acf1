package probe

import (
	"slices"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/probe/wire"
	"github.com/weir-dev/weir/internal/sys/call"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// documented are the calls of Docker's table, as its documentation lists them.
const documented = `acct add_key bpf clock_adjtime clock_settime clone create_module delete_module
	finit_module get_kernel_syms get_mempolicy init_module ioperm iopl kcmp kexec_file_load kexec_load
	keyctl lookup_dcookie mbind mount move_pages name_to_handle_at nfsservctl open_by_handle_at
	perf_event_open personality pivot_root process_vm_readv process_vm_writev ptrace query_module
	quotactl reboot request_key set_mempolicy setns settimeofday stime swapon swapoff sysfs _sysctl
	umount umount2 unshare uselib userfaultfd ustat vm86 vm86old`

func TestTheTableIsTheDocumentedOneInOrder(t *testing.T) {
	want := strings.Fields(documented)
	slices.Sort(want)
	var got []string
	for _, e := range table {
		got = append(got, e.name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestEveryCallIsMadeOrSaysWhyNot(t *testing.T) {
	for _, a := range seccomp.Archs() {
		for _, c := range Table(a) {
			known, ok := syscalls.Lookup(c.Name)
			if !ok {
				t.Fatalf("%s is no call", c.Name)
			}
			nr, has := known.Nr(a)
			switch {
			case has && (c.Arch != a || c.Nr != nr || c.Unmade != ""):
				t.Errorf("%s: %s is native, and is %+v", a.Name(), c.Name, c)
			case !has && a == seccomp.ArchX86_64 && (c.Arch != seccomp.ArchX86 || !c.Foreign):
				t.Errorf("%s: %s is not made as one of i386: %+v", a.Name(), c.Name, c)
			case !has && a != seccomp.ArchX86_64 && (c.Arch != 0 || c.Unmade == ""):
				t.Errorf("%s: %s is made, and there is none: %+v", a.Name(), c.Name, c)
			}
		}
	}
}

func TestArgumentsAreThoseThatTheArchitectureSees(t *testing.T) {
	find := func(a seccomp.Arch, name string) Call {
		calls := Table(a)
		return calls[slices.IndexFunc(calls, func(c Call) bool { return c.Name == name })]
	}
	for _, c := range []struct {
		name string
		arch seccomp.Arch
		call string
		want [6]uint64
	}{
		{"the flags of clone come first", seccomp.ArchX86_64, "clone", [6]uint64{cloneNewUser | cloneFS}},
		{"and second on s390x", seccomp.ArchS390X, "clone", [6]uint64{0, cloneNewUser | cloneFS}},
		{"a register of 64 bits is full", seccomp.ArchX86_64, "setns", [6]uint64{1<<64 - 1}},
		{"one of 32 bits is extended with zeros", seccomp.ArchX86, "setns", [6]uint64{1<<32 - 1}},
	} {
		if got := find(c.arch, c.call).Args; got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, got, c.want)
		}
	}
}

func TestCallsAndOutcomesComeThrough(t *testing.T) {
	calls := []call.Call{{Nr: 7, Args: [6]uint64{1, 2, 3, 4, 5, 1<<64 - 1}}, {I386: true, Nr: 1<<32 - 1}}
	if got, err := wire.ReadCalls(wire.Calls(calls)); err != nil || !slices.Equal(got, calls) {
		t.Errorf("calls: %v, %v", got, err)
	}
	outcomes := []call.Outcome{{Signal: 31}, {Errno: 3333}, {Value: 1<<64 - 1}}
	if got, err := wire.ReadOutcomes(wire.Outcomes(outcomes)); err != nil || !slices.Equal(got, outcomes) {
		t.Errorf("outcomes: %v, %v", got, err)
	}
	if _, err := wire.ReadCalls(make([]byte, wire.CallSize+1)); err == nil {
		t.Error("calls that end within one are accepted")
	}
	if _, err := wire.ReadOutcomes(make([]byte, wire.OutcomeSize-1)); err == nil {
		t.Error("outcomes that end within one are accepted")
	}
}

func TestCallsThatTheKernelCountsAreLeftOut(t *testing.T) {
	calls := Table(seccomp.ArchX86_64)
	skipKexec(calls)
	var left []string
	for _, c := range calls {
		if c.Unmade != "" {
			left = append(left, c.Name)
		}
	}
	if !slices.Equal(left, []string{"kexec_file_load", "kexec_load"}) {
		t.Errorf("left out: %v", left)
	}
}
