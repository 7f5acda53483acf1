//go:build linux

// Go looks for the number of processors in the files of the cgroup, and keeps them
// open: the host's, in a process that becomes a container.
//
//go:debug containermaxprocs=0
package main

import (
	"errors"
	"runtime"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/container/inside"
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
	kind, err := become(plan, page)
	page.Fail(kind, err.Error())
	unix.Exit(1)
}

// receive maps the page and reads the plan that lies behind it.
func receive() (*thread.Page, *handover.Plan, error) {
	var st unix.Stat_t
	if err := unix.Fstat(handover.PlanFd, &st); err != nil {
		return nil, nil, inside.Doing("read the plan", err)
	}
	if st.Size < thread.PageSize {
		return nil, nil, errors.New("read the plan: there is none")
	}
	page, err := thread.MapPage(handover.PlanFd)
	if err != nil {
		return nil, nil, inside.Doing("map the page", err)
	}
	b := make([]byte, st.Size-thread.PageSize)
	n, err := unix.Pread(handover.PlanFd, b, thread.PageSize)
	if err != nil {
		return nil, nil, inside.Doing("read the plan", err)
	}
	plan, err := handover.Unmarshal(b[:n])
	return page, plan, err
}

// become makes the container around this process and turns it into its program. It
// returns only on failure, with its kind.
func become(p *handover.Plan, page *thread.Page) (uint32, error) {
	if p.UserNS {
		if err := awaitMapped(); err != nil {
			return handover.FailSetup, err
		}
	}
	var late inside.Late
	if p.OwnCgroup {
		var err error
		if late, err = enterCgroup(); err != nil {
			return handover.FailSetup, inside.Doing("enter the container's cgroup", err)
		}
	}
	root, err := inside.Build(p, nil, page.Reach)
	if err != nil {
		return handover.FailSetup, err
	}
	if root.Master >= 0 {
		if err := unix.Sendmsg(handover.ControlFd, []byte{0}, unix.UnixRights(root.Master), nil, 0); err != nil {
			return handover.FailSetup, inside.Doing("open a terminal", err)
		}
		unix.Close(root.Master)
	}
	settle := thread.NewScript(page)
	root.Settle(settle)
	settle.End()
	if err := settle.Run(); err != nil {
		return handover.FailSetup, err
	}
	path, kind, err := root.Lookup()
	if err != nil {
		return kind, err
	}
	page.Reach(thread.StageReady)
	last := thread.NewScript(page)
	filter := root.Become(last, path, late)
	if err := last.Err(); err != nil {
		return handover.FailExec, inside.Doing("pass the arguments and the environment", err)
	}
	release, err := awaitRelease()
	if err != nil {
		return handover.FailSetup, err
	}
	if p.Confined != (len(release.Program) > 0) {
		return handover.FailSetup, errors.New("the launcher and its plan disagree about a filter")
	}
	if filter != nil {
		if err := filter.Set(release.Program, release.Flags); err != nil {
			return handover.FailSetup, inside.Doing("take the filter", err)
		}
	}
	last.Become(page)
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
			return b[:max(n, 0)], inside.Doing("wait for the launcher", err)
		}
	}
}
