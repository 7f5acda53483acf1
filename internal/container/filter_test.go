package container

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// tiny is a static program without a C library: it writes "ok" and exits with 42,
// two system calls in all.
func tiny(t *testing.T) string {
	t.Helper()
	var machine elf.Machine
	var code []byte
	switch runtime.GOARCH {
	case "amd64":
		machine, code = elf.EM_X86_64, []byte{
			0xb8, 1, 0, 0, 0, // mov $1, %eax: write
			0xbf, 1, 0, 0, 0, // mov $1, %edi
			0x48, 0x8d, 0x35, 19, 0, 0, 0, // lea text(%rip), %rsi
			0xba, 3, 0, 0, 0, // mov $3, %edx
			0x0f, 0x05, // syscall
			0xb8, 231, 0, 0, 0, // mov $231, %eax: exit_group
			0xbf, 42, 0, 0, 0, // mov $42, %edi
			0x0f, 0x05, // syscall
		}
	case "arm64":
		machine, code = elf.EM_AARCH64, []byte{
			0x20, 0x00, 0x80, 0xd2, // mov x0, #1
			0xe1, 0x00, 0x00, 0x10, // adr x1, text
			0x62, 0x00, 0x80, 0xd2, // mov x2, #3
			0x08, 0x08, 0x80, 0xd2, // mov x8, #64: write
			0x01, 0x00, 0x00, 0xd4, // svc #0
			0x40, 0x05, 0x80, 0xd2, // mov x0, #42
			0xc8, 0x0b, 0x80, 0xd2, // mov x8, #94: exit_group
			0x01, 0x00, 0x00, 0xd4, // svc #0
		}
	default:
		t.Skipf("there is no such program for %s", runtime.GOARCH)
	}
	code = append(code, "ok\n"...) // text
	const base, header = 0x400000, 64 + 56
	size := uint64(header + len(code))
	b := []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	le := binary.LittleEndian
	b = le.AppendUint16(b, uint16(elf.ET_EXEC))
	b = le.AppendUint16(b, uint16(machine))
	b = le.AppendUint32(b, 1)
	b = le.AppendUint64(b, base+header) // entry
	b = le.AppendUint64(b, 64)          // program headers
	b = le.AppendUint64(b, 0)
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{64, 56, 1, 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, 1) // PT_LOAD
	b = le.AppendUint32(b, 5) // r-x
	for _, v := range []uint64{0, base, base, size, size, 4096} {
		b = le.AppendUint64(b, v)
	}
	return string(append(b, code...))
}

// only allows the calls given and answers every other with r.
func only(r seccomp.Return, calls ...uint32) bpf.Program {
	p := bpf.Program{bpf.LoadAbs(seccomp.OffsetNr)}
	for i, nr := range calls {
		p = append(p, bpf.JumpIf(bpf.OpJeq, nr, uint8(len(calls)-i), 0))
	}
	return append(p, bpf.Ret(r), bpf.Ret(seccomp.ActAllow.Return()))
}

// tinyImage is an image with nothing but the tiny program.
func tinyImage(t *testing.T) string {
	t.Helper()
	kerneltest.Require(t, kerneltest.Containers)
	dir := t.TempDir()
	write(t, dir, "tiny", tiny(t))
	return dir
}

// How often, in all; WEIR_TEST_RUNS asks for more.
func runs(t *testing.T) int {
	if s := os.Getenv("WEIR_TEST_RUNS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("WEIR_TEST_RUNS: %v", err)
		}
		return n
	}
	if testing.Short() {
		return 20
	}
	return 200
}

func TestAFilterNeedsToAllowExecveAndTheProgramsOwnCallsAlone(t *testing.T) {
	dir := tinyImage(t)
	program := only(seccomp.ActKillProcess.Return(), unix.SYS_EXECVE, unix.SYS_WRITE, unix.SYS_EXIT_GROUP)
	for _, user := range []string{"0", "1000"} {
		for _, nnp := range []bool{false, true} {
			t.Run("as user "+user+", no-new-privileges "+strconv.FormatBool(nnp), func(t *testing.T) {
				needIDs(t, user)
				n := runs(t) / 4
				for i := range n {
					s := over(t, dir, "/tiny")
					s.User, s.NoNewPrivs, s.Program = user, nnp, program
					r := run(t, s)
					if r.err != nil || r.Status() != 42 || r.out != "ok\n" || r.errOut != "" {
						t.Fatalf("run %d of %d: %+v", i, n, r)
					}
				}
			})
		}
	}
}

