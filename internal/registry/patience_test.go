package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/image"
)

const manifest = `{"schemaVersion": 2}`

// What a registry does to a request for a manifest, and what becomes of it.
func TestManifestsAreAskedForAgainWhenThatMakesSense(t *testing.T) {
	whole := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, manifest) }
	status := func(code int, header ...string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			if len(header) == 2 {
				w.Header().Set(header[0], header[1])
			}
			w.WriteHeader(code)
		}
	}
	cut := func(n int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(manifest)))
			fmt.Fprint(w, manifest[:n])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
	}
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, c := range []struct {
		name    string
		answers []func(http.ResponseWriter, *http.Request) // the last one again and again
		asked   int
		err     string // HOST is the registry's
		notices string
	}{
		{"at once", list(whole), 1, "", ""},
		{"busy, then not", list(status(503), status(429, "Retry-After", "0"), whole), 3, "", "HOST: 503 Service Unavailable; trying again in 1ms HOST: 429 Too Many Requests; trying again in 2ms"},
		{"come back in a second", list(status(429, "Retry-After", "1"), whole), 2, "", "HOST: 429 Too Many Requests; trying again in 1s"},
		{"come back in an hour", list(status(429, "Retry-After", "3600")), 1, "manifest 1: HOST answers 429", ""},
		{"broken for good", list(status(500)), 3, "manifest 1: HOST answers 500", "HOST: 500 Internal Server Error; trying again in 1ms HOST: 500 Internal Server Error; trying again in 2ms"},
		{"not there", list(status(404)), 1, "manifest 1: HOST answers 404 Not Found; check the name and the tag", ""},
		{"silent once", list(silent, whole), 2, "", "HOST: nothing came for 700ms; trying again in 1ms"},
		{"silent for good", list(silent), 3, "manifest 1: HOST: nothing came for 700ms", "HOST: nothing came for 700ms; trying again in 1ms HOST: nothing came for 700ms; trying again in 2ms"},
		{"cut in the middle", list(cut(5), whole), 2, "", "HOST: the connection was cut; trying again in 1ms"},
		{"cut before the first byte", list(cut(0), cut(1), whole), 3, "", "HOST: the connection was cut; trying again in 1ms HOST: the connection was cut; trying again in 2ms"},
		{"always cut", list(cut(19)), 3, "manifest 1: HOST: unexpected EOF", "HOST: the connection was cut; trying again in 1ms HOST: the connection was cut; trying again in 2ms"},
		{"without an end", list(func(w http.ResponseWriter, _ *http.Request) {
			for range maxDocument>>10 + 1 {
				fmt.Fprint(w, strings.Repeat(" ", 1<<10))
			}
		}), 1, "manifest 1: HOST: the answer is longer than 4 MiB", ""},
		{"another one than it says", list(status(200, "Docker-Content-Digest", string(image.DigestOf([]byte("x"))))), 1, "manifest 1: wrong digest: got sha256:e3b0c4", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked atomic.Int32
			host := fake(t, func(w http.ResponseWriter, r *http.Request) {
				n := int(asked.Add(1))
				c.answers[min(n, len(c.answers))-1](w, r)
			})
			var h hasty
			m, err := open(t, host, &h).Manifest(t.Context(), "1")
			want := strings.ReplaceAll(c.err, "HOST", host)
			switch {
			case want == "" && (err != nil || string(m.Body) != manifest):
				t.Errorf("got %q, %v", m.Body, err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("got %v\nwant %s", err, want)
			}
			if int(asked.Load()) != c.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), c.asked)
			}
			if got := strings.Join(h.said, " "); got != strings.ReplaceAll(c.notices, "HOST", host) {
				t.Errorf("it says %q", got)
			}
		})
	}
}

func list(f ...func(http.ResponseWriter, *http.Request)) []func(http.ResponseWriter, *http.Request) {
	return f
}

func TestWhatComesSlowlyIsWaitedFor(t *testing.T) {
	host := fake(t, func(w http.ResponseWriter, r *http.Request) {
		for _, c := range manifest { // longer altogether than a stall may be
			fmt.Fprintf(w, "%c", c)
			w.(http.Flusher).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	})
	var h hasty
	if m, err := open(t, host, &h).Manifest(t.Context(), "1"); err != nil || string(m.Body) != manifest || h.said != nil {
		t.Errorf("got %q, %v; it says %q", m.Body, err, h.said)
	}
}

func TestAnInterruptedWaitEndsAtOnce(t *testing.T) {
	host := fake(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	o := Options{Patience: Patience{Wait: time.Hour}}
	repo, err := Open(t.Context(), parse(t, host+"/x:1"), Pull, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := repo.Manifest(ctx, "1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestWhatAManifestCameAs(t *testing.T) {
	const index, oci = "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"
	for _, c := range []struct{ header, says, want string }{
		{index, "", index},
		{index, oci, index}, // and who reads it finds that it says something else
		{oci + "; charset=utf-8", "", oci},
		{"application/json", index, index},
		{"", oci, oci},
		{"text/plain", "", "text/plain"},
		{"", "", ""},
	} {
		if got := mediaType(c.header, fmt.Appendf(nil, `{"mediaType": %q}`, c.says)); string(got) != c.want {
			t.Errorf("%q and %q: got %q, want %q", c.header, c.says, got, c.want)
		}
	}
}
