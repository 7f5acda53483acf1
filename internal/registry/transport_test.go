package registry

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestPlainHTTPStaysOnThisMachine(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1:5000": true, "127.9.9.9": true, "[::1]:5000": true, "[::1]": true, "localhost": true, "localhost:80": true, "[::ffff:127.0.0.1]:1": true,
		"10.0.0.1:5000": false, "192.168.1.1": false, "registry.localhost:5000": false, "127.0.0.1.example.com": false, "docker.io": false, "[::2]": false, "0.0.0.0": false,
	} {
		if got := isLoopback(host); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
	var asked atomic.Value
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		asked.Store(r.URL.Scheme)
		return nil, errors.New("far enough")
	})
	for url, want := range map[string]string{"http://10.0.0.1/v2/": "https", "http://cdn.example/x": "https", "http://127.0.0.1:5000/v2/": "http", "https://127.0.0.1/v2/": "https"} {
		r := httptest.NewRequest("GET", url, nil)
		onlyLocalHTTP{base}.RoundTrip(r)
		if got := asked.Load(); got != want {
			t.Errorf("%s was asked for over %v, want %s", url, got, want)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestARegistryElsewhereCannotRedirectToThisMachine(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"https://registry.example/v2/", "https://cdn.example/x", true},
		{"https://registry.example/v2/", "http://127.0.0.1:8080/admin", false},
		{"https://registry.example/v2/", "https://localhost/admin", false},
		{"http://127.0.0.1:5000/v2/", "http://127.0.0.1:5001/x", true},
	} {
		err := checkRedirect(httptest.NewRequest("GET", c.to, nil), []*http.Request{httptest.NewRequest("GET", c.from, nil)})
		if (err == nil) != c.ok {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
		}
	}
}

func TestACertificateThatNobodyKnowsIsAnError(t *testing.T) {
	noLogins(t)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "https://")
	_, err := Open(t.Context(), parse(t, host+"/x:1"), Pull, Options{})
	if err == nil || !strings.Contains(err.Error(), "connect: "+host+": tls: failed to verify certificate: ") || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Errorf("got %v", err)
	}
}
