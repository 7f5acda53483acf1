package main

import (
	"os"
	"os/exec"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/weir-dev/weir/internal/registry/registrytest"
)

// registry open|private starts a real registry and sets REGISTRY to its host. The
// next one starts where it was stopped; "registry stop" stops it.
func registry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: registry open|private|stop")
	}
	if running, ok := ts.Value(registryKey{}).(*registryHolder); ok && running.r != nil {
		running.r.Stop()
		running.r = nil
	}
	if args[0] == "stop" {
		return
	}
	if _, err := exec.LookPath("docker-registry"); err != nil {
		ts.Fatalf("%v (apt-get install docker-registry)", err)
	}
	dir := ts.MkAbs(".registry")
	ts.Check(os.MkdirAll(dir, 0o700))
	r, err := registrytest.Start(dir, args[0] == "private")
	ts.Check(err)
	ts.Value(registryKey{}).(*registryHolder).r = r
	ts.Defer(r.Stop)
	ts.Setenv("REGISTRY", r.Host)
}

type registryKey struct{}

// registryHolder is the registry of a script; Env.Values cannot be changed later.
type registryHolder struct{ r *registrytest.Registry }
