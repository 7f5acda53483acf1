//go:build linux

package kernel

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"

	"github.com/weir-dev/weir/internal/sys"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// A finding is an answer and how it was found.
type finding struct {
	has Answer
	how string
}

// Probe finds out what the running kernel has of seccomp, by asking it wherever
// it can be asked. It works with and without privilege. It starts children that
// live for a moment, and attaches a filter that allows everything to a thread
// that ends with it; the process itself stays as it is.
func Probe() Support {
	native, _ := seccomp.ArchNamed(runtime.GOARCH)
	s := Support{Release: Release(), Arch: native.Name()}
	built := readConfig(s.Release)

	found := map[Key]finding{
		KeyConfig:       built.option("CONFIG_SECCOMP"),
		KeyConfigFilter: built.option("CONFIG_SECCOMP_FILTER"),
		KeyFilter:       nullPointer("prctl(PR_SET_SECCOMP)", probePrctl()),
		KeySyscall:      nullPointer("seccomp(2)", probeFlag(0)),
		KeyBitmap:       probeBitmap(s.Release, native),
		KeyLog:          probeLog(),
	}
	onOwnThread(func() bool { probeOnThread(found, built); return true })

	add := func(group string, features ...Feature) {
		for _, f := range features {
			f.Group = group
			f.Has, f.How = found[f.Key].has, found[f.Key].how
			s.Features = append(s.Features, f)
		}
	}
	add(groupKernel, basics...)
	for _, a := range actions {
		found[a.key] = probeAction(a.action)
		add(groupActions, Feature{Key: a.key, Name: a.action.String(), Since: a.since, Gives: a.gives})
	}
	for _, f := range flags {
		found[f.key] = nullPointer("seccomp(2)", probeFlag(f.flag))
		add(groupFlags, Feature{Key: f.key, Name: f.flag.String(), Since: f.since.String(), Gives: f.gives})
	}
	add(groupNotify, notifications...)
	add(groupView, insights...)
	for _, abi := range probeABIs(native, built) {
		found[KeyArch(abi.arch)] = abi.finding
		add(groupArch, Feature{Key: KeyArch(abi.arch), Name: abi.arch.String(), Gives: abi.gives})
	}
	return s
}

// nullPointer reads the answer to a program at address NULL: the kernel that
// tries to read it knows what it was asked for.
func nullPointer(call string, err error) finding {
	has, why := fromNullPointer(err)
	return finding{has, call + " " + why}
}

func fromNullPointer(err error) (Answer, string) {
	switch err {
	case unix.EFAULT:
		return Yes, "accepts it"
	case unix.EINVAL:
		return No, "refuses it"
	case unix.ENOSYS:
		return No, "does not exist"
	}
	return Unknown, answered(err)
}

// probeAction asks for an action. Before Linux 4.14 there is no asking.
func probeAction(a seccomp.Action) finding {
	switch err := sys.SeccompActionAvail(a); err {
	case nil:
		return finding{Yes, "SECCOMP_GET_ACTION_AVAIL says so"}
	case unix.EOPNOTSUPP:
		return finding{No, "SECCOMP_GET_ACTION_AVAIL says so"}
	default:
		return finding{Unknown, "SECCOMP_GET_ACTION_AVAIL " + answered(err)}
	}
}

// probeLog reads which actions are logged.
func probeLog() finding {
	const file = "/proc/sys/kernel/seccomp/actions_logged"
	b, err := os.ReadFile(file)
	logged := strings.Fields(string(b))
	switch {
	case errors.Is(err, fs.ErrNotExist) && statusField("self", "Pid") != "":
		return finding{No, file + " does not exist"}
	case err != nil:
		return finding{Unknown, err.Error()}
	case len(logged) == 0:
		return finding{No, file + " is empty: logging is switched off"}
	}
	return finding{Yes, "logs " + strings.Join(logged, ", ")}
}

// probeBitmap cannot ask: the kernel tells of its bitmap only when built with
// CONFIG_SECCOMP_CACHE_DEBUG.
func probeBitmap(release string, native seccomp.Arch) finding {
	if _, err := os.Stat("/proc/self/seccomp_cache"); err == nil {
		return finding{Yes, "/proc/self/seccomp_cache exists"}
	}
	v, err := seccomp.ParseKernelVersion(release)
	switch {
	case err != nil:
		return finding{Unknown, "the kernel's release is no version"}
	case !v.AtLeast(version(5, 11)):
		return finding{No, "by version"}
	case native.MIPS():
		return finding{No, "by version: not on MIPS"}
	case native == seccomp.ArchLOONGARCH64:
		return finding{Unknown, "not known for this architecture"}
	}
	return finding{Yes, "by version"}
}

// answered names an errno that answers nothing.
func answered(err error) string {
	errno, ok := err.(syscall.Errno)
	if !ok {
		return "succeeded, which it cannot"
	}
	return "answers " + errnoName(errno) + ", perhaps by a filter around this process"
}
