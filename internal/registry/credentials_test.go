package registry

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/registry/registrytest"
)

// Each case leaves credentials somewhere, and then asks a real registry that wants some.
func TestCredentialsAreFoundWhereLoginsPutThem(t *testing.T) {
	r := start(t, true)
	right := `{"auth": "` + base64.StdEncoding.EncodeToString([]byte(registrytest.User+":"+registrytest.Password)) + `"}`
	wrong := `{"auth": "` + base64.StdEncoding.EncodeToString([]byte(registrytest.User+":wrong")) + `"}`
	auths := func(pairs ...string) string {
		var list []string
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, `"`+strings.ReplaceAll(pairs[i], "HOST", r.Host)+`": `+pairs[i+1])
		}
		return `{"auths": {` + strings.Join(list, ", ") + `}}`
	}
	const enters = "manifest 1: HOST answers 404" // the manifest that is asked for: who is told so was let in
	helper := func(answer string) string {
		return "#!/bin/sh\n[ \"$1\" = get ] || exit 3\nread server\necho \"$server\" > \"$HOME/asked\"\n" + answer + "\n"
	}
	good := `echo '{"ServerURL": "x", "Username": "` + registrytest.User + `", "Secret": "` + registrytest.Password + `"}'`
	for _, c := range []struct {
		name  string
		env   string            // of NAME=value, with HOME
		files map[string]string // below HOME, with HOST
		want  string            // in the error, with HOME
	}{
		{"nowhere", "", nil, "a docker login or podman login may be needed"},
		{"docker login", "", map[string]string{".docker/config.json": auths("HOST", right)}, enters},
		{"docker login elsewhere", "DOCKER_CONFIG=HOME/d", map[string]string{"d/config.json": auths("HOST", right)}, enters},
		{"an older docker login, by a URL", "", map[string]string{".docker/config.json": auths("https://HOST/v1/", right)}, enters},
		{"podman login", "", map[string]string{"run/containers/auth.json": auths("HOST", right)}, enters},
		{"podman login that survives a reboot", "", map[string]string{".config/containers/auth.json": auths("HOST", right)}, enters},
		{"podman login in a file of its own", "REGISTRY_AUTH_FILE=HOME/a", map[string]string{"a": auths("HOST", right)}, enters},
		{"a file of its own replaces Podman's others", "REGISTRY_AUTH_FILE=HOME/a", map[string]string{"run/containers/auth.json": auths("HOST", right)}, "a docker login or podman login may be needed"},
		{"podman login to a namespace", "", map[string]string{"run/containers/auth.json": auths("HOST/team", right, "HOST", wrong)}, enters},
		{"podman login to another namespace", "", map[string]string{"run/containers/auth.json": auths("HOST/tea", right, "HOST/team/app/more", right)}, "a docker login or podman login may be needed"},
		{"a file about other registries is passed over", "", map[string]string{".docker/config.json": auths("other.example", wrong), "run/containers/auth.json": auths("HOST", right)}, enters},
		{"the first file counts", "", map[string]string{".docker/config.json": auths("HOST", wrong), "run/containers/auth.json": auths("HOST", right)}, "the credentials of HOME/.docker/config.json may not be enough"},
		{"a helper for the registry", "", map[string]string{".docker/config.json": `{"credHelpers": {"HOST": "test"}}`, "bin/docker-credential-test": helper(good)}, enters},
		{"a helper for all", "", map[string]string{".docker/config.json": `{"auths": {"HOST": {}}, "credsStore": "test"}`, "bin/docker-credential-test": helper(good)}, enters},
		{"a helper with the wrong password", "", map[string]string{".docker/config.json": `{"credsStore": "test"}`, "bin/docker-credential-test": helper(strings.Replace(good, registrytest.Password, "wrong", 1))}, "the credentials of docker-credential-test may not be enough"},
		{"a helper that has none", "", map[string]string{".docker/config.json": `{"credsStore": "test"}`, "bin/docker-credential-test": helper("echo credentials not found in native keychain; exit 1"), "run/containers/auth.json": auths("HOST", right)}, enters},
		{"a helper that fails says why", "", map[string]string{".docker/config.json": `{"credsStore": "test"}`, "bin/docker-credential-test": helper("echo the keyring is locked; exit 1")}, "HOME/.docker/config.json: ask docker-credential-test about HOST: exit status 1: the keyring is locked"},
		{"a helper that is not there", "", map[string]string{".docker/config.json": `{"credsStore": "missing"}`}, `"docker-credential-missing": executable file not found`},
		{"a helper that answers nonsense", "", map[string]string{".docker/config.json": `{"credsStore": "test"}`, "bin/docker-credential-test": helper("echo hunter2")}, "its answer is no JSON"},
		{"a helper with a path", "", map[string]string{".docker/config.json": `{"credsStore": "../x"}`}, "without a path"},
		{"a file that is no JSON", "", map[string]string{".docker/config.json": `{"auths": `}, "credentials in HOME/.docker/config.json: unexpected end"},
		{"a password that is not base64", "", map[string]string{".docker/config.json": `{"auths": {"HOST": {"auth": "%"}}}`}, "credentials in HOME/.docker/config.json: unable to decode"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := noLogins(t)
			t.Setenv("PATH", filepath.Join(home, "bin")+":"+os.Getenv("PATH"))
			if name, value, ok := strings.Cut(c.env, "="); ok {
				t.Setenv(name, strings.ReplaceAll(value, "HOME", home))
			}
			for path, content := range c.files {
				content = strings.ReplaceAll(content, "HOST", r.Host)
				if strings.HasPrefix(path, "bin/") {
					content = strings.ReplaceAll(content, "$HOME", home)
				}
				write(t, filepath.Join(home, path), content, 0o755)
			}
			repo, err := Open(t.Context(), parse(t, r.Host+"/team/app:1"), Pull, Options{})
			if err == nil {
				_, err = repo.Manifest(t.Context(), "1")
			}
			want := strings.NewReplacer("HOME", home, "HOST", r.Host).Replace(c.want)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v\nwant %s", err, want)
			}
			if err != nil && (strings.Contains(err.Error(), registrytest.Password) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("the error tells a secret: %v", err)
			}
			if asked, err := os.ReadFile(filepath.Join(home, "asked")); err == nil && strings.TrimSpace(string(asked)) != r.Host {
				t.Errorf("the helper was asked about %q, want %q", asked, r.Host)
			}
		})
	}
}

func TestNamesOfRegistriesInFiles(t *testing.T) {
	for key, want := range map[string]string{
		"https://index.docker.io/v1/": "docker.io", "index.docker.io": "docker.io", "docker.io": "docker.io", "docker.io/library": "docker.io/library",
		"registry.example": "registry.example", "registry.example:5000/team/app": "registry.example:5000/team/app",
		"https://registry.example": "registry.example", "http://127.0.0.1:5000/v2/": "127.0.0.1:5000",
	} {
		if got := registryOf(key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
}
