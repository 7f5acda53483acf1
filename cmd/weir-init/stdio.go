//go:build linux

package main

import (
	"strconv"

	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// openTerminal opens a terminal of the container's own devpts, makes it the
// standard streams, the controlling terminal and /dev/console, and sends its
// master to the launcher.
func (r *root) openTerminal(p *handover.Plan) error {
	master, err := r.open("/dev/pts/ptmx", unix.O_RDWR|unix.O_NOCTTY, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return err
	}
	defer unix.Close(master)
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	number, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	slave, err := r.open("/dev/pts/"+strconv.Itoa(number), unix.O_RDWR|unix.O_NOCTTY, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return err
	}
	defer unix.Close(slave)
	// The size is set here, so that the program never sees another one.
	size := unix.Winsize{Row: p.Rows, Col: p.Columns}
	if err := unix.IoctlSetWinsize(master, unix.TIOCSWINSZ, &size); err != nil {
		return err
	}
	if err := unix.Sendmsg(handover.ControlFd, []byte{0}, unix.UnixRights(master), nil, 0); err != nil {
		return err
	}
	for fd := range 3 {
		if err := unix.Dup3(slave, fd, 0); err != nil {
			return err
		}
	}
	if err := unix.IoctlSetInt(0, unix.TIOCSCTTY, 0); err != nil {
		return err
	}
	console, err := cloneAt(slave)
	if err != nil {
		return err
	}
	defer unix.Close(console)
	target, err := r.create("/dev/console", false, unix.RESOLVE_NO_SYMLINKS)
	if err == unix.ELOOP {
		err = errSymlink
	}
	if err != nil {
		return doing("bind /dev/console", err)
	}
	defer unix.Close(target)
	return doing("bind /dev/console", attachTo(console, target))
}

// nullStdin makes standard input the container's own /dev/null.
func (r *root) nullStdin() error {
	fd, err := r.open("/dev/null", unix.O_RDWR, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Dup3(fd, 0, 0)
}

// ownStdio gives the terminal or the pipes to the container's user, who could
// not open /dev/stdout otherwise. They are all made for this container.
func ownStdio(uid uint32, p *handover.Plan) error {
	for fd := range 3 {
		if fd == 0 && p.NullStdin {
			continue
		}
		if err := unix.Fchown(fd, int(uid), -1); err != nil {
			return err
		}
	}
	return nil
}
