//go:build linux

package call_test

import (
	"os"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/probe/wire"
	"github.com/weir-dev/weir/internal/sys/call"
	"github.com/weir-dev/weir/internal/sys/thread"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
)

// childEnv makes of the test binary a process that attaches a filter, makes the
// calls of cases in children, and writes the outcomes to its standard output.
const childEnv = "WEIR_TEST_CALLS"

// Numbers that Linux does not have: the filter knows them, the kernel does not.
const (
	failing = 1000 + iota
	failingWithTheLargest
	killing
	killingThread
	trapping
	unknown
)

var cases = []struct {
	name string
	call call.Call
	want call.Outcome
}{
	{"a result", call.Call{Nr: unix.SYS_UMASK, Args: [6]uint64{0o22}}, call.Outcome{Value: 0o77}},
	{"one child knows nothing of what the one before did", call.Call{Nr: unix.SYS_UMASK, Args: [6]uint64{0o22}}, call.Outcome{Value: 0o77}},
	{"an errno of the kernel", call.Call{Nr: unix.SYS_CLOSE, Args: [6]uint64{1<<64 - 1}}, call.Outcome{Errno: unix.EBADF}},
	{"a call that the kernel does not know", call.Call{Nr: unknown}, call.Outcome{Errno: unix.ENOSYS}},
	{"an errno of the filter", call.Call{Nr: failing}, call.Outcome{Errno: 3333}},
	{"the largest errno", call.Call{Nr: failingWithTheLargest}, call.Outcome{Errno: 4095}},
	{"a process that is killed", call.Call{Nr: killing}, call.Outcome{Signal: unix.SIGSYS}},
	{"a thread that is killed", call.Call{Nr: killingThread}, call.Outcome{Signal: unix.SIGSYS}},
	{"a trap, which nothing handles", call.Call{Nr: trapping}, call.Outcome{Signal: unix.SIGSYS}},
	{"and life goes on", call.Call{Nr: failing}, call.Outcome{Errno: 3333}},
}

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	if err := makeCalls(); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Exit(0)
}

func makeCalls() error {
	runtime.LockOSThread()
	unix.Umask(0o77)
	if err := thread.ResetSignals(); err != nil {
		return err
	}
	if err := thread.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		return err
	}
	prog := bpf.Program{bpf.LoadAbs(seccomp.OffsetNr)}
	for nr, r := range map[uint32]seccomp.Return{
		failing: seccomp.ReturnErrno(3333), failingWithTheLargest: seccomp.ReturnErrno(4095),
		killing: seccomp.ActKillProcess.Return(), killingThread: seccomp.ActKillThread.Return(), trapping: seccomp.ActTrap.Return(),
	} {
		prog = append(prog, bpf.JumpIf(bpf.OpJeq, nr, 0, 1), bpf.Ret(r))
	}
	if err := kernel.Load(append(prog, bpf.Ret(seccomp.ActAllow.Return())), 0); err != nil {
		return err
	}
	var outcomes []call.Outcome
	for i := range cases {
		o, err := call.InChild(&cases[i].call)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, o)
	}
	_, err := os.Stdout.Write(wire.Outcomes(outcomes))
	return err
}

func TestEachWayThatACallEndsIsToldApart(t *testing.T) {
	kerneltest.Require(t, kerneltest.Feature(kernel.KeySyscall))
	child := exec.Command("/proc/self/exe")
	child.Env = append(os.Environ(), childEnv+"=1")
	child.Stderr = os.Stderr
	b, err := child.Output()
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.ReadOutcomes(b)
	if err != nil || len(got) != len(cases) {
		t.Fatalf("%d outcomes, %v", len(got), err)
	}
	for i, c := range cases {
		if got[i] != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got[i], c.want)
		}
	}
}

func TestTheI386DoorIsOpenedInAChild(t *testing.T) {
	kerneltest.Require(t, kerneltest.ABI(seccomp.ArchX86))
	if runtime.GOARCH != "amd64" {
		t.Skip("the door of i386 is one of x86_64")
	}
	// close(-1), by its number on i386. No signal is to come, so none is reset.
	o, err := call.InChild(&call.Call{I386: true, Nr: 6, Args: [6]uint64{1<<32 - 1}})
	if err != nil || o != (call.Outcome{Errno: unix.EBADF}) {
		t.Errorf("%+v, %v", o, err)
	}
}
