package calls_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

// mustRun skips a test that cannot run here, or fails it where it must.
func mustRun(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("WEIR_TEST_MUST_RUN") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func native(t *testing.T) seccomp.Arch {
	t.Helper()
	a, ok := seccomp.ArchNamed(runtime.GOARCH)
	if !ok {
		t.Skip("no architecture of ours")
	}
	return a
}
