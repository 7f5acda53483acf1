package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/sys/first"
	"github.com/weir-dev/weir/internal/sys/thread"
	"github.com/weir-dev/weir/internal/userns"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// An ExitStatus is how the program of a container ended.
type ExitStatus struct {
	Code   int            // what it exited with
	Signal syscall.Signal // or the signal that ended it, 0 if none
}

// Status returns the status as a shell has it: the program's own, or 128 and the
// number of the signal.
func (s ExitStatus) Status() int {
	if s.Signal != 0 {
		return 128 + int(s.Signal)
	}
	return s.Code
}

// Run runs a container until its program ends and all its output is copied. The
// signals that end or inform a process are forwarded to the program meanwhile; they
// stay caught after it, so that none cuts short what the caller still has to clean
// up: signal.Reset gives them back. When ctx is done the container is killed.
//
// The error is an [*Error]. One that comes with a zero status is of a program
// that did not start; with another, of output that could not be written.
func Run(ctx context.Context, s *Spec) (ExitStatus, error) {
	if err := s.check(); err != nil {
		return ExitStatus{}, setupError("run container: %w", err)
	}
	// Until its guard stands, the container is killed when the thread that
	// started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	streams, err := openStreams(s)
	if err != nil {
		return ExitStatus{}, setupError("run container: %w", err)
	}
	defer streams.close()
	signals := catchSignals()
	c, err := start(s, streams)
	if err != nil {
		return ExitStatus{}, setupError("run container: %w", err)
	}
	defer c.close()
	cloned := thread.Now()
	<-signals.ready
	if err := c.release(s); err != nil {
		c.kill()
		return ExitStatus{}, setupError("run container: %w", err)
	}
	status, err := c.serve(ctx, s, streams, signals.caught)
	if s.Reached != nil {
		c.report(s.Reached, cloned)
	}
	return status, err
}

// report tells how long each stage took that was reached.
func (c *child) report(reached func(string, int64), cloned int64) {
	ended := thread.Now()
	reached("clone", cloned)
	entered := "namespaces"
	if c.builder == nil {
		entered = "weir-init"
	}
	for stage, name := range []string{entered, "root", "mounts", "user and program"} {
		if at := c.page.Reached(thread.Stage(stage)); at != 0 {
			reached(name, at)
		}
	}
	reached("the program", ended)
}

// A child is the container's first process as the launcher sees it. It is kept
// by its number, which is its own until it is reaped: os.Process would start
// another process first, to learn whether the kernel has descriptors for them.
type child struct {
	pid     int
	pidfd   int
	guard   guard
	first   *os.File // of the guard
	plan    *os.File // of weir-init
	page    *thread.Page
	control *os.File
	filter  handover.Release
	builder *builder // nil where weir-init makes the container
}

// start starts the first process in the container's namespaces. The container is made
// then, and waits before its program until it is told to go on.
func start(s *Spec, streams *streams) (_ *child, err error) {
	c := &child{pidfd: -1, guard: guard{pidfd: -1}}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	plan, err := s.plan(streams.size)
	if err != nil {
		return nil, err
	}
	attr := &syscall.SysProcAttr{
		Cloneflags: s.namespaces(),
		Setsid:     true, // away from the caller's terminal at once
		Pdeathsig:  syscall.SIGKILL,
		PidFD:      &c.pidfd,
	}
	ids, err := s.enterUserNS(plan, attr)
	if err != nil {
		return nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make the control socket: %w", err)
	}
	c.control = os.NewFile(uintptr(pair[0]), "control")
	theirs := os.NewFile(uintptr(pair[1]), "control")
	defer theirs.Close()
	files := []uintptr{
		0: streams.theirs[0].Fd(), 1: streams.theirs[1].Fd(), 2: streams.theirs[2].Fd(),
		handover.ControlFd: theirs.Fd(),
	}
	path, err := c.prepare(s, plan, &files)
	if err != nil {
		return nil, err
	}
	// The path is resolved in the child, when its descriptors are in place.
	c.pid, err = syscall.ForkExec(path, []string{handover.InitName}, &syscall.ProcAttr{
		Dir: "/",
		// Weir-init allocates little and lives for milliseconds.
		Env:   []string{"GOGC=off", "GOMAXPROCS=1"},
		Files: files,
		Sys:   attr,
	})
	if err != nil {
		return nil, userns.Explain(fmt.Errorf("start weir-init in new namespaces: %w", err))
	}
	streams.closeTheirs()
	if err = c.beginBuild(); err == nil {
		err = c.mapIDs(ids)
	}
	if err == nil {
		err = c.place(s.Cgroup)
	}
	if err != nil {
		c.kill()
		return nil, err
	}
	return c, nil
}

