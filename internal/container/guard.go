package container

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// A guard is the process that kills a container's first process when the launcher
// has ended. That the launcher's death is a signal to the first process is not
// enough: a program takes it back with a prctl, or by executing what is setuid.
//
// The guard is the program of package first, outside of the container. It need not have come far
// to be relied on: what ended before it looked, it still sees.
type guard struct{ pid, pidfd int }

// startGuard puts a guard beside the container.
func (c *child) startGuard() error {
	self, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return fmt.Errorf("open the launcher's process: %w", err)
	}
	defer unix.Close(self)
	// The guard has nobody to tell when its time has come and it may not: a filter around weir may keep it from this.
	if err := unix.PidfdSendSignal(self, 0, nil, 0); err != nil {
		return fmt.Errorf("the container's guard could not kill it: pidfd_send_signal: %w", err)
	}
	c.guard.pid, err = syscall.ForkExec(handover.FirstPath, []string{handover.GuardName}, &syscall.ProcAttr{
		Dir: "/",
		Env: []string{handover.GuardEnv + "="},
		Files: []uintptr{
			handover.LauncherFd: uintptr(self), handover.FirstProcessFd: uintptr(c.pidfd),
			2: noFile, 3: noFile, 4: noFile, handover.FirstFd: c.first.Fd(),
		},
		Sys: &syscall.SysProcAttr{Setsid: true, PidFD: &c.guard.pidfd},
	})
	if err != nil {
		return fmt.Errorf("start the container's guard: %w", err)
	}
	return nil
}

// noFile leaves a descriptor closed in a process that is started.
const noFile = ^uintptr(0)

// watch waits until the container's first process has ended, and returns nil. It
// stays a zombie, so that no other process gets its number meanwhile. If the guard
// ends before, the container is killed, and watch returns why.
func (c *child) watch() error {
	fds := []unix.PollFd{{Fd: int32(c.pidfd), Events: unix.POLLIN}, {Fd: int32(c.guard.pidfd), Events: unix.POLLIN}}
	for fds[0].Revents == 0 && fds[1].Revents == 0 {
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			syscall.Kill(c.pid, syscall.SIGKILL)
			return fmt.Errorf("wait for the container: %w", err)
		}
	}
	if fds[0].Revents != 0 {
		return nil
	}
	syscall.Kill(c.pid, syscall.SIGKILL)
	return errors.New("its guard has ended, so it was killed: something has killed the process " + handover.GuardName)
}
