//go:build linux

package kerneltest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// ProgramsEnv names a directory where Build finds the programs, each by the last
// element of its package: for machines without Go.
const ProgramsEnv = "WEIR_TEST_PROGRAMS"

var built struct {
	sync.Mutex
	paths map[string]string
}

// Build compiles a main package, statically and without cgo, once in a test
// run, and returns a path to execute it by. The package is an import path, or a
// directory that begins with "./" relative to the test's. The path serves this
// process and what it starts; the file has no name, so nothing is left behind.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if path, ok := built.paths[pkg]; ok {
		return path
	}
	if dir := os.Getenv(ProgramsEnv); dir != "" {
		return filepath.Join(dir, filepath.Base(pkg))
	}
	Require(t, Tool("go"))
	dir := t.TempDir()
	file := filepath.Join(dir, "program")
	cmd := exec.Command("go", "build", "-o", file, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// The path must mean the same in a child that has been given files from 3 on.
	// The descriptor stays open until the test binary ends.
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 200)
	if err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/proc/self/fd/%d", fd)
	if built.paths == nil {
		built.paths = map[string]string{}
	}
	built.paths[pkg] = path
	return path
}
