//go:build linux

package kernel_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/sys"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// long is a program of every length's worth: 4096 different instructions.
func long() bpf.Program {
	prog := make(bpf.Program, bpf.MaxLen)
	for i := range prog {
		prog[i] = bpf.Instruction{Op: bpf.OpLdImm, K: uint32(i) * 0x9e3779b1}
	}
	prog[len(prog)-1] = allow[0]
	return prog
}

func requireReadBack(t testing.TB) {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack))
}

func TestReadBackReturnsTheVeryInstructionsInTheOrderOfLoading(t *testing.T) {
	requireReadBack(t)
	programs := []bpf.Program{allow, long(), without(unix.SYS_SWAPOFF, unix.EXDEV), allow}
	flags := []seccomp.Flag{0, seccomp.FlagLog, seccomp.FlagSpecAllow, seccomp.FlagLog | seccomp.FlagSpecAllow}
	var steps []any
	for i := range programs {
		steps = append(steps, "filter", programs[i], uint32(flags[i]))
	}
	target := start(t, "serving", append(steps, "serve")...)
	filters, err := kernel.ReadBack(target.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if len(filters) != len(programs) {
		t.Fatalf("%d filters, want %d", len(filters), len(programs))
	}
	for i, f := range filters {
		if !slices.Equal(f.Program, programs[i]) {
			t.Errorf("filter %d is not the program that was loaded", i)
		}
		if want := flags[i] & seccomp.FlagLog; f.Flags != want {
			t.Errorf("filter %d has the flags %v, want %v", i, f.Flags, want)
		}
	}
}

func TestEachThreadHasFiltersOfItsOwn(t *testing.T) {
	requireReadBack(t)
	const threads = 40
	target := start(t, "load 1 ok", "load", 0, 1, 2, "threads", threads, "serve")
	tids := make([]int, threads)
	for i := range tids {
		tids[i], _ = strconv.Atoi(target.line(t))
	}
	target.line(t)
	for i, tid := range tids {
		filters, err := kernel.ReadBack(tid)
		// Go starts threads from the main one or from one without a filter.
		if err != nil || len(filters) == 0 || filters[len(filters)-1].Program[0].K != uint32(i) {
			t.Errorf("thread %d: %v, %v", i, filters, err)
		}
	}
	if filters, err := kernel.ReadBack(target.Process.Pid); err != nil || len(filters) != 1 || len(filters[0].Program) != 2 {
		t.Errorf("the main thread: %v, %v", filters, err)
	}
}

func TestSignalsReachAThreadThatIsReadWithoutPause(t *testing.T) {
	requireReadBack(t)
	target := start(t, "serving", "filter", allow, 0, "serve")
	defer readForever(t, target.Process.Pid)()
	for sent := 1; sent <= 200; sent++ {
		if err := unix.Tgkill(target.Process.Pid, target.Process.Pid, 40); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(10 * time.Second); target.ask(t) != sent; {
			if time.Now().After(deadline) {
				t.Fatalf("signal %d was lost", sent)
			}
		}
	}
}

// Between the two requests that stop a thread a signal may come, and be what stops it.
func TestASignalThatStopsAThreadBeforeTheInterruptDoesIsHandedOn(t *testing.T) {
	requireReadBack(t)
	target := start(t, "serving", "filter", allow, 0, "serve")
	pid := target.Process.Pid
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := sys.PtraceSeize(pid); err != nil {
		t.Fatal(err)
	}
	if err := unix.Tgkill(pid, pid, 40); err != nil {
		t.Fatal(err)
	}
	for code := 0; code != sys.ChildTrapped; {
		code, _, _ = sys.WaitidPeek(pid)
	}
	if err := sys.PtraceInterrupt(pid); err != nil {
		t.Fatal(err)
	}
	pending, failed := kernel.AwaitStop(pid)
	if pending != 40 || failed != nil {
		t.Errorf("pending %d, %v", pending, failed)
	}
	if err := sys.PtraceDetach(pid, pending); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); target.ask(t) != 1; {
		if time.Now().After(deadline) {
			t.Fatal("the signal was lost")
		}
	}
}

