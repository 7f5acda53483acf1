package thread

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const childEnv = "WEIR_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childEnv); mode != "" {
		child(mode)
		os.Exit(99)
	}
	os.Exit(m.Run())
}

// filter allows execve and exit_group, and kills the process at any other call.
func filter() []byte {
	var b []byte
	add := func(op uint16, jt, jf uint8, k uint32) {
		b = binary.NativeEndian.AppendUint16(b, op)
		b = append(b, jt, jf)
		b = binary.NativeEndian.AppendUint32(b, k)
	}
	calls := []uint32{unix.SYS_EXECVE, unix.SYS_EXIT_GROUP}
	add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, 0, 0, 0)
	for i, nr := range calls {
		add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, uint8(len(calls)-i), 0, nr)
	}
	add(unix.BPF_RET|unix.BPF_K, 0, 0, unix.SECCOMP_RET_KILL_PROCESS)
	add(unix.BPF_RET|unix.BPF_K, 0, 0, unix.SECCOMP_RET_ALLOW)
	return b
}

// child becomes /no/such/program under the filter, which fails: so that both calls
// and the exit are made, by a process in whatever state the mode says.
func child(mode string) {
	runtime.LockOSThread()
	if mode == "storm" {
		for range 4 {
			go func() { // garbage, and calls of every kind
				for {
					_ = fmt.Sprint(make([]byte, 100_000))
				}
			}()
		}
		go func() { // preemption
			for {
				syscall.Kill(os.Getpid(), syscall.SIGURG)
			}
		}()
		for range 1000 {
			runtime.Gosched()
		}
	}
	page, err := MapPage(3)
	if err != nil {
		os.Exit(98)
	}
	if err := Prctl(unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		os.Exit(96)
	}
	s := NewScript(page)
	f := s.NewFilter()
	program, name := "/no/such/program", "program"
	s.ResetSignals()
	s.Mark(PhaseExec)
	if mode == "no reaper" {
		refused := s.NewFilter()
		if err := refused.Set(make([]byte, unix.SizeofSockFilter), 0); err != nil { // it ends without a return
			os.Exit(94)
		}
		s.Fork(Reaper{Path: "/bin/false", Name: "false", Env: s.Strings(nil)}, refused)
		s.Execve(s.String("/bin/echo"), s.Strings([]string{"echo", "the program runs"}), s.Strings(nil))
		s.Become(page)
	}
	f.Attach()
	s.Execve(s.String(program), s.Strings([]string{name}), s.Strings([]string{"A=1"}))
	if err := f.Set(filter(), 0); err != nil {
		os.Exit(97)
	}
	s.Become(page)
}

// ended runs a child and returns how it ended, its page and its output.
func ended(t *testing.T, mode string) (*os.ProcessState, *Page, string) {
	t.Helper()
	fd, err := unix.MemfdCreate("page", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "page")
	defer f.Close()
	if err := f.Truncate(PageSize); err != nil {
		t.Fatal(err)
	}
	page, err := MapPage(fd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { page.Unmap() })
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{childEnv + "=" + mode}
	cmd.ExtraFiles = []*os.File{f}
	out, _ := cmd.Output() // to the end of all that the child has started
	return cmd.ProcessState, page, string(out)
}

func TestNothingHappensBetweenTheFilterAndExecve(t *testing.T) {
	for _, mode := range []string{"quiet", "storm"} {
		t.Run(mode, func(t *testing.T) {
			for i := range 50 {
				state, page, _ := ended(t, mode)
				if state.ExitCode() != 1 || page.Phase() != PhaseExecFailed || page.Errno() != unix.ENOENT {
					t.Fatalf("run %d: %v, phase %d, %v", i, state, page.Phase(), page.Errno())
				}
			}
		})
	}
}

func TestAReaperThatCannotStartTakesTheProgramWithIt(t *testing.T) {
	state, page, out := ended(t, "no reaper")
	if state.ExitCode() != 1 || page.Phase() != PhaseFilterRefused || page.Errno() != unix.EINVAL || out != "" {
		t.Errorf("%v, phase %d, %v, output %q", state, page.Phase(), page.Errno(), out)
	}
}

func TestAProgramThatTheKernelCannotTakeWholeIsAnError(t *testing.T) {
	for _, n := range []int{0, 1, 7, 9, 4097 * unix.SizeofSockFilter, 65537 * unix.SizeofSockFilter} {
		if err := NewScript(nil).NewFilter().Set(make([]byte, n), 0); err == nil {
			t.Errorf("%d bytes pass", n)
		}
	}
}

