//go:build linux

package kerneltest_test

import (
	"runtime"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
)

// The program answers by the number of the call alone, so any architecture's
// numbers serve. Numbers that Linux does not have are free to be answered.
const (
	allowed = 1000 + iota
	failing
	succeeding
	trapping
	killingThread
	killingProcess
	traced
	supervised
)

func answering() bpf.Program {
	prog := bpf.Program{bpf.LoadAbs(seccomp.OffsetNr)}
	for nr, r := range []seccomp.Return{
		seccomp.ActAllow.Return(), seccomp.ActErrno.With(77), seccomp.ActErrno.With(0), seccomp.ActTrap.With(5),
		seccomp.ActKillThread.Return(), seccomp.ActKillProcess.Return(), seccomp.ActTrace.With(1), seccomp.ActNotify.Return(),
	} {
		prog = append(prog, bpf.JumpIf(bpf.OpJeq, uint32(allowed+nr), 0, 1), bpf.Ret(r))
	}
	return append(prog, bpf.Ret(seccomp.ActKillProcess.Return()))
}

func TestEachAnswerOfAFilterIsToldApart(t *testing.T) {
	kerneltest.Require(t, kerneltest.Feature(kernel.KeySyscall))
	want := map[seccomp.Nr]string{
		allowed:        "ENOSYS",
		failing:        seccomp.Errno(77).String(),
		succeeding:     "0",
		trapping:       "trapped, data 5",
		killingThread:  "thread killed",
		killingProcess: "process killed by SIGSYS",
		traced:         "ENOSYS",
		supervised:     "ENOSYS",
		9999:           "process killed by SIGSYS",
	}
	if runtime.GOARCH != "amd64" {
		want[trapping] = want[killingProcess]
	}
	var calls []kerneltest.Call
	for _, nr := range []seccomp.Nr{
		failing, killingProcess, allowed, trapping, trapping, succeeding, killingThread, traced, supervised, 9999, failing,
	} {
		calls = append(calls, kerneltest.Call{Nr: nr})
	}
	results := kerneltest.Run(t, answering(), 0, calls...)
	if len(results) != len(calls) {
		t.Fatalf("%d results for %d calls", len(results), len(calls))
	}
	for i, c := range calls {
		if got := results[i].String(); got != want[c.Nr] {
			t.Errorf("call %d, number %d: %s, want %s", i, c.Nr, got, want[c.Nr])
		}
	}
}

func TestArgumentsReachTheKernelInAllTheirBits(t *testing.T) {
	kerneltest.Require(t, kerneltest.Feature(kernel.KeySyscall))
	const value = 0x0123456789abcdef
	native, _ := seccomp.ArchNamed(runtime.GOARCH)
	order := native.ByteOrder()
	for i := range 6 {
		prog := bpf.Program{
			bpf.LoadAbs(seccomp.OffsetLow(i, order)), bpf.JumpIf(bpf.OpJeq, value&0xffffffff, 0, 3),
			bpf.LoadAbs(seccomp.OffsetHigh(i, order)), bpf.JumpIf(bpf.OpJeq, value>>32, 0, 1),
			bpf.Ret(seccomp.ActErrno.With(1)), bpf.Ret(seccomp.ActErrno.With(2)),
		}
		same, other := kerneltest.Call{Nr: failing}, kerneltest.Call{Nr: failing}
		same.Args[i] = value
		other.Args[i] = value ^ 1<<63
		got := kerneltest.Run(t, prog, 0, same, other)
		if got[0].Errno != 1 || got[1].Errno != 2 {
			t.Errorf("argument %d: %v and %v, want EPERM and ENOENT", i, got[0], got[1])
		}
	}
}

func TestTheI386DoorShowsAFilterI386Calls(t *testing.T) {
	kerneltest.Require(t, kerneltest.ABI(seccomp.ArchX86))
	prog := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetArch), bpf.JumpIf(bpf.OpJeq, uint32(seccomp.ArchX86.Audit()), 0, 3),
		bpf.LoadAbs(seccomp.OffsetLow(5, seccomp.LittleEndian)), bpf.JumpIf(bpf.OpJeq, 6, 0, 1),
		bpf.Ret(seccomp.ActErrno.With(77)), bpf.Ret(seccomp.ActErrno.With(78)),
	}
	call := kerneltest.Call{Arch: seccomp.ArchX86, Nr: 20, Args: [6]uint64{1, 2, 3, 4, 5, 6}}
	if got := kerneltest.Run(t, prog, 0, call)[0]; got.Errno != 77 {
		t.Errorf("the call: %v, want errno 77", got)
	}
}

func TestANumberWithBit30ReachesAFilterAsX32(t *testing.T) {
	kerneltest.Require(t, kerneltest.ABI(seccomp.ArchX86_64))
	prog := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr), bpf.JumpIf(bpf.OpJeq, 1<<30+39, 0, 1),
		bpf.Ret(seccomp.ActErrno.With(77)), bpf.Ret(seccomp.ActErrno.With(78)),
	}
	if got := kerneltest.Run(t, prog, 0, kerneltest.Call{Arch: seccomp.ArchX32, Nr: 1<<30 + 39})[0]; got.Errno != 77 {
		t.Errorf("the call: %v, want errno 77", got)
	}
}
