package thread

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"runtime"
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
	e, err := NewExec("/no/such/program", []string{"program"}, []string{"A=1"}, filter(), 0, page)
	if err != nil {
		os.Exit(97)
	}
	if err := Prctl(unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		os.Exit(96)
	}
	var r *Reaper
	if mode == "no reaper" {
		refused := make([]byte, unix.SizeofSockFilter) // it ends without a return
		if r, err = NewReaper("/proc/self/exe", "reaper", nil, nil, refused, 0, page, false); err != nil {
			os.Exit(94)
		}
		e, _ = NewExec("/bin/echo", []string{"echo", "the program runs"}, nil, nil, 0, page)
	}
	if err := ResetSignals(); err != nil {
		os.Exit(95)
	}
	if r != nil {
		ForkAndExec(e, r)
	}
	LoadAndExec(e)
}

// become runs a child and returns how it ended, its page and its output.
func become(t *testing.T, mode string) (*os.ProcessState, *Page, string) {
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
				state, page, _ := become(t, mode)
				if state.ExitCode() != 1 || page.Phase() != PhaseExecFailed || page.Errno() != unix.ENOENT {
					t.Fatalf("run %d: %v, phase %d, %v", i, state, page.Phase(), page.Errno())
				}
			}
		})
	}
}

func TestAReaperThatCannotStartTakesTheProgramWithIt(t *testing.T) {
	state, page, out := become(t, "no reaper")
	if state.ExitCode() != 1 || page.Phase() != PhaseFilterRefused || page.Errno() != unix.EINVAL || out != "" {
		t.Errorf("%v, phase %d, %v, output %q", state, page.Phase(), page.Errno(), out)
	}
}

func TestAProgramThatTheKernelCannotTakeWholeIsAnError(t *testing.T) {
	for _, n := range []int{1, 7, 9, 4097 * unix.SizeofSockFilter, 65537 * unix.SizeofSockFilter} {
		if _, err := NewExec("a", nil, nil, make([]byte, n), 0, &Page{}); err == nil {
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
	for _, c := range [][3]string{{"a\x00", "b", "c"}, {"a", "b\x00", "c"}, {"a", "b", "c\x00"}} {
		if _, err := NewExec(c[0], []string{c[1]}, []string{c[2]}, nil, 0, &Page{}); err == nil {
			t.Errorf("%q passes", c)
		}
	}
}
