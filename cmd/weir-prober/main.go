//go:build linux

// Weir-prober is what weir probe runs in a container: it reads calls from its
// standard input, makes each in a child of its own, and writes what became of
// them to its standard output. It knows neither what a call is nor what the
// policy says: weir chooses the calls and judges their outcomes, outside of the
// container.
//
// It runs under the filter that it is there to try, so it makes few calls of its
// own, those of Go's runtime and of package call beside read, write and
// exit_group, and links neither fmt nor os.
package main

import (
	"errors"

	"github.com/weir-dev/weir/internal/probe/wire"
	"github.com/weir-dev/weir/internal/sys/call"
	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

func main() {
	if err := run(); err != nil {
		unix.Write(2, []byte(err.Error()))
		unix.Exit(1)
	}
	unix.Exit(0)
}

func run() error {
	b, err := read(0)
	if err != nil {
		return doing("read the calls", err)
	}
	calls, err := wire.ReadCalls(b)
	if err != nil {
		return err
	}
	// SIGSYS is to end a child, not to reach Go's handler in it.
	if err := thread.ResetSignals(); err != nil {
		return doing("reset the signals", err)
	}
	outcomes := make([]call.Outcome, len(calls))
	for i := range calls {
		if outcomes[i], err = call.InChild(&calls[i]); err != nil {
			return doing("make a call in a child", err)
		}
	}
	return doing("write the outcomes", write(1, wire.Outcomes(outcomes)))
}

// read reads to the end of a file.
func read(fd int) ([]byte, error) {
	var b []byte
	for {
		var part [4096]byte
		n, err := unix.Read(fd, part[:])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case n == 0:
			return b, nil
		default:
			b = append(b, part[:n]...)
		}
	}
}

func write(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err != nil && err != unix.EINTR {
			return err
		}
		b = b[max(n, 0):]
	}
	return nil
}

// doing is err with what was being done when it came.
func doing(what string, err error) error {
	if err == nil {
		return nil
	}
	return errors.New(what + ": " + err.Error())
}
