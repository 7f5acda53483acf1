//go:build linux

package inside

import (
	"strconv"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// makeTerminal makes a terminal on the container's own devpts, of the caller's size, so
// that the program never sees another one, and binds it at /dev/console.
func (r *Root) makeTerminal() error {
	master, err := r.open("/dev/pts/ptmx", unix.O_RDWR|unix.O_NOCTTY, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return err
	}
	r.Master = master
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	number, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	size := unix.Winsize{Row: r.plan.Rows, Col: r.plan.Columns}
	if err := unix.IoctlSetWinsize(master, unix.TIOCSWINSZ, &size); err != nil {
		return err
	}
	r.slave = "/dev/pts/" + strconv.Itoa(number)
	r.Slave, err = r.open(r.slave, unix.O_RDWR|unix.O_NOCTTY, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return err
	}
	console, err := cloneAt(r.Slave)
	if err != nil {
		return err
	}
	defer unix.Close(console)
	target, err := r.create("/dev/console", false, unix.RESOLVE_NO_SYMLINKS)
	if err == unix.ELOOP {
		err = errSymlink
	}
	if err != nil {
		return Doing("bind /dev/console", err)
	}
	defer unix.Close(target)
	return Doing("bind /dev/console", attachTo(console, target))
}

// openStdio adds what makes the container's terminal the standard streams and the
// controlling terminal, or its /dev/null the standard input, and gives the streams to
// its user, who could not open /dev/stdout otherwise. They are all made for this
// container.
func (r *Root) openStdio(s *thread.Script) {
	first := 0
	switch {
	case r.plan.Terminal:
		const what = "open a terminal"
		fd := open(s, what, r.slave, unix.O_RDWR|unix.O_NOCTTY, unix.RESOLVE_NO_SYMLINKS)
		for std := range uintptr(3) {
			s.Call(what, unix.SYS_DUP3, 0, std, 0).From(fd)
		}
		s.Call(what, unix.SYS_IOCTL, 0, unix.TIOCSCTTY, 0)
		s.Call(what, unix.SYS_CLOSE).From(fd)
		s.Call(what, unix.SYS_WRITE, handover.ControlFd, s.String(string(handover.Opened)), 1)
	case r.plan.NullStdin:
		const what = "open /dev/null"
		fd := open(s, what, "/dev/null", unix.O_RDWR, unix.RESOLVE_NO_SYMLINKS)
		s.Call(what, unix.SYS_DUP3, 0, 0, 0).From(fd)
		s.Call(what, unix.SYS_CLOSE).From(fd)
		first = 1
	}
	what := "give the standard streams to user " + strconv.Itoa(int(r.user.uid))
	for fd := first; fd < 3; fd++ {
		s.Call(what, unix.SYS_FCHOWN, uintptr(fd), uintptr(r.user.uid), ^uintptr(0)).Explain(mapped)
	}
}

// open adds the opening of an absolute path of the container, as [Root.open] does it,
// by a process whose root it is, and returns where the descriptor will be. The root is the
// working directory then.
func open(s *thread.Script, what, path string, flags, resolve uint64) uintptr {
	s.Call(what, unix.SYS_CHDIR, s.String("/"))
	how := s.Words64(flags|unix.O_CLOEXEC, 0, resolveInside|resolve)
	return s.Call(what, unix.SYS_OPENAT2, uintptr(unix.AT_FDCWD&(1<<32-1)), s.String(path), how, unix.SizeofOpenHow).Again(unix.EAGAIN).Result()
}