// readForever reads filters in the background until the result is called.
func readForever(t *testing.T, tid int) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			default:
			}
			if _, err := kernel.ReadBack(tid); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

func TestAStoppedProcessIsReadAndStaysStopped(t *testing.T) {
	requireReadBack(t)
	target := start(t, "serving", "filter", allow, 0, "serve")
	target.Process.Signal(unix.SIGSTOP)
	waitState(t, target.Process.Pid, "T (stopped)")
	if _, err := kernel.ReadBack(target.Process.Pid); err != nil {
		t.Fatal(err)
	}
	waitState(t, target.Process.Pid, "T (stopped)")
	target.Process.Signal(unix.SIGCONT)
	target.ask(t)
}

func TestASleepIsNotCutShortWhateverTheProgramSaysOfRestartSyscall(t *testing.T) {
	requireReadBack(t)
	killing := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr), bpf.JumpIf(bpf.OpJeq, unix.SYS_RESTART_SYSCALL, 0, 1),
		bpf.Ret(seccomp.ActKillProcess.Return()), bpf.Ret(seccomp.ActAllow.Return()),
	}
	for name, prog := range map[string]bpf.Program{"allows it": allow, "kills for it": killing} {
		if name == "kills for it" && runtime.GOARCH != "amd64" {
			continue // as ReadBack says
		}
		t.Run("a program that "+name, func(t *testing.T) {
			target := start(t, "sleeping", "filter", prog, 0, "sleep")
			waitState(t, target.Process.Pid, "S (sleeping)")
			if _, err := kernel.ReadBack(target.Process.Pid); err != nil {
				t.Fatal(err)
			}
			if got := target.line(t); got != "sleep ok" {
				t.Error(got)
			}
		})
	}
}

func TestATargetThatIsKilledWhileItIsReadEndsAsKilled(t *testing.T) {
	requireReadBack(t)
	for i := range 50 {
		target := start(t, "serving", "filter", long(), 0, "serve")
		failed := make(chan error)
		go func() {
			for {
				if _, err := kernel.ReadBack(target.Process.Pid); err != nil {
					failed <- err
					return
				}
			}
		}()
		time.Sleep(time.Duration(i) * 37 * time.Microsecond)
		target.Process.Kill()
		if err := <-failed; !errors.Is(err, kernel.ErrThreadDied) && !errors.Is(err, kernel.ErrNoThread) {
			t.Errorf("reading: %v", err)
		}
		err := target.Wait()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGKILL {
			t.Errorf("its parent sees %v, want the signal KILL", err)
		}
	}
}

func TestATargetGoesOnWhenItsReaderIsKilled(t *testing.T) {
	requireReadBack(t)
	target := start(t, "serving", "filter", long(), 0, "serve")
	pid := target.Process.Pid
	for i := range 100 {
		reader := start(t, "watching", "watch", pid)
		time.Sleep(time.Duration(i) * 53 * time.Microsecond)
		reader.Process.Kill()
		reader.Wait()
		target.ask(t)
		if tracer := status(t, pid, "TracerPid"); tracer != "0" {
			t.Fatalf("process %s still traces it", tracer)
		}
	}
	if target.ask(t) != 0 {
		t.Error("signals came that nobody sent")
	}
}

