//go:build linux

package kernel_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// nobody is the user that unprivileged subjects run as.
const nobody = 65534

// order is the byte order of this machine.
var order = func() seccomp.ByteOrder {
	native, _ := seccomp.ArchNamed(runtime.GOARCH)
	return native.ByteOrder()
}()

// command makes the child of testdata/subject with a list of steps.
func command(t testing.TB, uid uint32, steps ...any) *exec.Cmd {
	t.Helper()
	args := []string{}
	for _, s := range steps {
		if prog, ok := s.(bpf.Program); ok {
			s = base64.StdEncoding.EncodeToString(prog.Raw(order))
		}
		args = append(args, fmt.Sprint(s))
	}
	cmd := exec.Command(kerneltest.Build(t, "./testdata/subject"), args...)
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	return cmd
}

// output runs the steps to their end and returns what they printed.
func output(t testing.TB, uid uint32, steps ...any) string {
	t.Helper()
	cmd := command(t, uid, steps...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Run() // a step that fails says so, and the exit status with it
	if cmd.ProcessState == nil || !cmd.ProcessState.Exited() {
		fmt.Fprintln(&out, cmd.ProcessState)
	}
	return out.String()
}

// A subject is a running child.
type subject struct {
	*exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

// start runs the steps and waits for a line that says wait.
func start(t testing.TB, wait string, steps ...any) *subject {
	t.Helper()
	s := &subject{Cmd: command(t, 0, steps...)}
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if s.in, err = s.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewScanner(out)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Process.Kill(); s.Wait() })
	for line := ""; line != wait; {
		line = s.line(t)
	}
	return s
}

// line returns the next line that the child prints.
func (s *subject) line(t testing.TB) string {
	t.Helper()
	if !s.out.Scan() {
		t.Fatalf("the child ended: %v", s.Wait())
	}
	return s.out.Text()
}

// ask asks a child that serves how many signals have reached it.
func (s *subject) ask(t testing.TB) (signals int) {
	t.Helper()
	fmt.Fprintln(s.in, "well?")
	if _, err := fmt.Sscanf(s.line(t), "well? %d", &signals); err != nil {
		t.Fatal(err)
	}
	return signals
}

// refusing returns a program that makes a call fail if a word of one argument
// has any bit of mask, and allows everything else.
func refusing(nr uintptr, arg int, mask uint32, errno unix.Errno) bpf.Program {
	return bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr), bpf.JumpIf(bpf.OpJeq, uint32(nr), 0, 3),
		bpf.LoadAbs(seccomp.OffsetLow(arg, order)), bpf.JumpIf(bpf.OpJset, mask, 0, 1),
		bpf.Ret(seccomp.ActErrno.With(uint16(errno))), bpf.Ret(seccomp.ActAllow.Return()),
	}
}

// without returns a program that makes a call fail.
func without(nr uintptr, errno unix.Errno) bpf.Program {
	return bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr), bpf.JumpIf(bpf.OpJeq, uint32(nr), 0, 1),
		bpf.Ret(seccomp.ActErrno.With(uint16(errno))), bpf.Ret(seccomp.ActAllow.Return()),
	}
}
