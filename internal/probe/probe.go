package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	weir "github.com/weir-dev/weir"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/probe/wire"
	"github.com/weir-dev/weir/internal/sys/call"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// A Filter is what confines the container: a compiled profile, and what it was
// resolved against, so that it can be asked what a capability would change.
type Filter struct {
	*weir.Compiled
	Profile *profile.Profile
	Facts   seccomp.Facts
	Options weir.Options
}

// A Launch says what the calls are made in.
type Launch struct {
	// Spec has weir-init, the user, the capabilities, and whatever else is
	// the caller's to choose. The root file system, the program that is run, its
	// streams and the filter are filled in.
	Spec   container.Spec
	Prober []byte  // the ELF file of cmd/weir-prober
	Filter *Filter // nil leaves the container unconfined
}

// Run makes the calls of the table in a container and returns a row for each, in
// the same order. It needs what [container.Run] needs.
func Run(ctx context.Context, l *Launch) ([]Row, error) {
	native, ok := seccomp.ArchNamed(runtime.GOARCH)
	if !ok {
		return nil, fmt.Errorf("probe: no calls are known for %s", runtime.GOARCH)
	}
	calls := Table(native)
	if kexecCounted() {
		skipKexec(calls)
	}
	if l.Filter == nil {
		return l.unconfined(ctx, native, calls)
	}
	marked, err := markedProgram(l.Filter.Policy)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	first, err := l.ask(ctx, calls, l.Filter.Program)
	if err != nil {
		return nil, err
	}
	second, err := l.ask(ctx, calls, marked)
	if err != nil {
		return nil, err
	}
	rows := judge(l.Filter.Policy, calls, first, second)
	l.Filter.unlock(rows)
	return rows, nil
}

// unconfined makes the calls without a filter. There is no policy to disagree
// with, but weir itself may have been started under a filter, which no process
// that it starts can be without.
func (l *Launch) unconfined(ctx context.Context, native seccomp.Arch, calls []Call) ([]Row, error) {
	mode := Call{Name: "prctl", Arch: native, Nr: unix.SYS_PRCTL, Args: [6]uint64{unix.PR_GET_SECCOMP}}
	outcomes, err := l.ask(ctx, append(calls[:len(calls):len(calls)], mode), nil)
	if err != nil {
		return nil, err
	}
	if outcomes[len(calls)] != (call.Outcome{}) { // SECCOMP_MODE_DISABLED
		return nil, errors.New("probe: the container cannot be unconfined: weir itself was started under a filter")
	}
	return observe(calls, outcomes[:len(calls)]), nil
}

// ask has the calls made in a container under a program, nil for none, and
// returns their outcomes, empty ones for calls that cannot be made.
func (l *Launch) ask(ctx context.Context, calls []Call, prog bpf.Program) ([]call.Outcome, error) {
	var made []call.Call
	for i := range calls {
		if calls[i].Unmade == "" {
			made = append(made, calls[i].raw())
		}
	}
	b, err := l.exec(ctx, wire.Calls(made), prog)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	reported, err := wire.ReadOutcomes(b)
	if err != nil {
		return nil, fmt.Errorf("probe: read what the prober reports: %w", err)
	}
	if len(reported) != len(made) {
		return nil, fmt.Errorf("probe: the prober reports %d outcomes of %d calls", len(reported), len(made))
	}
	outcomes := make([]call.Outcome, len(calls))
	for i := range calls {
		if calls[i].Unmade == "" {
			outcomes[i], reported = reported[0], reported[1:]
		}
	}
	return outcomes, nil
}

// exec runs the prober in a container with nothing else in it and returns what it
// wrote to its standard output.
func (l *Launch) exec(ctx context.Context, input []byte, prog bpf.Program) (output []byte, err error) {
	dir, err := os.MkdirTemp("", "weir-probe-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the container: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err == nil && fs.Flags&unix.ST_NOEXEC != 0 {
		return nil, fmt.Errorf("%s is mounted noexec, so the prober cannot run there: TMPDIR may name another directory", os.TempDir())
	}
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(root, "weir-prober"), l.Prober, 0o755); err != nil {
		return nil, err
	}
	var files [3]*os.File
	for i, name := range [...]string{"in", "out", "err"} {
		if files[i], err = os.Create(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
		defer files[i].Close()
	}
	if _, err := files[0].WriteAt(input, 0); err != nil {
		return nil, err
	}
	spec := l.Spec
	spec.Rootfs, spec.Args = root, []string{"/weir-prober"}
	spec.Env = []string{"GOGC=off"} // it allocates little, and has no signals for a collector
	spec.TTY, spec.Stdin, spec.Stdout, spec.Stderr = false, files[0], files[1], files[2]
	spec.Program, spec.Flags = prog, 0
	if prog != nil {
		spec.Flags = l.Filter.Flags
	}
	status, err := container.Run(ctx, &spec)
	if err != nil {
		return nil, err
	}
	if status.Status() != 0 {
		message, _ := os.ReadFile(files[2].Name())
		return nil, &ProberError{Status: status, Message: string(message)}
	}
	return os.ReadFile(files[1].Name())
}

// A ProberError is a prober that did not come to its end: the filter denies
// something that it needs, of which it needs little.
type ProberError struct {
	Status  container.ExitStatus
	Message string // what it wrote to its standard error
}

func (e *ProberError) Error() string {
	if e.Status.Signal != 0 {
		return fmt.Sprintf("the prober was ended by %s", unix.SignalName(e.Status.Signal))
	}
	return fmt.Sprintf("the prober exited with %d: %s", e.Status.Code, strings.TrimSpace(e.Message))
}

// kexecCounted reports whether the kernel counts attempts to load another kernel,
// and so takes notice of those that fail too: kernel/kexec_core.c,
// kexec_load_permitted, since Linux 6.3. Then they are not made.
func kexecCounted() bool {
	b, err := os.ReadFile("/proc/sys/kernel/kexec_load_limit_reboot")
	if err != nil {
		return false
	}
	left, err := strconv.Atoi(strings.TrimSpace(string(b)))
	return err != nil || left > 0 // -1: not limited; 0: none is let through any more
}

func skipKexec(calls []Call) {
	for i := range calls {
		if strings.HasPrefix(calls[i].Name, "kexec_") && calls[i].Unmade == "" {
			calls[i].Unmade = "kernel.kexec_load_limit_reboot counts every attempt"
		}
	}
}