func TestReadBackNamesTheCauseOfEachFailure(t *testing.T) {
	requireReadBack(t)
	target := start(t, "serving", "filter", allow, 0, "serve")
	plain := start(t, "serving", "serve")
	zombie := start(t, "serving", "serve")
	zombie.Process.Kill()
	waitState(t, zombie.Process.Pid, "Z (zombie)")
	metadata := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr), bpf.JumpIf(bpf.OpJeq, unix.SYS_PTRACE, 0, 3),
		bpf.LoadAbs(seccomp.OffsetLow(0, order)), bpf.JumpIf(bpf.OpJeq, unix.PTRACE_SECCOMP_GET_FILTER, 0, 1),
		bpf.Ret(seccomp.ReturnErrno(seccomp.Errno(unix.EINVAL))), bpf.Ret(seccomp.ActAllow.Return()),
	}
	pid := target.Process.Pid
	for _, c := range []struct {
		name  string
		uid   uint32
		steps []any
		want  string
	}{
		{"no such thread", 0, []any{"readback", 1 << 22}, "there is no such thread (ESRCH)\nhint: it may have ended meanwhile"},
		{"a process that has ended", 0, []any{"readback", zombie.Process.Pid}, "there is no such thread (EPERM)\nhint: it may have ended meanwhile"},
		{"a process without a filter", 0, []any{"readback", plain.Process.Pid}, "the thread has no filter (EINVAL)"},
		{"another user's process", nobody, []any{"readback", pid},
			"tracing the thread is not permitted (EPERM)\nhint: it needs CAP_SYS_PTRACE over the thread's user namespace, and a kernel.yama.ptrace_scope below 3"},
		{"a reader with a filter", 0, []any{"filter", allow, 0, "under", allow, "readback", pid},
			"the kernel shows filters only to a reader that has none itself (EACCES)\nhint: run outside any container, or in one with seccomp=unconfined"},
		{"a kernel without CONFIG_CHECKPOINT_RESTORE", 0, []any{"under", metadata, "readback", pid},
			"this kernel does not show filters (EINVAL)\nhint: it needs Linux 4.16 with CONFIG_CHECKPOINT_RESTORE=y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := output(t, c.uid, c.steps...)
			_, cause, _ := strings.Cut(got, ": ")
			if strings.TrimSpace(cause) != c.want {
				t.Errorf("printed\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	t.Run("the reader itself", func(t *testing.T) {
		if _, err := kernel.ReadBack(os.Getpid()); !errors.Is(err, kernel.ErrOwnThread) {
			t.Error(err)
		}
	})
	t.Run("a thread in strict mode", func(t *testing.T) {
		t.Setenv("GODEBUG", "asyncpreemptoff=1") // a signal would make Go's scheduler call
		target := start(t, "nnp ok", "nnp", "strict", "serve")
		tid, _ := strconv.Atoi(target.line(t))
		for deadline := time.Now().Add(10 * time.Second); status(t, tid, "Seccomp") != "1"; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the thread does not enter strict mode")
			}
		}
		if _, err := kernel.ReadBack(tid); !errors.Is(err, kernel.ErrStrictMode) {
			t.Error(err)
		}
	})
	t.Run("a process that another one traces", func(t *testing.T) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := sys.PtraceSeize(pid); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("another process traces the thread: process %d (EPERM)", os.Getpid())
		if got := output(t, 0, "readback", pid); !strings.Contains(got, want) {
			t.Errorf("printed\n%s\nwant\n%s", got, want)
		}
		if err := sys.PtraceInterrupt(pid); err != nil {
			t.Fatal(err)
		}
		for code := 0; code != sys.ChildTrapped; {
			code, _, _ = sys.WaitidPeek(pid)
		}
		if err := sys.PtraceDetach(pid, 0); err != nil {
			t.Fatal(err)
		}
	})
	target.ask(t)
}

func TestAThreadThatDoesNotStopIsLetGo(t *testing.T) {
	requireReadBack(t)
	target := start(t, "vforking", "filter", allow, 0, "vfork")
	waitState(t, target.Process.Pid, "D (disk sleep)")
	if _, err := kernel.ReadBack(target.Process.Pid); !errors.Is(err, kernel.ErrNotStopping) {
		t.Error(err)
	}
	for deadline := time.Now().Add(time.Second); status(t, target.Process.Pid, "TracerPid") != "0"; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is still traced")
		}
	}
	if got := target.line(t); got != "vfork ok" {
		t.Error(got)
	}
}

func waitState(t testing.TB, pid int, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); status(t, pid, "State") != want; {
		if time.Now().After(deadline) {
			t.Fatalf("the state of process %d is %s, want %s", pid, status(t, pid, "State"), want)
		}
		time.Sleep(time.Millisecond)
	}
}

func status(t testing.TB, pid int, field string) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\n"+field+":\t")
	value, _, _ := strings.Cut(rest, "\n")
	return value
}
