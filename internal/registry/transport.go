package registry

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// newTransport is what requests go over, below patience (which bounds the time for everything) and credentials.
func newTransport() http.RoundTripper {
	return onlyLocalHTTP{&http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		DisableCompression:  true, // the bytes are counted, and gone on with in the middle
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     30 * time.Second,
	}}
}

// onlyLocalHTTP keeps plain HTTP on this machine: a request for any other host is made over HTTPS. By itself,
// go-containerregistry would speak HTTP with private address ranges, and follow a redirection to it. On this machine
// HTTPS comes first, and HTTP if that is what answers.
type onlyLocalHTTP struct{ base http.RoundTripper }

func (t onlyLocalHTTP) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" && !isLoopback(r.URL.Host) {
		r = r.Clone(r.Context())
		r.URL.Scheme = "https"
	}
	resp, err := t.base.RoundTrip(r)
	if errors.Is(err, http.ErrSchemeMismatch) && isLoopback(r.URL.Host) && r.Body == nil {
		r = r.Clone(r.Context())
		r.URL.Scheme = "http"
		return t.base.RoundTrip(r)
	}
	return resp, err
}

// checkRedirect keeps a registry elsewhere from having weir ask what only this machine can reach.
func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("10 redirections and no end")
	}
	if isLoopback(r.URL.Host) && !isLoopback(via[0].URL.Host) {
		return errors.New("it redirects to this machine")
	}
	return nil
}

// isLoopback holds for host[:port] if it is this machine by its spelling: a name other than localhost that
// resolves to it is no promise.
func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host == "localhost" {
		return true
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
