package bpf

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"unsafe"

	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// These tests hold Check and Run against the running kernel. A filter cannot be
// taken off again, so the kernel is asked in a child: this test binary, started
// again with the name of a task in its environment. A task reads a question from
// standard input and writes its answer to standard output.

const taskVariable = "WEIR_BPF_TEST_TASK"

// In a child the main goroutine keeps the main thread, so that every other
// goroutine that locks its thread has one that can end.
func init() {
	if os.Getenv(taskVariable) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	tasks := map[string]func() error{
		"verdicts": verdicts, "results": results, "division": division, "limit": limit,
	}
	task, ok := tasks[os.Getenv(taskVariable)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := task(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// inChild runs a task and decodes its answer.
func inChild(t *testing.T, task string, question, answer any) {
	t.Helper()
	if err := unix.Prctl(unix.PR_GET_SECCOMP, 0, 0, 0, 0); errors.Is(err, unix.EINVAL) {
		cannotRun(t, "this kernel has no seccomp")
	}
	var in, out bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(question); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), taskVariable+"="+task)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("task %s: %v", task, err)
	}
	if err := gob.NewDecoder(&out).Decode(answer); err != nil {
		t.Fatal(err)
	}
}

func cannotRun(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("WEIR_TEST_MUST_RUN") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// native is the byte order of the running kernel.
func native() seccomp.ByteOrder {
	return seccomp.ByteOrder(binary.NativeEndian.Uint16([]byte{0, 1}) == 1)
}

// attach hands a program to the kernel for the calling thread. It returns what
// seccomp(2) does.
func attach(p Program, flags seccomp.Flag) (uintptr, unix.Errno) {
	raw := p.Raw(native())
	prog := struct {
		n      uint16
		filter *byte
	}{uint16(len(p)), unsafe.SliceData(raw)}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(flags), uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(raw)
	return r, errno
}

var allowAll = Program{Ret(seccomp.ActAllow.Return())}

func noNewPrivs() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }
