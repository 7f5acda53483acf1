package container

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/container/inside"
	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// A builder makes a container from a thread of the launcher's that enters its namespaces.
// The container's first process, which is package first's, only makes /proc, for that is
// of its own PID namespace; and runs what the builder has written for it when the
// container stands and is guarded.
//
// The thread changes its root and its rights for good, and ends with them.
type builder struct {
	plan     *handover.Plan
	spaces   int // CLONE_NEW*, that the container has from the start
	area     *thread.Area
	file     *os.File // of the area
	script   *thread.Script
	begin    chan process  // closed if there is none
	terminal chan terminal // the container's; closed when there is none to come

	done   chan struct{} // closed when the fields below are set, and the thread ends
	filter *thread.Filter
	err    error // an *Error, or errGone if the first process has ended, and knows why
}

// A process is the first process of a container, as descriptors that the builder owns.
type process struct{ pidfd, control int }

var errGone = errors.New("the container's first process has ended")

// A terminal is the container's, as the builder has made it.
type terminal struct{ master, slave int }

// newBuilder writes the script of the first process as far as it is known before the
// container stands, and waits for that process.
func newBuilder(p *handover.Plan, spaces int) (_ *builder, err error) {
	b := &builder{
		plan: p, spaces: spaces,
		begin: make(chan process, 1), terminal: make(chan terminal, 1), done: make(chan struct{}),
	}
	if b.file, err = sharedFile(); err != nil {
		return nil, err
	}
	if b.area, err = thread.NewArea(int(b.file.Fd())); err != nil {
		b.file.Close()
		return nil, fmt.Errorf("map the plan: %w", err)
	}
	b.script = b.area.Script()
	await := func(what string) {
		_, message := b.script.Room(1)
		b.script.Call(what, unix.SYS_RECVFROM, handover.ControlFd, message, 1, 0, 0, 0).Some()
	}
	if p.OwnCgroup {
		const what = "enter the container's cgroup"
		await(what)
		b.script.Call(what, unix.SYS_UNSHARE, unix.CLONE_NEWCGROUP)
	}
	var control, size uintptr
	if last, ok := inside.MakeProc(b.script, p); ok {
		size = unix.SizeofCmsghdr + 8
		control = b.script.Words(unix.SizeofCmsghdr+4, unix.SOL_SOCKET|unix.SCM_RIGHTS<<32, 0)
		last.Store(control + unix.SizeofCmsghdr)
	}
	message := b.script.Words(b.script.String(""), 1)
	header := b.script.Words(0, 0, message, 1, control, size, 0) // struct msghdr
	b.script.Call("tell the launcher of /proc", unix.SYS_SENDMSG, handover.ControlFd, header, 0)
	await("wait for the launcher")
	go onOwnThread(b.build)
	return b, b.script.Err()
}

// beginBuild has the container built, if weir does that itself.
func (c *child) beginBuild() (err error) {
	if c.builder == nil {
		return nil
	}
	var p process
	if p.pidfd, err = unix.FcntlInt(uintptr(c.pidfd), unix.F_DUPFD_CLOEXEC, 0); err != nil {
		return fmt.Errorf("keep the first process: %w", err)
	}
	if p.control, err = unix.FcntlInt(c.control.Fd(), unix.F_DUPFD_CLOEXEC, 0); err != nil {
		unix.Close(p.pidfd)
		return fmt.Errorf("keep the control socket: %w", err)
	}
	c.builder.begin <- p
	return nil
}

// close waits until the builder is done, and releases what it held. If the container has
// ended before it was made, the builder soon notices, and until then works on what the
// caller is about to remove: but where the file system of a volume does not answer, it is
// left to end with the launcher.
func (b *builder) close() {
	close(b.begin)
	select {
	case <-b.done:
		b.area.Unmap()
		b.file.Close()
	case <-time.After(buildGrace):
	}
}

// buildGrace is how long a builder has to notice.
const buildGrace = 3 * time.Second

// onOwnThread calls f on a thread that ends with it. It is not the process's first one,
// which does not end, and which all of /proc/self tells of.
func onOwnThread(f func()) {
	runtime.LockOSThread() // and not unlocked
	if unix.Gettid() != unix.Getpid() {
		f()
		return
	}
	elsewhere := make(chan struct{})
	go onOwnThread(func() {
		close(elsewhere)
		f()
	})
	<-elsewhere
	runtime.UnlockOSThread()
}

func (b *builder) build() {
	defer close(b.done)
	defer close(b.terminal)
	first, ok := <-b.begin
	if !ok {
		return
	}
	defer unix.Close(first.control)
	defer unix.Close(first.pidfd)
	kind, err := b.make(first)
	if err == nil {
		return
	}
	b.err = &Error{int(kind), err}
	const moment = 10 // milliseconds: it may be about to end
	ended := []unix.PollFd{{Fd: int32(first.pidfd), Events: unix.POLLIN}}
	if n, _ := unix.Poll(ended, moment); n == 1 || err == errGone {
		b.err = errGone
	}
}

// make makes the container. The kind of a failure is that of package handover.
func (b *builder) make(first process) (kind uint32, err error) {
	proc, err := openProc(first.pidfd)
	if err != nil {
		return CodeSetup, err
	}
	defer unix.Close(proc)
	if err := b.enter(first, proc); err != nil {
		return CodeSetup, err
	}
	reach := b.area.Page().Reach
	reach(thread.StageStart)
	root, err := inside.Build(b.plan, func() (int, error) {
		fd, ok, err := receiveFd(first.control)
		if err == nil && !ok {
			err = errGone
		}
		if err == nil && b.plan.OwnCgroup {
			err = unix.Setns(first.pidfd, unix.CLONE_NEWCGROUP)
		}
		return fd, err
	}, reach)
	if err != nil {
		return CodeSetup, err
	}
	defer root.Close()
	if err := inRoot(proc); err != nil {
		return CodeSetup, err
	}
	kind, err = b.write(root)
	reach(thread.StageReady)
	return kind, err
}

// enter enters the namespaces of the first process, and its root directory.
func (b *builder) enter(first process, proc int) error {
	root, err := unix.Openat(proc, "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open the container's root: %w", err)
	}
	defer unix.Close(root)
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("leave the launcher's root: %w", err)
	}
	if err := unix.Setns(first.pidfd, b.spaces); err != nil {
		return fmt.Errorf("enter the container's namespaces: %w", err)
	}
	return leaveAbove(root)
}

// leaveAbove makes the root of the calling thread, which is that of the mount namespace,
// the directory that the launcher has for its root. Where the launcher is in a chroot a
// process of the container would leave that for what is above it: so it becomes the
// namespace's root first.
func leaveAbove(root int) error {
	const what = "leave what is above the launcher's root: %w"
	theirs, err := placeOf(root, "")
	if err != nil {
		return fmt.Errorf(what, err)
	}
	ours, err := placeOf(unix.AT_FDCWD, "/")
	if err != nil || ours == theirs {
		return err
	}
	top, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf(what, err)
	}
	defer unix.Close(top)
	if err := chroot(root); err != nil {
		return fmt.Errorf(what, err)
	}
	// "/.." is what was mounted last over the root.
	if over, err := placeOf(unix.AT_FDCWD, "/.."); err != nil || over == ours {
		return err // the namespace's root, over which something was mounted later
	}
	if err := chroot(top); err != nil {
		return fmt.Errorf(what, err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := unix.Fchdir(root); err != nil {
		return fmt.Errorf(what, err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("leave what is above the launcher's root, a chroot, which has to be a mount point: pivot_root: %w", err)
	}
	if err := inside.LeaveHost(); err != nil {
		return fmt.Errorf(what, err)
	}
	return nil
}

func chroot(dir int) error {
	if err := unix.Fchdir(dir); err != nil {
		return err
	}
	return unix.Chroot(".")
}

// openProc opens the directory in /proc of a process. Where /proc is not of the launcher's
// own PID namespace the process has another number there, which its descriptor tells.
func openProc(pidfd int) (int, error) {
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(pidfd))
	if err != nil {
		return -1, fmt.Errorf("find the first process: %w", err)
	}
	_, number, _ := bytes.Cut(info, []byte("\nPid:\t"))
	number, _, _ = bytes.Cut(number, []byte("\n"))
	proc, err := unix.Open("/proc/"+string(number), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open the first process: %w", err)
	}
	return proc, nil
}

// A place is a directory of a mount.
type place struct{ mount, inode uint64 }

func placeOf(dir int, path string) (place, error) {
	var st unix.Statx_t
	err := unix.Statx(dir, path, unix.AT_EMPTY_PATH, unix.STATX_INO|unix.STATX_MNT_ID, &st)
	return place{st.Mnt_id, st.Ino}, err
}

// inRoot fails unless the process has the root directory of the calling thread. It got it
// by the thread's pivot_root, which changes the root of every process that had the old one:
// what it executes must not be the host's.
func inRoot(proc int) error {
	theirs, err := placeOf(proc, "root")
	if err == nil {
		var ours place
		if ours, err = placeOf(unix.AT_FDCWD, "/"); err == nil && ours != theirs {
			err = errors.New("it has another")
		}
	}
	if err != nil {
		return fmt.Errorf("compare the first process's root with the container's: %w", err)
	}
	return nil
}

// write writes the rest of the script, of what is known when the container stands.
func (b *builder) write(root *inside.Root) (kind uint32, err error) {
	if root.Master >= 0 {
		b.terminal <- terminal{root.Master, root.Slave}
		root.Master, root.Slave = -1, -1
	}
	root.Settle(b.script)
	rights := thread.NewScript(nil)
	root.Rights(rights)
	rights.End()
	if err := rights.Run(); err != nil {
		return CodeSetup, err
	}
	path, kind, err := root.Lookup()
	if err != nil {
		return kind, err
	}
	b.filter = root.Become(b.script, path, inside.Late{})
	if err := b.script.Err(); err != nil {
		return CodeExec, fmt.Errorf("pass the arguments and the environment: %w", err)
	}
	return 0, nil
}
