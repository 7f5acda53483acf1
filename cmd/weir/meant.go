package main

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/internal/spell"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// meantProfile adds to the error about a PROFILE that is not there what may have been
// meant.
func meantProfile(arg string, notThere error) error {
	if _, ok := syscalls.Lookup(arg); ok {
		return hintf(notThere, "%s is a system call: a PROFILE goes before it, such as builtin, the default profile", arg)
	}
	if pid, err := strconv.Atoi(arg); err == nil && pid > 0 {
		return hintf(notThere, "process %d is written pid:%d, by explain, diff and decompile", pid, pid)
	}
	switch strings.ToLower(arg) {
	case "default", "runtime/default", "runtimedefault", "docker/default", "docker-default":
		return hintf(notThere, "the default profile is called builtin")
	case "unconfined":
		return hintf(notThere, "no profile at all is --security-opt seccomp=unconfined, and for weir run and weir probe alone")
	}
	return notThere
}

// meantCap is the capability that may have been meant by a name.
func meantCap(name string) (string, bool) {
	bare := strings.TrimPrefix(strings.ToUpper(name), "CAP_")
	for _, c := range seccomp.AllCaps.List() {
		known := strings.TrimPrefix(c.String(), "CAP_")
		if len(bare) > 3 && spell.Distance(bare, known, 3) < 3 {
			return known, true
		}
	}
	return "", false
}

// isRuntimeConfig recognises the config.json of an OCI runtime.
func isRuntimeConfig(src []byte) bool {
	var config struct {
		Linux map[string]json.RawMessage `json:"linux"`
	}
	return json.Unmarshal(src, &config) == nil && config.Linux != nil
}