// prepare makes what the first process is started from, adds its descriptors to files,
// and returns its path.
func (c *child) prepare(s *Spec, p *handover.Plan, files *[]uintptr) (path string, err error) {
	if first.Exists {
		if c.first, err = openFirst(); err != nil {
			return "", err
		}
	}
	if !apart() {
		if c.builder, err = newBuilder(p, int(s.namespaces()&^unix.CLONE_NEWPID)); err != nil {
			return "", err
		}
		c.page = c.builder.area.Page()
		(*files)[handover.AreaFd] = c.builder.file.Fd()
		*files = append(*files, c.first.Fd())
		return handover.FirstPath, nil
	}
	init, err := s.Init.open()
	if err != nil {
		return "", err
	}
	if !first.Exists {
		c.first = init
	}
	if c.plan, err = planFile(p); err != nil {
		return "", err
	}
	if c.page, err = thread.MapPage(int(c.plan.Fd())); err != nil {
		return "", fmt.Errorf("map the plan: %w", err)
	}
	(*files)[handover.PlanFd] = c.plan.Fd()
	*files = append(*files, c.first.Fd(), init.Fd())
	return handover.InitPath, nil
}

// release puts a guard beside the container, and asks for its filter. Weir-init then lets
// the program start.
func (c *child) release(s *Spec) error {
	if err := c.startGuard(); err != nil {
		return err
	}
	program, flags := s.Program, s.Flags
	if s.Filter != nil {
		var err error
		if program, flags, err = s.Filter(); err != nil {
			return err
		}
		if len(program) == 0 {
			return errors.New("no filter came of the profile")
		}
	}
	if err := checkFilter(program, flags); err != nil {
		return err
	}
	// The thread that attaches the filter is the one that execve leaves, so TSYNC
	// has nothing to synchronise. It would kill the others mid-way.
	c.filter = handover.Release{Flags: uint32(flags &^ seccomp.FlagTSync), Program: program.Raw(nativeOrder())}
	if c.builder != nil {
		return nil
	}
	return c.send(c.filter.Marshal())
}

// goOn lets the program of a container start that the builder has made.
func (c *child) goOn(s *Spec) error {
	switch b := c.builder; {
	case b.err != nil:
		return b.err
	case (b.filter != nil) != (len(c.filter.Program) > 0):
		return setupError("the launcher and its plan disagree about a filter")
	case b.filter != nil:
		if err := b.filter.Set(c.filter.Program, c.filter.Flags); err != nil {
			return setupError("take the filter: %w", err)
		}
	}
	if err := limit(s.Cgroup); err != nil {
		return setupError("%w", err)
	}
	if err := c.send([]byte{handover.Go}); err != nil {
		return setupError("%w", err)
	}
	return nil
}

// send sends a message to the first process, which may have ended.
func (c *child) send(message []byte) error {
	if _, err := c.control.Write(message); err != nil && !hasEnded(err) {
		return fmt.Errorf("let the container start: %w", err)
	}
	return nil
}

// hasEnded reports whether an error of the control socket tells that the first process has
// ended: before it read all that was sent to it, ECONNRESET.
func hasEnded(err error) bool {
	return errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET)
}

// kill ends a container whose program has not started.
func (c *child) kill() {
	syscall.Kill(c.pid, syscall.SIGKILL)
	reap(c.pid)
}

// reap waits for the end of a child.
func reap(pid int) (ws syscall.WaitStatus, err error) {
	for {
		if _, err = syscall.Wait4(pid, &ws, 0, nil); err != syscall.EINTR {
			return ws, err
		}
	}
}

func (s *Spec) namespaces() uintptr {
	var own uintptr = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC
	if s.Cgroup == nil {
		own |= unix.CLONE_NEWCGROUP
	}
	if !s.HostNetwork {
		own |= unix.CLONE_NEWNET
	}
	return own
}

