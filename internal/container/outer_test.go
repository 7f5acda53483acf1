package container

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"golang.org/x/sys/unix"
)

// denyEnv names a call that the launcher of a test may not make, nor what it starts: as
// by the filter of a container around it. Behind a colon is the errno, if it is not EPERM.
const denyEnv = "WEIR_TEST_DENY"

// deny attaches that filter to the whole process.
func deny(name string) error {
	name, number, given := strings.Cut(name, ":")
	answer := seccomp.EPERM
	if given {
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return err
		}
		answer = seccomp.Errno(n)
	}
	call, _ := syscalls.Lookup(name)
	native, _ := seccomp.ArchNamed(runtime.GOARCH)
	nr, _ := call.Nr(native)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return kernel.Load(bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr), bpf.JumpIf(bpf.OpJeq, uint32(nr), 0, 1),
		bpf.Ret(seccomp.ReturnErrno(answer)), bpf.Ret(seccomp.ActAllow.Return()),
	}, seccomp.FlagTSync)
}

func TestWhatAFilterAroundTheLauncherDeniesIsNamedAndNothingIsLeft(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	// What the launchers leave becomes this process's.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	for _, c := range []struct{ call, want string }{
		{"memfd_create", "make a memory file for weir-init: operation not permitted"},
		{"socketpair", "make the control socket: operation not permitted"},
		{"setsid", "start weir-init in new namespaces: operation not permitted"},
		{"pidfd_open", "open the launcher's process: operation not permitted"},
		{"pidfd_send_signal", "the container's guard could not kill it: pidfd_send_signal: operation not permitted"},
		{"ppoll", "wait for the container: operation not permitted"},
		{"unshare", "leave the launcher's root: operation not permitted"},
		{"setns", "enter the container's namespaces: operation not permitted"},
		{"fchdir", "enter the memory file system: operation not permitted"},
		{"mount", "make the mounts private: operation not permitted"},
		{"open_tree", "mount file at /etc/resolv.conf: operation not permitted"},
		{"fsopen", ": operation not permitted"},
		{"move_mount", "mount a memory file system: operation not permitted"},
		{"mount_setattr", "set the options of the root: operation not permitted"},
		{"pivot_root", "pivot_root: operation not permitted"},
		{"umount2", "let go of the host's root: operation not permitted"},
		{"openat2", "mount proc at /proc: operation not permitted"},
		{"mknodat", "make the device null: operation not permitted"},
		{"sethostname", "operation not permitted"},
		{"keyctl", "leave the caller's session keyring: operation not permitted"},
		{"setgroups", "set the supplementary groups: operation not permitted"},
		{"setresuid", "set user 0: operation not permitted"},
		{"capset", "set the capabilities: operation not permitted"},
		{"close_range", "close the descriptors: operation not permitted"},
		{"seccomp", "attach the filter: operation not permitted"},
	} {
		t.Run(c.call, func(t *testing.T) {
			s := shell(t, "while true; do sleep 1000; done")
			s.Program = bpf.Program{bpf.Ret(seccomp.ActAllow.Return())}
			s.NoNewPrivs = true
			cmd := launched(t, s, false)
			cmd.Env = append(cmd.Env, denyEnv+"="+c.call)
			var said strings.Builder
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
			defer timer.Stop()
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != CodeSetup || !strings.Contains(said.String(), c.want) {
				t.Errorf("status %d, and said %q", code, said.String())
			}
			for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
				left := children(t, os.Getpid(), "weir-guard")
				if len(left) == 0 {
					break
				}
				if time.Now().After(end) {
					syscall.Kill(left[0], syscall.SIGKILL)
					t.Fatalf("a guard is left: %v", left)
				}
			}
		})
	}
}

// So it is in most containers, and where the kernel was built without.
func TestAKernelWithoutKeyringsNeedsNone(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root) // under a filter of his own a plain user gets no subordinate ids
	cmd := launched(t, shell(t, "echo started"), false)
	cmd.Env = append(cmd.Env, fmt.Sprintf("%s=keyctl:%d", denyEnv, unix.ENOSYS))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Error(err)
	}
	equal(t, "output", string(out), "started\n")
}
