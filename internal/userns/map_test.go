package userns

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestARefusalIsExplainedToPlainUsersAlone(t *testing.T) {
	err := Explain(unix.EPERM)
	if !errors.Is(err, unix.EPERM) {
		t.Errorf("the cause is lost: %v", err)
	}
	if explained := err.Error() != unix.EPERM.Error(); explained != Needed() {
		t.Errorf("got %v, and a user namespace is needed: %v", err, Needed())
	}
	if other := Explain(unix.ENOENT); other != unix.ENOENT {
		t.Errorf("got %v", other)
	}
	if Explain(nil) != nil {
		t.Error("an error was made of none")
	}
}

func TestAMapThatTheKernelRefusesIsAnError(t *testing.T) {
	sleep := exec.Command("sleep", "60") // in no namespace of its own, so its ids are mapped
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer sleep.Wait()
	defer sleep.Process.Kill()
	err := OwnID().Map(sleep.Process.Pid)
	if err == nil || !strings.HasPrefix(err.Error(), "map ids: write /proc/") && !strings.HasPrefix(err.Error(), "map ids: open /proc/") {
		t.Errorf("got %v", err)
	}
}
