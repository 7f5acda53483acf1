//go:build linux

package kernel

import (
	"errors"
	"slices"
	"syscall"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/sys"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// allowAll is the program that changes nothing.
var allowAll = bpf.Program{bpf.Ret(seccomp.ActAllow.Return())}

// probeOnThread tries what takes a filter, on a thread that can be spoilt. What
// it does not get to is left Unknown.
func probeOnThread(found map[Key]finding, built config) {
	for _, f := range notifications {
		found[f.Key] = finding{Unknown, "there is no listener to ask"}
	}
	// The error of this one shows in those that follow.
	unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	listener, err := Listen(allowAll, 0)
	if err == nil {
		probeListener(found, listener)
		unix.Close(listener)
	} else {
		found[KeyListener] = finding{Unknown, err.Error()}
		if flag := (*FlagError)(nil); errors.As(err, &flag) || errors.Is(err, ErrNoSeccomp) {
			for _, f := range notifications {
				found[f.Key] = finding{No, err.Error()}
			}
		}
		err = Load(allowAll, 0)
	}
	if err != nil {
		found[KeyReadBack] = orConfig(built, err.Error())
		return
	}
	found[KeyReadBack] = probeReadBack(built)
}

// probeListener asks a listener for answers to a notification that does not
// exist. The kernel looks at what it is asked for first (EINVAL if it does not
// know it) and for the notification then (ENOENT).
func probeListener(found map[Key]finding, listener int) {
	found[KeyListener] = finding{Yes, "one was made"}
	const nobody = 1<<64 - 1
	missing := func(what string, err error) finding {
		switch err {
		case unix.ENOENT:
			return finding{Yes, what + " accepts it"}
		case unix.EINVAL:
			return finding{No, what + " refuses it"}
		}
		return finding{Unknown, what + " " + answered(err)}
	}
	found[KeyContinue] = missing("SECCOMP_IOCTL_NOTIF_SEND", sys.NotifSend(listener,
		&sys.NotifResp{ID: nobody, Flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}))
	found[KeyAddFD] = missing("SECCOMP_IOCTL_NOTIF_ADDFD", sys.NotifAddFD(listener,
		&sys.AddFD{ID: nobody, SrcFD: uint32(listener)}))
	found[KeyAddFDSend] = missing("SECCOMP_IOCTL_NOTIF_ADDFD", sys.NotifAddFD(listener,
		&sys.AddFD{ID: nobody, SrcFD: uint32(listener), Flags: unix.SECCOMP_ADDFD_FLAG_SEND}))

	const setFlags = "SECCOMP_IOCTL_NOTIF_SET_FLAGS"
	switch err := sys.NotifSetFlags(listener, unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP); err {
	case nil:
		found[KeySyncWakeUp] = finding{Yes, setFlags + " accepts it"}
	default:
		found[KeySyncWakeUp] = missing(setFlags, err)
	}
}

// probeReadBack reads back the filter that the calling thread has, from a child
// that inherits it.
func probeReadBack(built config) finding {
	pid, err := startHalted()
	if err != nil {
		return orConfig(built, "no child to try on: "+err.Error())
	}
	filters, err := ReadBack(pid)
	unix.Kill(pid, unix.SIGKILL)
	reap(pid)
	switch {
	case err == nil && slices.Equal(filters[len(filters)-1].Program, allowAll):
		return finding{Yes, "one was read from a child"}
	case err == nil:
		return finding{No, "the program read from a child is not the one it has"}
	case errors.Is(err, ErrNoAdmin), errors.Is(err, ErrReaderFiltered):
		// A kernel that cannot do it does not get to look at who asks.
		return finding{Yes, "but not by this process: " + err.(*Error).Cause.Error()}
	case errors.Is(err, ErrNoReadBack):
		return finding{No, err.Error()}
	}
	return orConfig(built, err.Error())
}

// orConfig falls back to the configuration where trying failed.
func orConfig(built config, why string) finding {
	f := built.option("CONFIG_CHECKPOINT_RESTORE")
	f.how = why + "; " + f.how
	return f
}

// startHalted starts a child of the calling thread, with its filters, that
// never runs an instruction of its own: the kernel halts it at the end of execve
// because it is traced, and letting it go with SIGSTOP keeps it there.
func startHalted() (pid int, err error) {
	pid, err = syscall.ForkExec("/proc/self/exe", []string{"weir-halted"}, &syscall.ProcAttr{
		Sys: &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return 0, err
	}
	var status unix.WaitStatus
	for {
		if _, err = unix.Wait4(pid, &status, unix.WALL, nil); err != unix.EINTR {
			break
		}
	}
	if err == nil && !status.Stopped() {
		return 0, errors.New("it ended")
	}
	if err == nil {
		err = sys.PtraceDetach(pid, unix.SIGSTOP)
	}
	if err != nil {
		unix.Kill(pid, unix.SIGKILL)
		reap(pid)
		return 0, err
	}
	return pid, nil
}

// reap waits for the end of a child.
func reap(pid int) {
	for {
		if _, err := unix.Wait4(pid, nil, unix.WALL, nil); err != unix.EINTR {
			return
		}
	}
}
