package registry

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/weir-dev/weir/internal/registry/registrytest"
)

// tokens stands before a real registry, which Debian builds without tokens, and wants some as Docker Hub does. They are
// for who knows the password or has a refresh token, and for everybody who pulls what is below public/.
type tokens struct {
	realm string
	next  http.Handler

	mu    sync.Mutex
	given []string // user and scope; the token is the position
}

const refreshToken = "a token for tokens"

// give is the token server.
func (s *tokens) give(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	switch {
	case user != "" && (user != registrytest.User || password != registrytest.Password):
		http.Error(w, `{"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]}`, http.StatusUnauthorized)
		return
	case r.FormValue("refresh_token") == refreshToken:
		user = registrytest.User
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = append(s.given, user+" "+r.FormValue("scope"))
	json.NewEncoder(w).Encode(map[string]string{"token": fmt.Sprintf("token-%d", len(s.given)-1)})
}

func (s *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action := "pull"
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		action = "push"
	}
	repository, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
	repository, _, _ = strings.Cut(repository, "/manifests/")
	var n int
	if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer token-%d", &n); err == nil && s.allows(n, repository, action) {
		s.next.ServeHTTP(w, r)
		return
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="test",scope="repository:%s:%s"`, s.realm, repository, action))
	w.WriteHeader(http.StatusUnauthorized)
}

func (s *tokens) allows(token int, repository, action string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, scope, _ := strings.Cut(s.given[token], " ")
	actions, ok := strings.CutPrefix(scope, "repository:"+repository+":")
	return ok && strings.Contains(actions, action) && (user != "" || action == "pull" && strings.HasPrefix(repository, "public/"))
}

func TestARegistryThatWantsTokens(t *testing.T) {
	r := start(t, false)
	behind, err := url.Parse("http://" + r.Host)
	if err != nil {
		t.Fatal(err)
	}
	s := &tokens{next: &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(behind) }}}
	server := httptest.NewServer(http.HandlerFunc(s.give))
	defer server.Close()
	s.realm = strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/token"
	front := httptest.NewServer(s)
	defer front.Close()
	host := strings.TrimPrefix(front.URL, "http://")

	login := func(entry string) string { return `{"auths": {"` + host + `": {` + entry + `}}}` }
	password := func(p string) string {
		return login(`"auth": "` + base64.StdEncoding.EncodeToString([]byte(registrytest.User+":"+p)) + `"`)
	}
	right := password(registrytest.Password)
	for _, c := range []struct {
		name, login, repository string
		access                  Access
		want                    string // in the error
		scope                   string // the last one that a token was asked for
	}{
		{"the password may push", right, "team/app", Push, "", "weir repository:team/app:push,pull"},
		{"and pull", right, "team/app", Pull, "", "weir repository:team/app:pull"},
		{"so may a refresh token", login(`"identitytoken": "` + refreshToken + `"`), "team/app", Pull, "", "weir repository:team/app:pull"},
		{"the wrong password", password("wrong"), "team/app", Pull, "incorrect username or password", ""},
		{"what everybody may pull", right, "public/app", Push, "", "weir repository:public/app:push,pull"},
		{"nobody pulls that", "", "public/app", Pull, "", " repository:public/app:pull"},
		{"and nothing else", "", "team/app", Pull, "a docker login or podman login may be needed", " repository:team/app:pull"},
		{"and does not push", "", "public/app", Push, "a docker login or podman login may be needed", " repository:public/app:push"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := noLogins(t)
			if c.login != "" {
				write(t, filepath.Join(home, ".docker/config.json"), c.login, 0o600)
			}
			s.given = nil
			repo, err := Open(t.Context(), parse(t, host+"/"+c.repository+":1"), c.access, Options{})
			if err == nil && c.access == Push {
				err = repo.PutBlob(t.Context(), []byte("{}"))
			}
			if err == nil && c.access == Push {
				err = repo.PutManifest(t.Context(), "1", types.OCIManifestSchema1, []byte(`{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
					"config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "size": 2}}`))
			}
			if err == nil {
				_, err = repo.Manifest(t.Context(), "1")
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), registrytest.Password) || strings.Contains(err.Error(), refreshToken)) {
				t.Errorf("the error tells a secret: %v", err)
			}
			last := ""
			if len(s.given) > 0 {
				last = s.given[len(s.given)-1]
			}
			if last != c.scope {
				t.Errorf("the last token was asked for by %q, want %q", last, c.scope)
			}
		})
	}
}
