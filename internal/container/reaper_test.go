package container

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

func reaped(s *Spec) *Spec {
	s.Reaper = true
	return s
}

func TestWithAReaperTheContainerEndsAsItsProgramDoes(t *testing.T) {
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "exit 255": 255, "kill -9 $$": 137, "kill -15 $$": 143} {
		if r := run(t, reaped(shell(t, script))); r.err != nil || r.Status() != want {
			t.Errorf("%s: %v, status %d, want %d", script, r.err, r.Status(), want)
		}
	}
	dir := image(t)
	write(t, dir, "bin/garbage", "\x7fELF")
	wantError(t, run(t, reaped(over(t, dir, "nosuch"))), CodeNotFound, `exec: "nosuch": executable file not found in $PATH`)
	wantError(t, run(t, reaped(over(t, dir, "garbage"))), CodeExec, `exec: "garbage": exec format error`)
}

func TestTheReaperIsTheFirstProcessAndUnderTheSameFilter(t *testing.T) {
	dir := image(t)
	for _, user := range users(t) {
		s := over(t, dir, "sh", "-c", `sleep 0.1; cat /proc/1/cmdline; for p in 1 self; do grep -E '^(Uid|Cap(Eff|Bnd)|Seccomp|NoNewPrivs|Threads|SigIgn)' /proc/$p/status; done`)
		s.User, s.Program = user, only(seccomp.ActAllow.Return())
		lines := strings.Split(strings.TrimSpace(output(t, reaped(s))), "\n")
		if !strings.HasPrefix(lines[0], handover.ReaperName+"\x00") {
			t.Errorf("the first process is %q", lines[0])
		}
		_, lines[0], _ = strings.Cut(lines[0], "Uid:")
		lines[0] = "Uid:" + lines[0]
		if half := len(lines) / 2; strings.Join(lines[:half], "\n") != strings.Join(lines[half:], "\n") {
			t.Errorf("user %s: the two differ:\n%s", user, strings.Join(lines, "\n"))
		}
		if !strings.Contains(strings.Join(lines, "\n"), "Seccomp:\t2") {
			t.Errorf("no filter:\n%s", strings.Join(lines, "\n"))
		}
	}
}

func TestAReaperNeedsFourCallsBesideThoseOfTheProgram(t *testing.T) {
	dir := tinyImage(t)
	calls := []uint32{unix.SYS_EXECVE, unix.SYS_WRITE, unix.SYS_EXIT_GROUP, unix.SYS_RT_SIGTIMEDWAIT, unix.SYS_WAIT4, unix.SYS_KILL}
	for i := range 50 {
		s := reaped(over(t, dir, "/tiny"))
		s.Program = only(seccomp.ActKillProcess.Return(), calls...)
		if r := run(t, s); r.err != nil || r.Status() != 42 || r.out != "ok\n" {
			t.Fatalf("run %d: %v %+v", i, r.err, r)
		}
	}
	t.Run("and ends if one is refused, and does not spin", func(t *testing.T) {
		s := reaped(over(t, dir, "/tiny"))
		s.Program = only(seccomp.ActErrno.With(1), unix.SYS_EXECVE, unix.SYS_WRITE, unix.SYS_EXIT_GROUP)
		if r := run(t, s); r.err != nil || r.Status() != 125 {
			t.Errorf("%v %+v", r.err, r)
		}
	})
	for name, nr := range map[string]uint32{"rt_sigtimedwait": unix.SYS_RT_SIGTIMEDWAIT, "wait4": unix.SYS_WAIT4} {
		t.Run("be it "+name+" alone, while the program runs", func(t *testing.T) {
			s := reaped(shell(t, "sleep 1000"))
			s.Program = bpf.Program{
				bpf.LoadAbs(seccomp.OffsetNr), bpf.JumpIf(bpf.OpJeq, nr, 0, 1),
				bpf.Ret(seccomp.ReturnErrno(seccomp.EPERM)), bpf.Ret(seccomp.ActAllow.Return()),
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if r := runContext(t, ctx, s); r.err != nil || r.Status() != 125 {
				t.Errorf("%v %+v", r.err, r)
			}
		})
	}
}

func TestAProcessForTheProgramThatTheKernelRefusesIsToldOf(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	s := reaped(shell(t, "true"))
	s.User = "4712" // whose only process is the first one
	s.Rlimits = []Rlimit{{"nproc", unix.RLIMIT_NPROC, 1, 1}}
	wantError(t, run(t, s), CodeSetup, "start the program beside the first process: resource temporarily unavailable")
}

func TestTheReaperReapsWhatOthersLeave(t *testing.T) {
	got := output(t, reaped(shell(t, `
		for i in 1 2 3 4 5; do (sh -c 'exit 3' & exec true) & done; wait
		for i in 1 2 3 4 5; do (sleep .05 & exec true); done
		sleep .3
		cat /proc/[0-9]*/stat | grep -c ') Z '
		true
	`)))
	equal(t, "zombies", got, "0\n")
}

func TestTheReaperForwardsSignals(t *testing.T) {
	t.Run("to a program that has no handler for them, which as a first process would not end", func(t *testing.T) {
		s := reaped(shell(t, "echo started; exec sleep 1000"))
		cmd, _ := started(t, s)
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != 143 {
			t.Errorf("status %d", got)
		}
	})
	t.Run("all of them, once each", func(t *testing.T) {
		s := reaped(shell(t, "for s in HUP INT USR1 USR2; do trap \"echo $s\" $s; done; trap 'echo TERM; exit 0' TERM; echo started; while true; do sleep .01; done"))
		cmd, out := started(t, s)
		for name, sig := range map[string]os.Signal{"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2} {
			cmd.Process.Signal(sig)
			if line, err := out.ReadString('\n'); err != nil || line != name+"\n" {
				t.Errorf("sent %s, the program tells of %q %v", name, line, err)
			}
		}
		cmd.Process.Signal(syscall.SIGTERM)
		if line, _ := out.ReadString('\n'); line != "TERM\n" {
			t.Errorf("got %q", line)
		}
		cmd.Wait()
	})
	t.Run("and leaves the terminal to the program", func(t *testing.T) {
		s := reaped(shell(t, "trap 'exit 3' INT; echo ready; read line; echo got $line; while true; do sleep .01; done"))
		s.TTY = true
		sc := sitDown(t, s)
		sc.see("ready")
		sc.master.Write([]byte("hello\r"))
		sc.see("got hello")
		sc.master.Write([]byte{3})
		sc.leave(3)
	})
	t.Run("and leaves those of the keyboard to the terminal", func(t *testing.T) {
		s := reaped(shell(t, "n=0; trap 'n=$((n+1)); echo interrupted $n' INT; trap 'exit 3' TERM; echo ready; while true; do sleep .01; done"))
		s.TTY = true
		sc := sitDown(t, s)
		sc.see("ready")
		sc.master.Write([]byte{3})
		sc.see("interrupted 1")
		time.Sleep(200 * time.Millisecond)
		if strings.Contains(sc.text(), "interrupted 2") {
			t.Errorf("one Ctrl-C is two signals:\n%s", sc.text())
		}
		sc.cmd.Process.Signal(syscall.SIGTERM)
		sc.leave(3)
	})
}

func TestWithAReaperSIGKILLOfTheLauncherEndsAll(t *testing.T) {
	mark := fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano())
	s := reaped(shell(t, "echo started; while true; do sleep 1000; done # "+mark))
	cmd, out := started(t, s)
	killed(t, cmd, out, mark)
}
