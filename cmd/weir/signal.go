package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/image"
)

// stopSignal decides which signal asks the program to stop: that of the flag, or of
// the image.
func (f *runFlags) stopSignal(spec *container.Spec, c image.Config) (err error) {
	switch {
	case f.stop != "":
		if spec.Stop, err = parseSignal(f.stop); err != nil {
			return fmt.Errorf("--stop-signal: %w", err)
		}
	case c.StopSignal != "":
		if spec.Stop, err = parseSignal(c.StopSignal); err != nil {
			return hintf(fmt.Errorf("the image's stop signal: %w", err), "--stop-signal names another one")
		}
	}
	return nil
}

// unheeded says once that a signal does not end the program, as it would outside of a
// container, and what does.
func (f *runFlags) unheeded(w io.Writer) func(syscall.Signal) {
	said := false
	return func(sig syscall.Signal) {
		if said {
			return
		}
		said = true
		fmt.Fprintf(w, "weir: note: %s does not end the program: the first process of a container gets none that it does not handle\n", unix.SignalName(sig))
		fmt.Fprintf(w, "hint: weir run --init starts another one first; kill -9 %d ends this container\n", os.Getpid())
	}
}

// parseSignal reads a signal as Docker writes it: TERM, SIGTERM, 15, RTMIN+3, with the
// C library's SIGRTMIN.
func parseSignal(s string) (syscall.Signal, error) {
	const first, last = 34, 64 // of the real-time signals
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	n, err := strconv.Atoi(name)
	if offset, real := strings.CutPrefix(name, "RTMIN"); real {
		n, err = signalFrom(first, offset)
	} else if offset, real := strings.CutPrefix(name, "RTMAX"); real {
		n, err = signalFrom(last, offset)
	} else if known := unix.SignalNum("SIG" + name); known != 0 {
		return known, nil
	}
	if err != nil || n < 1 || n > last {
		return 0, fmt.Errorf("%q is not a signal such as SIGINT, INT, 2 or RTMIN+3", s)
	}
	return syscall.Signal(n), nil
}

// signalFrom adds an offset as in RTMIN+3 to a signal, none if it is empty.
func signalFrom(base int, offset string) (int, error) {
	if offset == "" {
		return base, nil
	}
	if offset[0] != '+' && offset[0] != '-' {
		return 0, strconv.ErrSyntax
	}
	n, err := strconv.Atoi(offset)
	return base + n, err
}
