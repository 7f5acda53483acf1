package libseccomp

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
)

// ErrTimeout is the answer to a filter that the library did not finish.
var ErrTimeout = errors.New("libseccomp did not return in time")

// ErrDied is the answer to a filter that ended the library's process.
var ErrDied = errors.New("libseccomp ended its process")

// WorkerArg is the only argument of a program that shall call [Serve].
const WorkerArg = "libseccomp-worker"

type request struct {
	Filter *Filter
	Pseudo bool
}

type reply struct {
	Output []byte
	Doing  string // with an errno, a Refusal; without, another error
	Errno  syscall.Errno
}

// Serve answers requests on the standard input until it ends.
func Serve() error {
	in, out := gob.NewDecoder(os.Stdin), gob.NewEncoder(os.Stdout)
	for {
		var q request
		if err := in.Decode(&q); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading a request: %w", err)
		}
		var r reply
		output, err := build(q.Filter, q.Pseudo)
		var refused *Refusal
		switch {
		case errors.As(err, &refused):
			r.Doing, r.Errno = refused.Doing, refused.Errno
		case err != nil:
			r.Doing = err.Error()
		default:
			r.Output = output
		}
		if err := out.Encode(&r); err != nil {
			return fmt.Errorf("writing a reply: %w", err)
		}
	}
}

// A Worker is a process of this executable that runs [Serve]. It is started
// again after a filter that it did not survive. One goroutine uses it.
type Worker struct {
	Limit time.Duration // for one filter

	cmd *exec.Cmd
	in  io.WriteCloser
	enc *gob.Encoder
	dec *gob.Decoder
}

// Program returns the library's program for a filter. The error is a *[Refusal],
// [ErrTimeout], [ErrDied], or trouble with the worker itself.
func (w *Worker) Program(f *Filter) (bpf.Program, error) {
	raw, err := w.ask(request{f, false})
	if err != nil {
		return nil, err
	}
	program, err := bpf.ParseRaw(raw, f.Native.ByteOrder())
	if err != nil {
		return nil, fmt.Errorf("reading libseccomp's program: %w", err)
	}
	f.repair(program)
	return program, nil
}

// Pseudo returns what the library says that a filter means. Its errors are those
// of [Worker.Program].
func (w *Worker) Pseudo(f *Filter) (Pseudo, error) {
	text, err := w.ask(request{f, true})
	return Pseudo(text), err
}

// repair undoes what only a filter for another byte order than the host's shows:
// where the end of a program is out of reach of a jump, the library repeats
// answers, and writes those in the host's byte order.
func (f *Filter) repair(program bpf.Program) {
	known := map[uint32]bool{uint32(f.Default): true, uint32(seccomp.ActKillThread): true}
	for i := range f.Rules {
		known[uint32(f.Rules[i].Return)] = true
	}
	for i := range program {
		in := &program[i]
		if swapped := bits.ReverseBytes32(in.K); in.Op == bpf.OpRet && !known[in.K] && known[swapped] {
			in.K = swapped
		}
	}
}

func (w *Worker) ask(q request) ([]byte, error) {
	if w.cmd == nil {
		if err := w.start(); err != nil {
			return nil, fmt.Errorf("starting a worker: %w", err)
		}
	}
	if err := w.enc.Encode(&q); err != nil {
		w.stop()
		return nil, fmt.Errorf("asking the worker: %w", err)
	}
	var r reply
	done := make(chan error, 1)
	go func() { done <- w.dec.Decode(&r) }()
	limit := time.NewTimer(w.Limit)
	defer limit.Stop()
	select {
	case err := <-done:
		if err != nil {
			w.stop()
			return nil, ErrDied
		}
	case <-limit.C:
		w.stop()
		<-done
		return nil, ErrTimeout
	}
	switch {
	case r.Errno != 0:
		return nil, &Refusal{r.Doing, r.Errno}
	case r.Doing != "":
		return nil, errors.New(r.Doing)
	}
	return r.Output, nil
}

func (w *Worker) start() error {
	cmd := exec.Command("/proc/self/exe", WorkerArg)
	cmd.Stderr = os.Stderr
	// A worker must not outlive the program while the library hangs.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	w.cmd, w.in, w.enc, w.dec = cmd, in, gob.NewEncoder(in), gob.NewDecoder(out)
	return nil
}

func (w *Worker) stop() {
	w.cmd.Process.Kill()
	w.cmd.Wait()
	w.cmd = nil
}

// Close ends the worker's process.
func (w *Worker) Close() {
	if w.cmd != nil {
		w.in.Close()
		w.cmd.Wait()
		w.cmd = nil
	}
}
