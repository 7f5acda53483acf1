//go:build linux

package kernel_test

import (
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/sys/call"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// The probe runs a program of a few bytes for this; here the call is made by Go.
func TestX32IsThereIfItsGetpidIs(t *testing.T) {
	kerneltest.Require(t, kerneltest.Feature(kernel.KeySyscall))
	made, err := call.InChild(&call.Call{Nr: 1<<30 + unix.SYS_GETPID})
	if err != nil {
		t.Fatal(err)
	}
	want := "yes: "
	if made.Errno == unix.ENOSYS {
		want = "no: "
	}
	if got := probed(t, 0)[string(kernel.KeyArch(seccomp.ArchX32))]; !strings.HasPrefix(got, want) {
		t.Errorf("the call answers %+v, the probe %q", made, got)
	}
}
