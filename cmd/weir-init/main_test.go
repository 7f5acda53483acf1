package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compile builds weir-init as the Makefile does.
func compile(t *testing.T, goarch string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weir-init")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goarch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func TestWeirInitLinksNothingThatInitialisesAnything(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range strings.Fields(string(out)) {
		switch pkg {
		case "os", // raises the limit of open files, which the container would inherit
			"fmt", "net", "encoding/json", "runtime/debug", "regexp":
			t.Errorf("it links %s", pkg)
		}
	}
}

func TestWeirInitIsSmallAndReproducible(t *testing.T) {
	a, err := os.ReadFile(compile(t, "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if len(a) > 1_700_000 {
		t.Errorf("it has %d bytes", len(a))
	}
	b, err := os.ReadFile(compile(t, "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Error("two builds differ")
	}
}

func TestWeirInitBuildsForOtherArchitectures(t *testing.T) {
	for _, goarch := range []string{"386", "arm64"} {
		t.Run(goarch, func(t *testing.T) { compile(t, goarch) })
	}
}

func TestItSaysSoWhenItWasNotStartedByWeir(t *testing.T) {
	out, err := exec.Command(compile(t, "")).CombinedOutput()
	if err == nil || !strings.HasPrefix(string(out), "weir-init: not started by weir: ") {
		t.Errorf("%v %q", err, out)
	}
}
