package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
)

// What cannot be predicted is asked of the engine: here, which of two rules about
// one call libseccomp lets decide where both apply.
func TestAskingAnEngine(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("runc"))
	file := filepath.Join(t.TempDir(), "profile.json")
	writeFile(t, file, `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["bpf"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_LE"}]},
		{"names": ["bpf"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 5, "op": "SCMP_CMP_GE"}]}]}`)
	out, code := weirOutput(t, "explain", "--engine", "runc", "--ask", file, "bpf(6)", "bpf(0x100000006)")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	for _, text := range []string{
		" (asked)\n", "\nstarts             yes\n", "\nwith no_new_privs  yes\n",
		"\n  looser: bpf(0x100000006, NULL, 0, NULL, 0): errno EPERM -> log\n  libseccomp compares 64 bits of argument 0",
	} {
		if !strings.Contains(out, text) {
			t.Errorf("no %q in\n%s", text, out)
		}
	}
	if strings.Contains(out, "depends") {
		t.Errorf("what was asked depends on nothing\n%s", out)
	}

	// A listener is somebody else's.
	writeFile(t, file, `{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/agent.sock", "syscalls": [{"names": ["bpf"], "action": "SCMP_ACT_NOTIFY"}]}`)
	if out, code := weirOutput(t, "explain", "--engine", "runc", "--ask", file); code != 2 || !strings.Contains(out, "does not disturb") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// A weir that is killed while it asks leaves a container behind, which the next
// one removes.
func TestAKilledQuestionLeavesNothingForLong(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("runc"))
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	left := func(pattern string) []string {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	asking := weirSelf(t, "explain", "--engine", "runc", "--ask", "builtin", "openat")
	if err := asking.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); len(left(filepath.Join(dir, "weir-ask-*", "state", "*", "state.json"))) == 0; {
		if time.Now().After(end) {
			t.Fatal("runc has no container")
		}
	}
	asking.Process.Kill()
	asking.Wait()
	found := left(filepath.Join(dir, "weir-ask-*"))
	if len(found) != 1 {
		t.Fatalf("left: %q", found)
	}
	if out, code := weirOutput(t, "explain", "--engine", "runc", "--ask", "builtin", "openat"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	if found := append(left(filepath.Join(dir, "weir-ask-*")), left("/sys/fs/cgroup/*/"+filepath.Base(found[0]))...); len(found) > 0 {
		t.Errorf("left: %q", found)
	}
	for _, exe := range left("/proc/[0-9]*/exe") {
		if program, err := os.Readlink(exe); err == nil && program == "/program" {
			t.Errorf("%s is %s", exe, program)
		}
	}
}
