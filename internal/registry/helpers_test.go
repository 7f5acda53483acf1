package registry

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/registry/registrytest"
)

// start starts a real registry, or skips where there is none and tests need not run.
func start(t *testing.T, private bool) *registrytest.Registry {
	t.Helper()
	if _, err := exec.LookPath("docker-registry"); err != nil && os.Getenv("WEIR_TEST_MUST_RUN") != "1" {
		t.Skip("needs docker-registry (the Debian package of that name)")
	}
	r, err := registrytest.Start(t.TempDir(), private)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

// noLogins makes sure that nobody's credentials are found, and gives a home directory to put some into.
func noLogins(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{"DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_CONFIG_HOME"} {
		t.Setenv(name, "")
	}
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(home, "run"))
	return home
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T, s string) image.Reference {
	t.Helper()
	ref, err := image.ParseReference(s)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// fake is a registry that answers as a test says, for what a real one does not do on demand.
func fake(t *testing.T, answer http.HandlerFunc) (host string) {
	t.Helper()
	noLogins(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	t.Cleanup(s.CloseClientConnections)
	return strings.TrimPrefix(s.URL, "http://")
}

// hasty is patience that tests can wait for, and what it had to say.
type hasty struct {
	mu   sync.Mutex
	said []string
}

func (h *hasty) options() Options {
	return Options{Patience: Patience{Stall: 700 * time.Millisecond, Tries: 3, Wait: time.Millisecond}, Notice: func(s string) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.said = append(h.said, s)
	}}
}

func open(t *testing.T, host string, h *hasty) *Repository {
	t.Helper()
	r, err := Open(t.Context(), parse(t, host+"/team/app:1"), Pull, h.options())
	if err != nil {
		t.Fatal(err)
	}
	return r
}
