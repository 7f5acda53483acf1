//go:build linux

package kernel_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

var allow = bpf.Program{bpf.Ret(seccomp.ActAllow.Return())}

func TestALoadedProgramDecidesCalls(t *testing.T) {
	kerneltest.Require(t, kerneltest.Feature(kernel.KeySyscall))
	prog := bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr),
		bpf.JumpIf(bpf.OpJeq, unix.SYS_GETPPID, 0, 1), bpf.Ret(seccomp.ReturnErrno(seccomp.Errno(unix.EXDEV))),
		bpf.JumpIf(bpf.OpJeq, unix.SYS_GETUID, 0, 1), bpf.Ret(seccomp.ActKillProcess.Return()),
		bpf.Ret(seccomp.ActAllow.Return()),
	}
	got := kerneltest.Run(t, prog, 0,
		kerneltest.Call{Nr: unix.SYS_GETPPID}, kerneltest.Call{Nr: unix.SYS_GETUID}, kerneltest.Call{Nr: unix.SYS_CLOSE, Args: [6]uint64{1 << 20}})
	for i, want := range []string{"EXDEV", "process killed by SIGSYS", "EBADF"} {
		if got[i].String() != want {
			t.Errorf("call %d: %v, want %s", i, got[i], want)
		}
	}
}

// The steps of a child and all that it prints.
var loads = []struct {
	name  string
	uid   uint32
	steps []any
	want  string
}{
	{
		"A thread with no_new_privs needs no privilege", nobody, []any{"nnp", "load", 0, 3, 1},
		"nnp ok\nload 3 ok\n",
	}, {
		"Without no_new_privs and CAP_SYS_ADMIN it is refused", nobody, []any{"load", 0, 1, 1},
		`load 1 load filter: the thread has neither no_new_privs nor CAP_SYS_ADMIN in its user namespace (EACCES)
hint: set no_new_privs before loading, or load while the thread still has CAP_SYS_ADMIN
`,
	}, {
		"4096 instructions are accepted", nobody, []any{"nnp", "load", 0, 1, 4096},
		"nnp ok\nload 1 ok\n",
	}, {
		"4097 instructions are too many", nobody, []any{"nnp", "load", 0, 1, 4097},
		`nnp ok
load 1 load filter: the program has 4097 instructions, and the kernel takes programs of 1 to 4096 instructions
hint: name fewer argument conditions or fewer architectures
`,
	}, {
		"No instruction is too few", nobody, []any{"nnp", "load", 0, 1, 0},
		`nnp ok
load 1 load filter: the program has 0 instructions, and the kernel takes programs of 1 to 4096 instructions
hint: name fewer argument conditions or fewer architectures
`,
	}, {
		"A fifth program of 4000 returns, two instructions of the kernel's each, is too much", nobody, []any{"nnp", "load", 0, 4, 4000, "load", 0, 1, 4000},
		`nnp ok
load 4 ok
load 1 load filter: all filters of one thread together may have 32768 of the kernel's own instructions, into which it translates programs (ENOMEM)
hint: the filters that the thread has already cannot be taken off; start it from one with fewer
`,
	}, {
		"A flag that no Linux knows is named", nobody, []any{"nnp", "load", 1 << 30, 1, 1},
		`nnp ok
load 1 load filter: the kernel does not know the flag 0x40000000 (EINVAL)
hint: take the flag out of the profile, or run a newer kernel
`,
	}, {
		"A flag that a Linux older than 4.17 does not know is named with its version", nobody,
		[]any{"nnp", "under", refusing(unix.SYS_SECCOMP, 1, uint32(seccomp.FlagSpecAllow), unix.EINVAL), "load", uint32(seccomp.FlagSpecAllow | seccomp.FlagLog), 1, 1},
		`nnp ok
load 1 load filter: the kernel does not know the flag SECCOMP_FILTER_FLAG_SPEC_ALLOW, which Linux 4.17 adds (EINVAL)
hint: take the flag out of the profile, or run a newer kernel
`,
	}, {
		"The flag of a listener is pointless without one", nobody, []any{"nnp", "load", uint32(seccomp.FlagWaitKillableRecv), 1, 1},
		`nnp ok
load 1 load filter: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV says how a listener works, and there is none
hint: leave the flag out, or use SCMP_ACT_NOTIFY in the profile
`,
	}, {
		"Load hands out no listener", nobody, []any{"nnp", "load", uint32(seccomp.FlagNewListener), 1, 1},
		"nnp ok\nload 1 load filter: Load returns no listener\nhint: call Listen\n",
	}, {
		"A listener with all its flags", nobody, []any{"nnp", "listen", uint32(seccomp.FlagWaitKillableRecv | seccomp.FlagLog | seccomp.FlagSpecAllow)},
		"nnp ok\nlisten ok\n",
	}, {
		"A second listener is refused", nobody, []any{"nnp", "listen", 0, "listen", 0},
		`nnp ok
listen ok
listen load filter: a filter that the thread has already has a listener, and the kernel allows one (EBUSY)
hint: this happens within a container that is itself supervised; take SCMP_ACT_NOTIFY out of one of the two profiles
`,
	}, {
		"A kernel older than 3.17 is named", nobody,
		[]any{"nnp", "under", without(unix.SYS_PRCTL, unix.EINVAL), "under", without(unix.SYS_SECCOMP, unix.ENOSYS), "load", 0, 1, 1},
		`nnp ok
load 1 load filter: this kernel cannot filter system calls (ENOSYS)
hint: it needs Linux 3.17 with CONFIG_SECCOMP=y and CONFIG_SECCOMP_FILTER=y
`,
	}, {
		"A kernel without CONFIG_SECCOMP_FILTER is named", nobody,
		[]any{"nnp", "under", without(unix.SYS_SECCOMP, unix.EINVAL), "load", 0, 1, 1},
		`nnp ok
load 1 load filter: this kernel cannot filter system calls (EINVAL)
hint: it needs Linux 3.17 with CONFIG_SECCOMP=y and CONFIG_SECCOMP_FILTER=y
`,
	}, {
		"A surrounding filter that denies the call is named", nobody,
		[]any{"nnp", "under", without(unix.SYS_SECCOMP, unix.EPERM), "load", 0, 1, 1},
		`nnp ok
load 1 load filter: a filter that the thread has already denies seccomp(2) (EPERM)
hint: allow seccomp in the profile of the surrounding container
`,
	}, {
		"An instruction that no kernel takes is named", nobody,
		[]any{"nnp", "filter", bpf.Program{{Op: bpf.OpLdAbs, K: 64}, allow[0]}, 0},
		"nnp ok\nfilter load filter: " + check(bpf.Program{{Op: bpf.OpLdAbs, K: 64}, allow[0]}) + "\n",
	},
}

