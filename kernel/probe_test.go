//go:build linux

package kernel_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// probed runs kernel.Probe in a child, after other steps, and returns each
// key's answer and how it was found.
func probed(t *testing.T, uid uint32, steps ...any) map[string]string {
	t.Helper()
	out := output(t, uid, append(append([]any{"nnp"}, steps...), "probe")...)
	_, text, _ := strings.Cut(out, "{")
	var support struct {
		Features []struct{ Key, Has, How string }
	}
	if err := json.Unmarshal([]byte("{"+text), &support); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	answers := map[string]string{}
	for _, f := range support.Features {
		answers[f.Key] = f.Has + ": " + f.How
	}
	return answers
}

// denying returns a program that makes a call fail if the low half of an
// argument is one value, and allows everything else.
func denying(nr uintptr, arg int, value uint32, errno unix.Errno) bpf.Program {
	prog := refusing(nr, arg, value, errno)
	prog[3].Op = bpf.OpJeq
	return prog
}

// Filters around the child make this kernel answer as others do.
func TestProbeSeesWhatAKernelHasNot(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeySyscall), kerneltest.Feature(kernel.KeyListener))
	for _, c := range []struct {
		name  string
		steps []any
		want  map[string]string
	}{
		{
			"no filter mode", []any{"under", without(unix.SYS_SECCOMP, unix.EINVAL)},
			map[string]string{
				"syscall": "no: seccomp(2) refuses it", "filter": "yes: prctl(PR_SET_SECCOMP) accepts it",
				"notify.listener": "no: load filter: this kernel cannot filter system calls (EINVAL)",
			},
		}, {
			"no seccomp(2)", []any{"under", without(unix.SYS_SECCOMP, unix.ENOSYS)},
			map[string]string{
				"syscall": "no: seccomp(2) does not exist", "flag.log": "no: seccomp(2) does not exist",
				"action.log": "unknown: SECCOMP_GET_ACTION_AVAIL answers ENOSYS, perhaps by a filter around this process",
			},
		}, {
			"a container that denies seccomp(2)", []any{"under", without(unix.SYS_SECCOMP, unix.EPERM)},
			map[string]string{
				"syscall":         "unknown: seccomp(2) answers EPERM, perhaps by a filter around this process",
				"notify.listener": "unknown: load filter: a filter that the thread has already denies seccomp(2) (EPERM)",
			},
		}, {
			"Linux before 5.19", []any{"under", refusing(unix.SYS_SECCOMP, 1, uint32(seccomp.FlagWaitKillableRecv), unix.EINVAL)},
			map[string]string{"flag.wait_killable_recv": "no: seccomp(2) refuses it", "flag.tsync_esrch": "yes: seccomp(2) accepts it"},
		}, {
			"Linux before 5.5", []any{
				"under", denying(unix.SYS_IOCTL, 1, unix.SECCOMP_IOCTL_NOTIF_SEND, unix.EINVAL),
				"under", denying(unix.SYS_IOCTL, 1, unix.SECCOMP_IOCTL_NOTIF_ADDFD, unix.EINVAL),
				"under", denying(unix.SYS_IOCTL, 1, unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS, unix.EINVAL),
			},
			map[string]string{
				"notify.listener":    "yes: one was made",
				"notify.continue":    "no: SECCOMP_IOCTL_NOTIF_SEND refuses it",
				"notify.addfd":       "no: SECCOMP_IOCTL_NOTIF_ADDFD refuses it",
				"notify.addfd_send":  "no: SECCOMP_IOCTL_NOTIF_ADDFD refuses it",
				"notify.sync_wakeup": "no: SECCOMP_IOCTL_NOTIF_SET_FLAGS refuses it",
			},
		}, {
			"a container that is itself supervised", []any{"listen", 0, "under", allow},
			map[string]string{
				"notify.listener": "unknown: load filter: a filter that the thread has already has a listener, and the kernel allows one (EBUSY)",
				"readback":        "yes: but not by this process: the kernel shows filters only to a reader that has none itself",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := probed(t, 0, c.steps...)
			for key, want := range c.want {
				if got[key] != want {
					t.Errorf("%s: %s\nwant %s", key, got[key], want)
				}
			}
		})
	}
}

func TestProbeNeedsNoPrivilege(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	root, unprivileged := probed(t, 0), probed(t, nobody)
	if len(root) == 0 || len(root) != len(unprivileged) {
		t.Fatalf("%d features for root, %d for nobody", len(root), len(unprivileged))
	}
	for key, want := range root {
		if key == string(kernel.KeyReadBack) && strings.HasPrefix(want, "yes") {
			want = "yes: but not by this process: the kernel shows filters only to CAP_SYS_ADMIN in the first user namespace"
		}
		if got := unprivileged[key]; got != want {
			t.Errorf("%s: %s, and %s for root", key, got, want)
		}
	}
}

func TestProbeLeavesTheProcessAsItIs(t *testing.T) {
	before := threads(t)
	for range 5 {
		kernel.Probe()
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		after := threads(t)
		if slices.Equal(before, after) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("threads have %v, and had %v before", after, before)
		}
	}
}

// threads returns the kinds of threads of this process: whether filtered, and
// whether without new privileges; and that it has no children.
func threads(t *testing.T) (kinds []string) {
	tasks, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		b, err := os.ReadFile(task + "/status")
		if err != nil {
			continue // it has just ended
		}
		for line := range strings.Lines(string(b)) {
			if strings.HasPrefix(line, "Seccomp:") || strings.HasPrefix(line, "NoNewPrivs:") {
				kinds = append(kinds, line)
			}
		}
		children, _ := os.ReadFile(task + "/children")
		kinds = append(kinds, string(children))
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func TestEachFeatureHasAKeyAnAnswerAndAUse(t *testing.T) {
	support := kernel.Probe()
	keys := map[kernel.Key]bool{}
	for _, f := range support.Features {
		if keys[f.Key] || f.Key == "" || f.Group == "" || f.Name == "" || f.How == "" || f.Gives == "" {
			t.Errorf("%+v: a key twice, or something is empty", f)
		}
		keys[f.Key] = true
	}
	if support.Release != kernel.Release() || support.Has("nothing") != kernel.Unknown {
		t.Errorf("release %q, and a feature that does not exist is %v", support.Release, support.Has("nothing"))
	}
}

func TestContainersAreConfinedByFilterModeAndTheCallTogether(t *testing.T) {
	for _, c := range []struct{ filter, syscall, want kernel.Answer }{
		{kernel.Yes, kernel.Yes, kernel.Yes},
		{kernel.Yes, kernel.No, kernel.No},
		{kernel.No, kernel.Unknown, kernel.No},
		{kernel.Yes, kernel.Unknown, kernel.Unknown},
		{kernel.Unknown, kernel.Unknown, kernel.Unknown},
	} {
		s := kernel.Support{Features: []kernel.Feature{{Key: kernel.KeyFilter, Has: c.filter}, {Key: kernel.KeySyscall, Has: c.syscall}}}
		if got := s.Confines(); got != c.want {
			t.Errorf("filter mode %v, seccomp(2) %v: %v, want %v", c.filter, c.syscall, got, c.want)
		}
	}
}
