package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/weir-dev/weir/internal/image"
)

// credentials are what to say to a registry, and where they were found.
type credentials struct {
	authn.AuthConfig
	from string // a file, and the helper that it names, for people
}

// authFiles lists where docker login and podman login put credentials; the first that has some counts. As to Podman,
// REGISTRY_AUTH_FILE replaces its own two places: containers-auth.json(5). Docker's is config.json below DOCKER_CONFIG.
func authFiles() (files []string) {
	home, _ := os.UserHomeDir()
	below := func(dir, fallback string, elem ...string) {
		if dir == "" && home != "" {
			dir = filepath.Join(home, fallback)
		}
		if dir != "" {
			files = append(files, filepath.Join(append([]string{dir}, elem...)...))
		}
	}
	named := os.Getenv("REGISTRY_AUTH_FILE")
	if named != "" {
		files = append(files, named)
	}
	below(os.Getenv("DOCKER_CONFIG"), ".docker", "config.json")
	if named != "" {
		return files
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		files = append(files, filepath.Join(dir, "containers/auth.json"))
	} else {
		files = append(files, fmt.Sprintf("/run/containers/%d/auth.json", os.Getuid()))
	}
	below(os.Getenv("XDG_CONFIG_HOME"), ".config", "containers", "auth.json")
	return files
}

// findCredentials gives those for a repository, or nil.
func findCredentials(ctx context.Context, ref image.Reference) (*credentials, error) {
	for _, path := range authFiles() {
		c, err := credentialsIn(ctx, path, ref)
		if err != nil {
			return nil, fmt.Errorf("credentials in %s: %w", path, err)
		}
		if c != nil {
			return c, nil
		}
	}
	return nil, nil
}

// authFile is what the two programs write; the common part of both.
type authFile struct {
	Auths       map[string]authn.AuthConfig `json:"auths"`
	CredHelpers map[string]string           `json:"credHelpers"`
	CredsStore  string                      `json:"credsStore"`
}

func credentialsIn(ctx context.Context, path string, ref image.Reference) (*credentials, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) && strings.HasPrefix(path, "/run/") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var file authFile
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, err
	}
	maps.DeleteFunc(file.Auths, func(_ string, c authn.AuthConfig) bool { return c == authn.AuthConfig{} }) // a helper has it
	helper, named := lookup(file.CredHelpers, ref.Host)
	if !named {
		helper = file.CredsStore
	}
	if helper != "" {
		c, err := askHelper(ctx, helper, ref.Host)
		if c != nil || err != nil {
			return c, err
		}
	}
	// Podman has entries for namespaces and repositories, and the longest counts; Docker has registries only.
	for scope := ref.Repository(); ; {
		if c, ok := lookup(file.Auths, scope); ok {
			return &credentials{c, path}, nil
		}
		slash := strings.LastIndexByte(scope, '/')
		if slash < 0 {
			return nil, nil
		}
		scope = scope[:slash]
	}
}

// lookup finds what a file says about a registry, or a part of one. Of several spellings the first one counts.
func lookup[V any](m map[string]V, scope string) (v V, ok bool) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if registryOf(key) == scope {
			return m[key], true
		}
	}
	return v, false
}

// hubKey is what Docker Hub is called where credentials are kept.
const hubKey = "https://index.docker.io/v1/"

// registryOf gives a key of a file in the form of a reference: Docker's may be URLs, from older times with a path.
func registryOf(key string) string {
	rest, isURL := strings.CutPrefix(key, "https://")
	if !isURL {
		rest, isURL = strings.CutPrefix(key, "http://")
	}
	host, path, hasPath := strings.Cut(rest, "/")
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		host = "docker.io"
	}
	if isURL || !hasPath {
		return host
	}
	return host + "/" + path
}
