//go:build linux

package installed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/engines"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
)

// patience is how long an engine may take. One that hangs uses up its processor
// time long before.
const patience = time.Minute

// A Question is what the container is started with.
type Question struct {
	Document   *engines.Document // nil is none
	Arch       seccomp.Arch      // this machine's
	Caps       seccomp.Caps
	NoNewPrivs bool
}

// An Answer is what came of it.
type Answer struct {
	Starts  bool
	Message string          // of the engine, if it does not start
	Filters []kernel.Filter // of the program, if it does
}

// Ask starts a container with the engine of a name or path. If it does not start
// under the profile, it is tried without: an engine that starts nothing here is
// an error.
func Ask(ctx context.Context, engine string, q Question) (Answer, error) {
	a, err := ask(ctx, engine, q)
	if err != nil || a.Starts || q.Document == nil {
		return a, err
	}
	q.Document = nil
	free, err := ask(ctx, engine, q)
	if err == nil && !free.Starts {
		err = fmt.Errorf("%s starts no container here, whatever the profile: %s", engine, free.Message)
	}
	return a, err
}

func ask(ctx context.Context, engine string, q Question) (Answer, error) {
	dir, unlock, err := workDir(engine)
	if err != nil {
		return Answer{}, err
	}
	defer unlock()
	c := container{engine: engine, dir: dir}
	defer c.remove()
	if err := writeBundle(dir, q.Arch, q); err != nil {
		return Answer{}, fmt.Errorf("making a bundle: %w", err)
	}
	leave, err := adoptOrphans()
	if err != nil {
		return Answer{}, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	message, err := c.start(ctx)
	if err != nil || message != "" {
		return Answer{Message: message}, err
	}
	pid, err := c.program(ctx)
	if err != nil {
		return Answer{}, err
	}
	if pid == 0 {
		return Answer{Message: "the container's process ended before its program began"}, nil
	}
	if q.Document == nil {
		return Answer{Starts: true}, nil
	}
	filters, err := kernel.ReadBack(pid)
	return Answer{Starts: true, Filters: filters}, err
}

// A container is one that the engine has made, or may have. Its id is the name of
// its directory.
type container struct{ engine, dir string }

func (c container) command(ctx context.Context, verb string, args ...string) *exec.Cmd {
	args = append([]string{"--root", filepath.Join(c.dir, "state"), verb}, args...)
	return exec.CommandContext(ctx, c.engine, append(args, filepath.Base(c.dir))...)
}

// start has the engine start the container, and returns what it says if it does
// not.
func (c container) start(ctx context.Context) (message string, err error) {
	log, err := os.Create(filepath.Join(c.dir, "log")) // a pipe would stay open as long as the container
	if err != nil {
		return "", err
	}
	defer log.Close()
	cmd := c.command(ctx, "run", "--detach", "--bundle", c.dir)
	cmd.Stdout, cmd.Stderr = log, log
	// The signal is for the death of the thread that starts the engine.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	limit := unix.Rlimit{Cur: cpuSeconds, Max: cpuSeconds}
	if err := unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_CPU, &limit, nil); err != nil && err != unix.ESRCH {
		cmd.Process.Kill()
		cmd.Wait()
		return "", fmt.Errorf("limiting the engine's processor time: %w", err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "", nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s did not end: %w", c.engine, context.Cause(ctx))
	case !errors.As(err, &exit):
		return "", err
	case exit.ExitCode() < 0:
		return fmt.Sprintf("%v, after %d seconds of processor time at most", exit.ProcessState, cpuSeconds), nil
	}
	text, err := os.ReadFile(log.Name())
	if message = lastLine(string(text)); message == "" {
		message = exit.ProcessState.String()
	}
	return message, err
}

// lastLine is the last that an engine says, without what runc logs before it.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	line := strings.TrimSpace(lines[len(lines)-1])
	if _, quoted, ok := strings.Cut(line, " level=error msg="); ok {
		if msg, err := strconv.Unquote(quoted); err == nil {
			return msg
		}
	}
	return line
}

// program waits until the container's program runs, and returns its process, or
// 0 if it will not.
func (c container) program(ctx context.Context) (int, error) {
	program, err := os.Stat(filepath.Join(c.dir, "rootfs", "program"))
	if err != nil {
		return 0, err
	}
	for ctx.Err() == nil {
		orphans := orphans()
		for _, pid := range orphans {
			exe, err := os.Stat(fmt.Sprintf("/proc/%d/exe", pid))
			if err == nil && os.SameFile(exe, program) {
				return pid, nil
			}
		}
		if len(orphans) == 0 {
			return 0, nil
		}
		time.Sleep(time.Millisecond)
	}
	return 0, fmt.Errorf("the container's program does not begin: %w", context.Cause(ctx))
}

// remove deletes the container and its directory, and kills what is left of it.
func (c container) remove() {
	// Not the context of the question: that may be why it is removed.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, pid := range orphans() {
		unix.Kill(pid, unix.SIGKILL)
	}
	c.command(ctx, "delete", "--force").Run() // there may be none
	for left := orphans(); len(left) > 0; left = orphans() {
		for _, pid := range left {
			unix.Kill(pid, unix.SIGKILL)
			unix.Wait4(pid, nil, 0, nil)
		}
	}
	os.RemoveAll(c.dir)
}
