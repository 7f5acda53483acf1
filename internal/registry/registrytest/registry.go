// Package registrytest runs a real registry, Debian's docker-registry, for the time of a test, and breaks the way to it.
package registrytest

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Who may enter a registry that asks.
const (
	User     = "weir"
	Password = "open sesame"
	htpasswd = User + ":$2b$05$N8xZBPR1cuII/a5C0DJaGu48r9xlNdide2K1E1Fzl30Nkmn.oNWrG\n" // bcrypt of Password
)

// Registry is a running docker-registry.
type Registry struct {
	Host string // 127.0.0.1:port
	dir  string
	cmd  *exec.Cmd
}

// Start starts a registry that keeps its data in dir, and asks for a password if private.
func Start(dir string, private bool) (*Registry, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Registry{Host: l.Addr().String(), dir: dir}
	l.Close()
	lines := []string{
		"version: 0.1",
		"log: {level: error, accesslog: {disabled: true}}",
		fmt.Sprintf("storage: {filesystem: {rootdirectory: %s/data}}", dir),
		fmt.Sprintf("http: {addr: %q}", r.Host),
	}
	if private {
		file := filepath.Join(dir, "htpasswd")
		if err := os.WriteFile(file, []byte(htpasswd), 0o600); err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("auth: {htpasswd: {realm: test, path: %s}}", file))
	}
	config := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return nil, err
	}
	r.cmd = exec.Command("docker-registry", "serve", config)
	var said bytes.Buffer
	r.cmd.Stdout, r.cmd.Stderr = &said, &said
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w (apt-get install docker-registry)", err)
	}
	for range 200 {
		if resp, err := http.Get("http://" + r.Host + "/v2/"); err == nil {
			resp.Body.Close()
			return r, nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	r.Stop()
	return nil, fmt.Errorf("docker-registry did not come up: %s", said.String())
}

// Stop ends it. Its data stays.
func (r *Registry) Stop() {
	r.cmd.Process.Kill()
	r.cmd.Wait()
}

// BlobFile is where it keeps a blob, by the hexadecimal digits of its digest.
func (r *Registry) BlobFile(hex string) string {
	return filepath.Join(r.dir, "data/docker/registry/v2/blobs/sha256", hex[:2], hex, "data")
}