func check(prog bpf.Program) string { return prog.Check().Error() }

func TestLoadNamesTheCauseOfEachFailure(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeySyscall), kerneltest.Feature(kernel.KeyListener))
	for _, c := range loads {
		t.Run(c.name, func(t *testing.T) {
			if got := output(t, c.uid, c.steps...); got != c.want {
				t.Errorf("printed\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestTSyncNamesTheThreadThatHasFiltersOfItsOwn(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeySyscall))
	got := strings.Fields(output(t, 0, "nnp", "threads", 1, "tsync"))
	if len(got) < 3 {
		t.Fatal(got)
	}
	want := "load filter: thread " + got[2] + " has filters of its own and cannot be synchronised"
	if text := strings.Join(got[4:], " "); text != want {
		t.Errorf("printed %q, want %q", text, want)
	}
}

func TestAnErrorIsItsCauseAndItsErrno(t *testing.T) {
	err := kernel.Load(nil, 0)
	if !errors.Is(err, kernel.ErrTooLong) {
		t.Errorf("%v is not ErrTooLong", err)
	}
	err = &kernel.Error{Op: "load filter", Cause: &kernel.FlagError{Flag: seccomp.FlagLog}, Errno: unix.EINVAL}
	if flag := (*kernel.FlagError)(nil); !errors.As(err, &flag) || !errors.Is(err, unix.EINVAL) {
		t.Errorf("%v is not a FlagError and EINVAL", err)
	}
}
