package main

import (
	"path/filepath"
	"strings"
	"testing"

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
