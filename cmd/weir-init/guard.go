//go:build linux

package main

import (
	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// guard is what package first does without Go's runtime, for other processors. It waits until the
// launcher or the container's first process has ended, and in the first case kills the
// second, as it does if it cannot wait. Only SIGKILL keeps it from that: it blocks
// whatever else may be sent to all that is called weir.
func guard() {
	var all unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	unix.PthreadSigmask(unix.SIG_SETMASK, &all, nil)
	fds := []unix.PollFd{
		{Fd: handover.LauncherFd, Events: unix.POLLIN},
		{Fd: handover.FirstProcessFd, Events: unix.POLLIN},
	}
	var err error
	for fds[0].Revents == 0 && fds[1].Revents == 0 && (err == nil || err == unix.EINTR) {
		_, err = unix.Poll(fds, -1)
	}
	if fds[1].Revents == 0 {
		unix.PidfdSendSignal(handover.FirstProcessFd, unix.SIGKILL, nil, 0)
	}
	unix.Exit(0)
}
