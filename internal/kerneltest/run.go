//go:build linux

package kerneltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// A Call is a system call to make.
type Call struct {
	Arch seccomp.Arch // the native one, or on x86_64 also x32 and x86
	Nr   seccomp.Nr   // as a filter sees it: on x32 with bit 30
	Args [6]uint64
}

// A Result is what the kernel did with a call.
type Result struct {
	End   End
	Value uint64        // with Returned: what the call returned, if Errno is 0
	Errno syscall.Errno // with Returned: why it failed; with Trapped: the data of the filter's answer
	// Signal is what ended the process, with ProcessKilled.
	Signal syscall.Signal
}

// An End is how a call ended.
type End uint64

const (
	Unmade        End = iota // it was not made
	Returned                 // it came back
	Trapped                  // it raised SIGSYS, which reached a handler; elsewhere than on x86_64 that is ProcessKilled
	ThreadKilled             // the thread is gone and the process goes on
	ProcessKilled            // the process is gone
)

// String returns the errno's name, the value, or what was killed.
func (r Result) String() string {
	switch {
	case r.End == Unmade:
		return "not made"
	case r.End == Trapped:
		return fmt.Sprintf("trapped, data %d", int(r.Errno))
	case r.End == ThreadKilled:
		return "thread killed"
	case r.End == ProcessKilled:
		return "process killed by " + unix.SignalName(r.Signal)
	case r.Errno != 0:
		return seccomp.Errno(r.Errno).String()
	}
	return fmt.Sprint(r.Value)
}

// A Job is what the child gets to do, as JSON on its standard input. The page
// for the results is its file descriptor 3.
type Job struct {
	Program bpf.Program
	Flags   seccomp.Flag
	Calls   []Call
	First   int // the call to begin with
}

// Run loads prog with flags on a thread of a child and makes the calls there, in
// their order. After a call that kills, another child goes on with the next
// one. The child makes no other call on that thread, so the program may deny
// everything. Arguments are passed as they are: pointers should be invalid or 0.
func Run(t testing.TB, prog bpf.Program, flags seccomp.Flag, calls ...Call) []Result {
	t.Helper()
	path := Build(t, "github.com/weir-dev/weir/internal/kerneltest/testdata/calls")
	page, err := NewPage(len(calls))
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	for first := 0; first < len(calls); {
		job, err := json.Marshal(Job{prog, flags, calls, first})
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		child := exec.Command(path)
		child.Stdin, child.Stderr = bytes.NewReader(job), &stderr
		child.ExtraFiles = []*os.File{page.file}
		err = child.Run()
		made := page.made(first)
		first += len(made)
		switch exit := (*exec.ExitError)(nil); {
		case err == nil && len(made) > 0:
		case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() && first < len(calls):
			if stderr.Len() > 0 {
				t.Logf("the child at call %d: %s", first, stderr.Bytes())
			}
			page.Put(first, Result{End: ProcessKilled, Signal: exit.Sys().(syscall.WaitStatus).Signal()})
			first++
		default:
			t.Fatalf("the child at call %d: %v\n%s", first, err, stderr.Bytes())
		}
	}
	return page.made(0)
}
