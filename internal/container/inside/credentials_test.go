//go:build linux

package inside

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// A thread that looks for the program has the user's rights over files and stays out of
// the reach of others with the user's id: through it they would reach the launcher.
func TestFileRightsAreTheUsersAndTheThreadIsNot(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	const user = 54321
	private := t.TempDir() + "/private"
	if err := os.WriteFile(private, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	type found struct {
		tid    int
		status string
		err    error // of looking at what is private
	}
	seen, done := make(chan found), make(chan struct{})
	defer close(done)
	go func() {
		runtime.LockOSThread() // and the thread ends with this
		r := &Root{plan: &handover.Plan{Caps: 1 << unix.CAP_DAC_OVERRIDE}}
		r.user.uid, r.user.gid, r.user.groups = user, user, []uint32{user}
		s := thread.NewScript(nil)
		r.setFileRights(s)
		s.End()
		f := found{tid: unix.Gettid()}
		if f.err = s.Run(); f.err == nil {
			f.err = executable(private)
		}
		b, _ := os.ReadFile("/proc/thread-self/status")
		f.status = string(b)
		seen <- f
		<-done
	}()
	f := <-seen
	if f.err != unix.EACCES {
		t.Errorf("another's file: %v", f.err)
	}
	for _, want := range []string{
		fmt.Sprintf("Uid:\t0\t0\t0\t%d\n", user), fmt.Sprintf("Gid:\t0\t0\t0\t%d\n", user), "CapEff:\t0000000000000000\n",
	} {
		if !strings.Contains(f.status, want) {
			t.Errorf("no %q in\n%s", want, f.status)
		}
	}
	signal := exec.Command("/bin/busybox", "kill", "-0", fmt.Sprint(f.tid))
	signal.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	if out, err := signal.CombinedOutput(); err == nil || !strings.Contains(string(out), "not permitted") {
		t.Errorf("the user may send it signals: %v %s", err, out)
	}
}
