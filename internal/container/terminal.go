package container

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// copyTerminal receives the master of the container's terminal and copies from it
// until the last process that has the terminal is gone. The caller's terminal is
// raw from the moment when there is one to pass its bytes to.
func (st *streams) copyTerminal(receive func() (*os.File, error)) error {
	master, err := receive()
	if master == nil {
		return err
	}
	st.master.Store(master)
	if st.terminal != nil {
		if err := st.terminal.SetRaw(); err != nil {
			close(st.hungUp) // nobody reads what the program writes
			return fmt.Errorf("make the terminal raw: %w", err)
		}
		st.inputs.Go(func() { st.copyInput(master) })
	}
	st.resize() // it may have changed meanwhile
	_, err = io.Copy(st.spec.Stdout, master)
	if errors.Is(err, unix.EIO) || errors.Is(err, unix.EPIPE) || errors.Is(err, os.ErrClosed) { // EIO: all have closed it
		return nil
	}
	return err
}

// resize gives the container's terminal the size of the caller's.
func (st *streams) resize() {
	master := st.master.Load()
	if master == nil || st.terminal == nil {
		return
	}
	size, err := st.terminal.Size()
	if err != nil {
		return // the terminal is gone, and with it whoever cares
	}
	if raw, err := master.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) {
			unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: size.Height, Col: size.Width})
		})
	}
}

// receiveMaster waits for the master of the container's terminal. If the container ends
// before there is one, there is neither that nor an error: others tell why.
func (c *child) receiveMaster() (*os.File, error) {
	fd, slave := -1, -1
	if c.builder != nil {
		t, made := <-c.builder.terminal
		if !made {
			return nil, nil
		}
		fd, slave = t.master, t.slave // until it is Opened it would end with the builder
	}
	var ok bool
	raw, err := c.control.SyscallConn() // so that it is not closed meanwhile
	if err == nil {
		closed := raw.Control(func(control uintptr) {
			var sent int
			if sent, ok, err = receiveFd(int(control)); sent >= 0 {
				fd = sent // by weir-init
			}
		})
		if closed != nil {
			err = closed
		}
	}
	closeFd(slave)
	if err == nil && ok {
		// So that closing it ends what waits for it.
		err = unix.SetNonblock(fd, true)
	}
	if err != nil || !ok {
		closeFd(fd)
	}
	if err != nil {
		return nil, fmt.Errorf("receive the container's terminal: %w", err)
	}
	if !ok {
		return nil, nil
	}
	return os.NewFile(uintptr(fd), "terminal"), nil
}

// receiveFd waits for a message with a descriptor in it, -1 if there is none. It is not ok
// if the other side of the socket ends before.
func receiveFd(socket int) (fd int, ok bool, err error) {
	var data [1]byte
	oob := make([]byte, unix.CmsgSpace(4))
	var n, oobn int
	for {
		n, oobn, _, _, err = unix.Recvmsg(socket, data[:], oob, unix.MSG_CMSG_CLOEXEC)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil && hasEnded(err) {
		return -1, false, nil
	}
	if err != nil || n == 0 || oobn == 0 {
		return -1, n > 0, err
	}
	fd, err = handover.ReceivedFd(oob[:oobn])
	return fd, err == nil, err
}
