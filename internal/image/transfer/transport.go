package transfer

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// onlyLocalHTTP keeps plain HTTP on this machine: a request for any other host is made over HTTPS. By itself,
// go-containerregistry would speak HTTP with private address ranges, and follow a redirection to it.
type onlyLocalHTTP struct{ base http.RoundTripper }

func (t onlyLocalHTTP) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" && !isLoopback(r.URL.Host) {
		r = r.Clone(r.Context())
		r.URL.Scheme = "https"
	}
	return t.base.RoundTrip(r)
}

var transport http.RoundTripper = onlyLocalHTTP{remote.DefaultTransport}

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
