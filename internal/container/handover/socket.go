//go:build linux

package handover

import (
	"errors"

	"golang.org/x/sys/unix"
)

// ReceivedFd returns the one descriptor of what came beside a message of the control
// socket.
func ReceivedFd(oob []byte) (int, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) != 1 {
		return -1, errors.New("not one control message")
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return -1, errors.New("not one descriptor")
	}
	return fds[0], nil
}