func TestTheFilterIsAttachedAndIsWhatWasGiven(t *testing.T) {
	dir := tinyImage(t)
	t.Run("a call that it kills ends the program with SIGSYS", func(t *testing.T) {
		s := over(t, dir, "/tiny")
		s.Program = only(seccomp.ActKillProcess.Return(), unix.SYS_EXECVE, unix.SYS_EXIT_GROUP)
		if r := run(t, s); r.err != nil || r.Signal != syscall.SIGSYS || r.Status() != 159 || r.out != "" {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("a call that it answers with an errno does not happen", func(t *testing.T) {
		s := over(t, dir, "/tiny")
		s.Program = only(seccomp.ReturnErrno(seccomp.EPERM), unix.SYS_EXECVE, unix.SYS_EXIT_GROUP)
		if r := run(t, s); r.err != nil || r.Status() != 42 || r.out != "" {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("without a program there is none", func(t *testing.T) {
		s := shell(t, "grep Seccomp: /proc/self/status")
		equal(t, "status", output(t, s), "Seccomp:\t0\n")
	})
	t.Run("TSYNC has nothing to synchronise and is left out", func(t *testing.T) {
		for range 20 {
			s := over(t, dir, "/tiny")
			s.Program = only(seccomp.ActKillProcess.Return(), unix.SYS_EXECVE, unix.SYS_WRITE, unix.SYS_EXIT_GROUP)
			s.Flags = seccomp.FlagTSync
			if r := run(t, s); r.err != nil || r.Status() != 42 {
				t.Fatalf("got %+v", r)
			}
		}
	})
}

func TestAFilterThatDeniesTheStartIsToldOf(t *testing.T) {
	dir := tinyImage(t)
	eperm := seccomp.ReturnErrno(seccomp.EPERM)
	for _, c := range []struct {
		name    string
		program bpf.Program
		code    int
		message string
	}{
		{"it answers execve with an errno", only(eperm, unix.SYS_EXIT_GROUP), CodeExec, `exec: "/tiny": operation not permitted`},
		{"it answers every call with an errno, exit_group too", bpf.Program{bpf.Ret(eperm)}, CodeExec, `exec: "/tiny": operation not permitted`},
		{"it is no program to the kernel", bpf.Program{bpf.LoadAbs(seccomp.DataSize), bpf.Ret(eperm)}, CodeSetup, "attach the filter: invalid argument"},
		{"it has no instruction", bpf.Program{}, CodeSetup, "run container: an empty filter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := over(t, dir, "/tiny")
			s.Program = c.program
			wantError(t, run(t, s), c.code, c.message)
		})
	}
	t.Run("one that kills at execve ends the container with SIGSYS", func(t *testing.T) {
		s := over(t, dir, "/tiny")
		s.Program = bpf.Program{bpf.Ret(seccomp.ActKillProcess.Return())}
		if r := run(t, s); r.err != nil || r.Signal != syscall.SIGSYS {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("a flag that the kernel does not have is refused", func(t *testing.T) {
		s := over(t, dir, "/tiny")
		s.Program, s.Flags = only(eperm, unix.SYS_EXECVE), 1<<20
		wantError(t, run(t, s), CodeSetup, "attach the filter: invalid argument")
	})
	t.Run("one that there is not in the end starts no program", func(t *testing.T) {
		s := over(t, dir, "/tiny")
		s.Filter = func() (bpf.Program, seccomp.Flag, error) { return nil, 0, errors.New("it does not compile") }
		wantError(t, run(t, s), CodeSetup, "run container: it does not compile")
		s = over(t, dir, "/tiny")
		s.Filter = func() (bpf.Program, seccomp.Flag, error) { return nil, 0, nil }
		wantError(t, run(t, s), CodeSetup, "run container: no filter came of the profile")
		if left := children(t, os.Getpid(), "weir-init"); len(left) > 0 {
			t.Errorf("the first process is left: %v", left)
		}
	})
	t.Run("and nothing is left", func(t *testing.T) {
		if _, err := os.Stat(filepath.Join(dir, "proc")); err == nil {
			t.Error("a mount point was made in the layer")
		}
	})
}

// wantError is a result of a program that did not start.
func wantError(t *testing.T, r result, code int, message string) {
	t.Helper()
	e, ok := r.err.(*Error)
	if !ok || e.Code != code || !strings.Contains(e.Error(), message) || r.Status() != 0 || r.out != "" {
		t.Errorf("got  %v, %+v\nwant error %d: %s", r.err, r, code, message)
	}
}