// close releases what is held for a container that has ended.
func (c *child) close() {
	if c.guard.pid != 0 {
		go reap(c.guard.pid) // it ends by itself, and nothing waits for it
	}
	closeFd(c.pidfd)
	closeFd(c.guard.pidfd)
	for _, f := range []*os.File{c.control, c.plan} {
		if f != nil {
			f.Close()
		}
	}
	if first.Exists && c.first != nil {
		c.first.Close()
	}
	switch {
	case c.builder != nil:
		c.builder.close()
	case c.page != nil:
		c.page.Unmap()
	}
}

func closeFd(fd int) {
	if fd >= 0 {
		unix.Close(fd)
	}
}

// hangupGrace is how long a program has to end when the caller's terminal is gone: as
// long as docker stop gives it.
const hangupGrace = 10 * time.Second

// serve looks after a container that was started until there is nothing left to do.
func (c *child) serve(ctx context.Context, s *Spec, streams *streams, signals <-chan os.Signal) (ExitStatus, error) {
	copied := streams.copy(c.receiveMaster)
	var built <-chan struct{}
	if c.builder != nil {
		built = c.builder.done
	}
	exited := make(chan error)
	go func() { exited <- c.watch() }()
	var ended syscall.Signal // by which a container that was not running yet was ended
	var failed, unguarded, unmade error
	done, hungUp := ctx.Done(), streams.hungUp
	var grace <-chan time.Time
	for running := exited; running != nil || copied != nil; {
		select {
		case unguarded = <-running:
			running = nil
			if built != nil && s.TTY {
				copied = nil // there will be no terminal
			}
		case <-built:
			built = nil
			if err := c.goOn(s); err != nil {
				syscall.Kill(c.pid, syscall.SIGKILL)
				unmade = err
			}
		case failed = <-copied:
			copied = nil
		case <-done:
			syscall.Kill(c.pid, syscall.SIGKILL)
			ended, done = syscall.SIGKILL, nil
		case <-hungUp:
			// Nobody sees it any more. The program learns of it from its own
			// terminal, but as the first of its namespace it does not end by
			// the signal alone.
			streams.master.Load().Close()
			grace, hungUp = time.After(hangupGrace), nil
		case <-grace:
			syscall.Kill(c.pid, syscall.SIGKILL)
		case caught := <-signals:
			sig := caught.(syscall.Signal)
			switch {
			case sig == syscall.SIGWINCH && s.TTY:
				streams.resize()
			case !forwarded(sig):
			case running == nil:
				// What is left is output that something outside of the
				// container holds open. The user has waited enough.
				if ends(sig) {
					copied = nil
				}
			case ends(sig) && c.page.Phase() == thread.PhaseSetup:
				syscall.Kill(c.pid, syscall.SIGKILL)
				ended = sig
			case sig == syscall.SIGTERM && s.Stop != 0:
				c.pass(s, s.Stop)
			default:
				c.pass(s, sig)
			}
		}
	}
	ws, err := reap(c.pid)
	if err != nil {
		return ExitStatus{}, setupError("run container: wait for it: %w", err)
	}
	if unguarded != nil {
		return ExitStatus{}, setupError("run container: %w", unguarded)
	}
	if err := c.failure(s.Args[0]); err != nil {
		return ExitStatus{}, err
	}
	if unmade != nil && unmade != errGone {
		return ExitStatus{}, unmade
	}
	return c.result(ws, ended, failed)
}

// result puts together how the container ended.
func (c *child) result(ws syscall.WaitStatus, ended syscall.Signal, failed error) (ExitStatus, error) {
	var status ExitStatus
	switch {
	case c.page.Phase() == thread.PhaseSetup && ended != 0:
		status.Signal = ended
	case c.page.Phase() == thread.PhaseSetup && ws.Signaled():
		return status, setupError("run container: weir-init was ended by %v before the container was set up", ws.Signal())
	case c.page.Phase() == thread.PhaseSetup:
		return status, setupError("run container: weir-init exited with %d before the container was set up", ws.ExitStatus())
	case ws.Signaled():
		status.Signal = ws.Signal()
	default:
		status.Code = ws.ExitStatus()
	}
	if failed != nil {
		return status, setupError("copy the container's output: %w", failed)
	}
	return status, nil
}
