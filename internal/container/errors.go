package container

import (
	"errors"
	"fmt"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// The exit statuses of a program that did not start, as Docker gives them.
const (
	CodeSetup    = handover.FailSetup    // the container could not be set up
	CodeExec     = handover.FailExec     // the program cannot be executed
	CodeNotFound = handover.FailNotFound // there is no such program
)

// An Error is a container whose program did not start, or whose output was lost.
type Error struct {
	Code int // CodeSetup, CodeExec or CodeNotFound
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func setupError(format string, args ...any) error {
	return &Error{CodeSetup, fmt.Errorf(format, args...)}
}

// failure reads from the page why the program, which is called name, did not start: nil
// if it did, or if a signal ended the first process before it could say anything.
func (c *child) failure(name string) error {
	page := c.page
	switch page.Phase() {
	case thread.PhaseCallFailed:
		i, errno := page.Refused()
		if c.builder == nil {
			return setupError("start the program: %w", errno)
		}
		<-c.builder.done
		return &Error{CodeSetup, c.builder.script.Failure(i, errno)}
	case thread.PhaseSetupFailed:
		kind, text := page.Failure()
		if kind == CodeSetup {
			text = explainSetup(text)
		}
		return &Error{int(kind), errors.New(text)}
	case thread.PhaseLimitRefused:
		return setupError("limit the processes: %w", page.Errno())
	case thread.PhaseForkFailed:
		return setupError("start the program beside the first process: %w", page.Errno())
	case thread.PhaseFilterRefused:
		return setupError("attach the filter: %w", page.Errno())
	case thread.PhaseExecFailed:
		errno := page.Errno()
		err := fmt.Errorf("exec: %q: %w", name, errno)
		switch errno {
		case unix.ENOENT:
			return &Error{CodeNotFound, fmt.Errorf("%w (its interpreter is missing)", err)}
		case unix.ENOEXEC:
			return &Error{CodeExec, fmt.Errorf("%w (a program for another architecture, or a script without #!)", err)}
		}
		return &Error{CodeExec, err}
	}
	return nil
}
