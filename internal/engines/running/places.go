//go:build linux

package running

import (
	"os"
	"path/filepath"
	"strings"
)

// Places are where engines keep what they run.
type Places struct {
	Docker     string   // the socket of its API
	Podman     []string // directories of its storage, which have overlay-containers
	Containerd []string // directories with one for each namespace, and one for each container there
	Runtimes   []string // state directories of runc and crun, with one for each container
}

// Host returns the usual places: root's, and those of the caller's own engines.
func Host() Places {
	p := Places{
		Docker:     "/var/run/docker.sock",
		Podman:     []string{"/var/lib/containers/storage"},
		Containerd: []string{"/run/containerd/io.containerd.runtime.v2.task", "/run/docker/containerd/daemon/io.containerd.runtime.v2.task"},
		Runtimes:   []string{"/run/runc", "/run/crun"},
	}
	if socket, ok := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://"); ok {
		p.Docker = socket
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		p.Runtimes = append(p.Runtimes, filepath.Join(dir, "runc"), filepath.Join(dir, "crun"))
	}
	if home, err := os.UserHomeDir(); err == nil {
		p.Podman = append(p.Podman, filepath.Join(home, ".local/share/containers/storage"))
	}
	return p
}
