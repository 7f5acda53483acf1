//go:build linux

package main

import (
	"errors"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/container/inside"
	"golang.org/x/sys/unix"
)

// enterCgroup waits until the launcher has put this process into the container's
// cgroup, and makes that the root of all cgroups that the container sees.
func enterCgroup() (l inside.Late, err error) {
	b := make([]byte, 64)
	oob := make([]byte, unix.CmsgSpace(4))
	n, oobn := 0, 0
	for {
		n, oobn, _, _, err = unix.Recvmsg(handover.ControlFd, b, oob, unix.MSG_CMSG_CLOEXEC)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return l, err
	}
	if n < 1 || b[0] != handover.Placed {
		return l, errors.New("the launcher has died")
	}
	if oobn > 0 {
		l.Text = b[1:n]
		if l.Fd, err = handover.ReceivedFd(oob[:oobn]); err != nil {
			return l, err
		}
	}
	return l, unix.Unshare(unix.CLONE_NEWCGROUP)
}
