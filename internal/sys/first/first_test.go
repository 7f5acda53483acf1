//go:build linux && (amd64 || arm64)

package first

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// file writes the program to a file.
func file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "first")
	if err := os.WriteFile(path, ELF(), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestItIsASmallELFFile(t *testing.T) {
	f, err := elf.Open(file(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[runtime.GOARCH]
	if f.Machine != want || f.Type != elf.ET_EXEC || len(f.Progs) != 2 {
		t.Errorf("%v, %v, %d segments", f.Machine, f.Type, len(f.Progs))
	}
	for _, p := range f.Progs {
		if p.Flags&elf.PF_W != 0 && p.Flags&elf.PF_X != 0 {
			t.Errorf("%v can be written and executed", p.Type)
		}
	}
	if n := len(ELF()); n > 1500 {
		t.Errorf("it has %d bytes", n)
	}
}

func TestItSaysSoWhenItWasNotStartedByWeir(t *testing.T) {
	path := file(t)
	for _, name := range []string{path, "weir-init", "", "weir"} {
		cmd := exec.Command(path)
		cmd.Args = []string{name}
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 125 || string(out) != "weir-init: not started by weir\n" {
			t.Errorf("as %q: %v, %q", name, cmd.ProcessState, out)
		}
	}
}

// play has the program run a script and returns the script, its page, how it ended and
// what it wrote.
func play(t *testing.T, write func(*thread.Script)) (*thread.Script, *thread.Page, *os.ProcessState, string) {
	t.Helper()
	return playAs(t, nil, write)
}

// playAs has a command execute the program, which is its last argument, if it is not nil.
func playAs(t *testing.T, by []string, write func(*thread.Script)) (*thread.Script, *thread.Page, *os.ProcessState, string) {
	t.Helper()
	fd, err := unix.MemfdCreate("area", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "area")
	defer f.Close()
	area, err := thread.NewArea(fd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { area.Unmap() })
	s := area.Script()
	write(s)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(file(t))
	cmd.Args = []string{"weir-init"}
	if by != nil {
		cmd = exec.Command(by[0], append(by[1:len(by):len(by)], cmd.Path)...)
	}
	cmd.ExtraFiles = []*os.File{f}
	out, _ := cmd.Output()
	return s, area.Page(), cmd.ProcessState, string(out)
}

// The numbers of package thread and those of the assembly are the same if everything that
// a call can be does what it says.
func TestItDoesWhatAScriptSays(t *testing.T) {
	var pid, mapped []byte
	s, page, state, out := play(t, func(s *thread.Script) {
		var at uintptr
		pid, at = s.Room(8)
		pid[4] = 7 // no part of a result
		s.Call("ask for the number", unix.SYS_GETPID).Store(at)
		mapped, at = s.Room(4)
		s.Call("map at an offset of a byte", unix.SYS_MMAP, 0, 1, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, 0, 1).Tolerate(unix.EINVAL).Store(at)
		say := func(text string) {
			s.Call("say "+text, unix.SYS_WRITE, 1, s.String(text), uintptr(len(text)))
		}
		s.Call("tolerate", unix.SYS_CLOSE, 1<<20).Tolerate(unix.EBADF)
		s.Call("ignore", unix.SYS_CLOSE, 1<<20).Ignore()
		fd := s.Call("open", unix.SYS_OPENAT, uintptr(unix.AT_FDCWD&(1<<32-1)), s.String("/dev/null"), unix.O_RDONLY, 0).Result()
		s.Call("read nothing", unix.SYS_READ, 0, fd, 0).From(fd)
		s.Call("close", unix.SYS_CLOSE).From(fd)
		for _, n := range []uint32{0, 9, 10, 4294967295} {
			from := s.Bytes([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})
			b, to := s.Room(11)
			for i := range b {
				b[i] = 'x'
			}
			s.Digits(from, to)
			s.Call("say the number", unix.SYS_WRITE, 1, to, 11)
			say("\n")
		}
		timer := s.Call("make a timer", unix.SYS_TIMERFD_CREATE, unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK).Result()
		s.Call("set it", unix.SYS_TIMERFD_SETTIME, 0, 0, s.Words64(0, 0, 0, 2_000_000), 0).From(timer)
		_, rings := s.Room(8)
		s.Call("wait for it", unix.SYS_READ, 0, rings, 8).From(timer).Again(unix.EAGAIN)
		_, times := s.Room(11)
		s.Digits(rings, times)
		s.Call("say how often it rang", unix.SYS_WRITE, 1, times, 1)
		say("\n")
		s.Mark(thread.PhaseExec)
		s.Unless(thread.PhaseExec)
		branch := s.Call("branch", unix.SYS_GETUID).Branch() // root's is 0
		if os.Getuid() != 0 {
			branch = s.Call("branch", unix.SYS_CLOSE_RANGE, 1<<20, 1<<20, 0).Branch()
		}
		say("what is passed over")
		s.Land(branch)
		say("done")
		s.Call("wait", unix.SYS_READ, 0, s.String(" "), 1).Some()
		say("what comes after the end of a file")
	})
	want := "0\x00xxxxxxxxx\n9\x00xxxxxxxxx\n10\x00xxxxxxxx\n4294967295\x00\n1\ndone"
	if out != want {
		t.Errorf("it wrote %q", out)
	}
	if n := binary.LittleEndian.Uint64(pid); n != 7<<32|uint64(state.Pid()) {
		t.Errorf("process %d has the number %#x", state.Pid(), n)
	}
	if !bytes.Equal(mapped, make([]byte, 4)) {
		t.Error("the last of six arguments does not count")
	}
	i, errno := page.Refused()
	if state.ExitCode() != 1 || page.Phase() != thread.PhaseCallFailed || s.Failure(i, errno).Error() != "wait: the launcher has died" {
		t.Errorf("%v, phase %d, %v", state, page.Phase(), s.Failure(i, errno))
	}
}

func TestACallThatFailsIsNamed(t *testing.T) {
	s, page, state, _ := play(t, func(s *thread.Script) {
		s.Call("first", unix.SYS_GETPID)
		s.Call("second", unix.SYS_CLOSE, 1<<20)
	})
	i, errno := page.Refused()
	if state.ExitCode() != 1 || page.Phase() != thread.PhaseCallFailed || s.Failure(i, errno).Error() != "second: bad file descriptor" {
		t.Errorf("%v, phase %d, %v", state, page.Phase(), s.Failure(i, errno))
	}
}

func TestUnlessAndAnEndEndIt(t *testing.T) {
	for name, end := range map[string]func(*thread.Script){
		"unless": func(s *thread.Script) { s.Unless(thread.PhaseExec) },
		"an end": (*thread.Script).End,
	} {
		_, page, state, out := play(t, func(s *thread.Script) {
			end(s)
			s.Call("say", unix.SYS_WRITE, 1, s.String("on"), 2)
		})
		if state.ExitCode() != 1 || page.Phase() != thread.PhaseSetup || out != "" {
			t.Errorf("%s: %v, phase %d, %q", name, state, page.Phase(), out)
		}
	}
}

// program is an array of struct sock_filter that allows the calls and kills the process
// at any other.
func program(calls ...uint32) (b []byte) {
	add := func(op uint16, jt, jf uint8, k uint32) {
		b = append(b, byte(op), byte(op>>8), jt, jf, byte(k), byte(k>>8), byte(k>>16), byte(k>>24))
	}
	add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, 0, 0, 0)
	for i, nr := range calls {
		add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, uint8(len(calls)-i), 0, nr)
	}
	add(unix.BPF_RET|unix.BPF_K, 0, 0, unix.SECCOMP_RET_KILL_PROCESS)
	add(unix.BPF_RET|unix.BPF_K, 0, 0, unix.SECCOMP_RET_ALLOW)
	return b
}

func TestNothingHappensBetweenTheFilterAndExecve(t *testing.T) {
	_, page, state, _ := play(t, func(s *thread.Script) {
		s.Prctl("", unix.PR_SET_NO_NEW_PRIVS, 1)
		f := s.NewFilter()
		s.ResetSignals()
		s.Mark(thread.PhaseExec)
		f.Attach()
		s.Execve(s.String("/no/such/program"), s.Strings([]string{"program"}), s.Strings(nil))
		if err := f.Set(program(unix.SYS_EXECVE, unix.SYS_EXIT_GROUP), 0); err != nil {
			t.Error(err)
		}
	})
	if state.ExitCode() != 1 || page.Phase() != thread.PhaseExecFailed || page.Errno() != unix.ENOENT {
		t.Errorf("%v, phase %d, %v", state, page.Phase(), page.Errno())
	}
}

func TestAProcessThatMayNotExitTraps(t *testing.T) {
	_, page, state, _ := play(t, func(s *thread.Script) {
		s.Prctl("", unix.PR_SET_NO_NEW_PRIVS, 1)
		f := s.NewFilter()
		s.ResetSignals()
		f.Attach()
		s.Execve(s.String("/no/such/program"), s.Strings([]string{"program"}), s.Strings(nil))
		deny := program(unix.SYS_EXECVE)
		deny[2*8+4], deny[2*8+5], deny[2*8+6], deny[2*8+7] = 1, 0, 5, 0 // in place of the kill: errno 1
		if err := f.Set(deny, 0); err != nil {
			t.Error(err)
		}
	})
	ws := state.Sys().(syscall.WaitStatus)
	if !ws.Signaled() || page.Phase() != thread.PhaseExecFailed || page.Errno() != unix.ENOENT {
		t.Errorf("%v, phase %d, %v", state, page.Phase(), page.Errno())
	}
}

// Whoever starts weir may have signals blocked, or ignore them, as nohup does.
func TestTheProgramBeginsWithTheSignalsAsTheyAreByDefault(t *testing.T) {
	kerneltest.Require(t, kerneltest.Tool("bash"))
	_, _, state, out := playAs(t, []string{"env", "--ignore-signal", "--block-signal", "bash", "-c", `exec -a weir-init "$0"`}, func(s *thread.Script) {
		s.ResetSignals()
		s.Execve(s.String("/bin/grep"), s.Strings([]string{"grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"}), s.Strings(nil))
	})
	if want := "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"; out != want {
		t.Errorf("%v, it has\n%s", state, out)
	}
}

func TestAReaperThatCannotStartTakesTheProgramWithIt(t *testing.T) {
	_, page, state, out := play(t, func(s *thread.Script) {
		s.Prctl("", unix.PR_SET_NO_NEW_PRIVS, 1)
		refused := s.NewFilter()
		if err := refused.Set(make([]byte, unix.SizeofSockFilter), 0); err != nil { // it ends without a return
			t.Error(err)
		}
		s.Mark(thread.PhaseExec)
		s.Fork(thread.Reaper{Path: "/proc/self/exe", Name: "weir-reaper", Env: s.Strings(nil)}, refused)
		s.Execve(s.String("/bin/echo"), s.Strings([]string{"echo", "the program runs"}), s.Strings(nil))
	})
	if state.ExitCode() != 1 || page.Phase() != thread.PhaseFilterRefused || page.Errno() != unix.EINVAL || out != "" {
		t.Errorf("%v, phase %d, %v, output %q", state, page.Phase(), page.Errno(), out)
	}
}

func TestAReaperEndsAsItsProgramDoes(t *testing.T) {
	for _, c := range []struct {
		script string
		status int
	}{{"exit 0", 0}, {"exit 7", 7}, {"kill -TERM $$", 128 + 15}, {"(sleep 0.01; exit 3) & exit 5", 5}} {
		_, _, state, out := play(t, func(s *thread.Script) {
			s.Mark(thread.PhaseExec)
			s.Fork(thread.Reaper{Path: "/proc/self/exe", Name: "weir-reaper", Env: s.Strings(nil)}, nil)
			s.Execve(s.String("/bin/sh"), s.Strings([]string{"sh", "-c", "echo $PPID; " + c.script}), s.Strings(nil))
		})
		if _, err := strconv.Atoi(strings.TrimSpace(out)); err != nil || state.ExitCode() != c.status {
			t.Errorf("%s: %v, output %q", c.script, state, out)
		}
	}
}
