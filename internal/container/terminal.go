package container

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// copyTerminal receives the master of the container's terminal and copies from it
// until the last process that has the terminal is gone. The caller's terminal is
// raw from the moment when there is one to pass its bytes to.
func (st *streams) copyTerminal(control *os.File) error {
	master, err := receiveMaster(control)
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

// receiveMaster waits for the descriptor that weir-init sends. If weir-init ends
// without, there is neither a master nor an error: the page tells why.
func receiveMaster(control *os.File) (*os.File, error) {
	var data [1]byte
	oob := make([]byte, unix.CmsgSpace(4))
	var n, oobn int
	var err error
	for {
		n, oobn, _, _, err = unix.Recvmsg(int(control.Fd()), data[:], oob, unix.MSG_CMSG_CLOEXEC)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("receive the container's terminal: %w", err)
	}
	if n == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil || len(messages) != 1 {
		return nil, fmt.Errorf("receive the container's terminal: %d messages, %w", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, fmt.Errorf("receive the container's terminal: %d descriptors, %w", len(fds), err)
	}
	// So that closing it ends what waits for it.
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, fmt.Errorf("receive the container's terminal: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "terminal"), nil
}
