//go:build linux

// Go looks for the number of processors in the files of the cgroup, and keeps them
// open: the host's, in a process that becomes a container.
//
//go:debug containermaxprocs=0
package main

import (
	"errors"
	"runtime"
	"strconv"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// The ids, capabilities and the filter belong to a thread, not to the process.
// The thread that main starts on is the one that becomes the program.
func init() { runtime.LockOSThread() }

func main() {
	if _, guarding := unix.Getenv(handover.GuardEnv); guarding {
		guard()
	}
	page, plan, err := receive()
	if err != nil {
		// There is no launcher: an image has executed /proc/self/exe, perhaps.
		unix.Write(2, []byte("weir-init: not started by weir: "+err.Error()+"\n"))
		unix.Exit(handover.FailSetup)
	}
	page.Reach(thread.StageStart)
	kind := uint32(handover.FailSetup)
	if plan.UserNS {
		err = awaitMapped()
	}
	var root *root
	if err == nil {
		root, err = build(plan, page)
	}
	if err == nil {
		page.Reach(thread.StageMount)
		kind, err = become(root, plan, page)
	}
	page.Fail(kind, err.Error())
	unix.Exit(1)
}

// receive maps the page and reads the plan that lies behind it.
func receive() (*thread.Page, *handover.Plan, error) {
	var st unix.Stat_t
	if err := unix.Fstat(handover.PlanFd, &st); err != nil {
		return nil, nil, doing("read the plan", err)
	}
	if st.Size < thread.PageSize {
		return nil, nil, errors.New("read the plan: there is none")
	}
	page, err := thread.MapPage(handover.PlanFd)
	if err != nil {
		return nil, nil, doing("map the page", err)
	}
	b := make([]byte, st.Size-thread.PageSize)
	n, err := unix.Pread(handover.PlanFd, b, thread.PageSize)
	if err != nil {
		return nil, nil, doing("read the plan", err)
	}
	plan, err := handover.Unmarshal(b[:n])
	return page, plan, err
}

// build makes the container around this process.
func build(p *handover.Plan, page *thread.Page) (*root, error) {
	unix.Umask(0) // the modes of nodes and directories are exact
	var late lateLimit
	if p.OwnCgroup {
		var err error
		if late, err = enterCgroup(); err != nil {
			return nil, doing("enter the container's cgroup", err)
		}
	}
	r, err := enterRoot(p)
	if err != nil {
		return nil, err
	}
	r.late = late
	page.Reach(thread.StageRoot)
	for _, m := range r.mounts {
		if err := r.mount(m); err != nil {
			return nil, doing("mount "+m.Source+" at "+m.Target, err)
		}
	}
	if err := r.populateDev(p); err != nil {
		return nil, err
	}
	if err := identity(r, p); err != nil {
		return nil, err
	}
	if p.Terminal {
		if err := r.openTerminal(p); err != nil {
			return nil, doing("open a terminal", err)
		}
	}
	if p.NullStdin {
		if err := r.nullStdin(); err != nil {
			return nil, doing("open /dev/null", err)
		}
	}
	if err := r.makeCwd(p.Cwd); err != nil {
		return nil, doing("make the working directory "+p.Cwd, err)
	}
	return r, r.restrict(p)
}

// become turns this process into the program of the container. It returns only
// on failure, with its kind.
func become(r *root, p *handover.Plan, page *thread.Page) (uint32, error) {
	user, err := r.lookupUser(p.User, p.Groups)
	if err != nil {
		return handover.FailSetup, err
	}
	if err := r.enterCwd(p.Cwd); err != nil {
		return handover.FailSetup, doing("enter the working directory "+p.Cwd, err)
	}
	if err := ownStdio(user.uid, p); err != nil {
		return handover.FailSetup, doing("give the standard streams to user "+strconv.Itoa(int(user.uid)), mapped(err))
	}
	unix.Umask(0o022)
	if err := setRlimits(p.Rlimits); err != nil {
		return handover.FailSetup, err
	}
	if err := setCredentials(p, user); err != nil {
		return handover.FailSetup, err
	}
	env := withHome(p.Env, user.home)
	path, kind, err := lookupProgram(p.Args[0], env)
	if err != nil {
		return kind, err
	}
	if err := unix.CloseRange(3, ^uint(0)>>32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return handover.FailSetup, doing("close the descriptors", err)
	}
	page.Reach(thread.StageReady)
	filter, err := awaitRelease()
	if err != nil {
		return handover.FailSetup, err
	}
	if p.Confined != (len(filter.Program) > 0) {
		return handover.FailSetup, errors.New("the launcher and its plan disagree about a filter")
	}
	exec, err := thread.NewExec(path, p.Args, env, filter.Program, filter.Flags, page)
	if err != nil {
		return handover.FailExec, doing("pass the arguments and the environment", err)
	}
	exec.Limit(r.late.fd, r.late.text)
	var reaper *thread.Reaper
	if p.Reaper {
		reaper, err = thread.NewReaper(handover.InitPath, handover.ReaperName, append([]string{"--"}, p.Args...), env, filter.Program, filter.Flags, page, p.Terminal)
		if err != nil {
			return handover.FailSetup, doing("make room for a first process", err)
		}
	}
	if err := thread.ResetSignals(); err != nil {
		return handover.FailSetup, doing("reset the signals", err)
	}
	if reaper != nil {
		thread.ForkAndExec(exec, reaper)
	}
	thread.LoadAndExec(exec)
	return handover.FailExec, errors.New("execve returned") // never
}

// awaitRelease waits for the filter, and until the launcher's death ends the
// container, whatever the program does. It fails if the launcher has died before.
func awaitRelease() (handover.Release, error) {
	b, err := receiveMessage(make([]byte, handover.MaxRelease))
	if err != nil {
		return handover.Release{}, err
	}
	r, ok := handover.UnmarshalRelease(b)
	if !ok {
		err = errors.New("the launcher has died")
	}
	return r, err
}

// awaitMapped waits until the ids of the user namespace are mapped: until then this
// process is nobody, and can make no file.
func awaitMapped() error {
	b, err := receiveMessage(make([]byte, 1))
	if err == nil && (len(b) != 1 || b[0] != handover.Mapped) {
		err = errors.New("the launcher has died")
	}
	return err
}

func receiveMessage(b []byte) ([]byte, error) {
	for {
		n, _, err := unix.Recvfrom(handover.ControlFd, b, 0)
		if err != unix.EINTR {
			return b[:max(n, 0)], doing("wait for the launcher", err)
		}
	}
}

// doing is err with what was being done when it came.
func doing(what string, err error) error {
	if err == nil {
		return nil
	}
	return errors.New(what + ": " + err.Error())
}