func TestAPageKeepsWhatFitsOfAFailure(t *testing.T) {
	p := &Page{}
	if p.Phase() != PhaseSetup {
		t.Error("a new page is not at setup")
	}
	long := strings.Repeat("reason ", PageSize)
	p.Fail(126, long)
	kind, text := p.Failure()
	if p.Phase() != PhaseSetupFailed || kind != 126 || text != long[:len(p.text)] {
		t.Errorf("phase %d, kind %d, %d bytes", p.Phase(), kind, len(text))
	}
}

func TestANulInAStringIsAnError(t *testing.T) {
	s := NewScript(nil)
	s.Strings([]string{"a", "b\x00c"})
	if s.Err() == nil {
		t.Error("it passes")
	}
}

func TestMoreCallsThanThereIsRoomForAreAnError(t *testing.T) {
	s := NewScript(nil)
	for range maxCalls {
		s.Call("", unix.SYS_GETPID)
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	s.End()
	if s.Err() == nil || s.Run() == nil {
		t.Error("it passes")
	}
}

// TestAScriptDoesWhatItSays runs in a thread of its own, which ends.
func TestAScriptDoesWhatItSays(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		page := &Page{}
		s := NewScript(page)
		s.Call("", unix.SYS_CLOSE, 1<<20).Tolerate(unix.EBADF)
		s.Call("", unix.SYS_CLOSE, 1<<20).Ignore()
		name, at := s.Room(16)
		number, where := s.Room(4)
		s.Call("", unix.SYS_GETPID).Store(where)
		s.Digits(where, at)
		var digits [][]byte
		for _, n := range []uint32{0, 9, 10, 4294967295} {
			text, to := s.Room(11)
			digits = append(digits, text)
			s.Digits(s.Bytes(binary.NativeEndian.AppendUint32(nil, n)), to)
		}
		timer := s.Call("make a timer", unix.SYS_TIMERFD_CREATE, unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK).Result()
		s.Call("set it", unix.SYS_TIMERFD_SETTIME, 0, 0, s.Words64(0, 0, 0, 2_000_000), 0).From(timer)
		rings, ring := s.Room(8)
		s.Call("wait for it", unix.SYS_READ, 0, ring, 8).From(timer).Again(unix.EAGAIN)
		s.Call("close it", unix.SYS_CLOSE).From(timer)
		s.Call("name the thread", unix.SYS_PRCTL, unix.PR_SET_NAME, at)
		s.Mark(PhaseExec)
		s.Unless(PhaseExec)
		zero := s.Call("", unix.SYS_CLOSE_RANGE, 1<<20, 1<<20, 0).Branch()
		s.Call("what a branch passes over", unix.SYS_CLOSE, 1<<20)
		s.Land(zero)
		s.Call("send to nobody", unix.SYS_WRITE, 1<<20, at, 1).From(where) // the process's number is no descriptor
		s.End()
		err := s.Run()
		if err == nil || err.Error() != "send to nobody: bad file descriptor" {
			t.Errorf("the script ends with %v", err)
		}
		pid := strconv.Itoa(os.Getpid())
		if got := string(name[:len(pid)+1]); got != pid+"\x00" || binary.NativeEndian.Uint32(number) != uint32(os.Getpid()) {
			t.Errorf("process %s is number %q, %d", pid, got, number)
		}
		if got := string(bytes.Join(digits, nil)); got != "0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x009\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0010\x00\x00\x00\x00\x00\x00\x00\x00\x004294967295\x00" {
			t.Errorf("the numbers are %q", got)
		}
		if n := binary.NativeEndian.Uint64(rings); n != 1 {
			t.Errorf("the timer rang %d times", n)
		}
		if comm, err := os.ReadFile("/proc/thread-self/comm"); string(comm) != pid+"\n" {
			t.Errorf("the thread is called %q, %v", comm, err)
		}
		if page.Phase() != PhaseExec {
			t.Errorf("the page is at %d", page.Phase())
		}
		s = NewScript(nil)
		s.Call("wait", unix.SYS_CLOSE_RANGE, 1<<20, 1<<20, 0).Some()
		if err := s.Run(); err == nil || err.Error() != "wait: the launcher has died" {
			t.Errorf("an end of file is %v", err)
		}
	}()
	<-done
}
