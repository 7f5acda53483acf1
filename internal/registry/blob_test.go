package registry

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/registry/registrytest"
)

// bytesOf makes bytes of which no two pieces are alike.
func bytesOf(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.Bytes()[:n]
}

// The way to a real registry is cut after any number of bytes, and again after some more; what is read is whole, and
// nothing was sent twice but headers.
func TestABlobGoesOnWhereItWasCut(t *testing.T) {
	r := start(t, false)
	noLogins(t)
	content := bytesOf(20_000)
	d := image.DigestOf(content)
	repo, err := Open(t.Context(), parse(t, r.Host+"/team/app:1"), Push, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.PutBlob(t.Context(), content); err != nil {
		t.Fatal(err)
	}
	proxy, err := registrytest.NewProxy(r.Host, false)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	var h hasty
	repo = open(t, proxy.Host, &h)
	for n := int64(1); n < 21_000; n += 211 {
		for _, offset := range []int64{0, 1, 9_999, 19_999, 20_000} {
			proxy.BreakAfter(n)
			before := proxy.Sent()
			body := repo.Blob(t.Context(), d, int64(len(content)), offset)
			got, err := io.ReadAll(body)
			body.Close()
			if err != nil || !bytes.Equal(got, content[offset:]) {
				t.Fatalf("cut after %d from %d: got %d bytes, %v", n, offset, len(got), err)
			}
			// What had passed before the cut may be lost in a buffer.
			if sent := proxy.Sent() - before; sent > int64(len(content))-offset+8_000 {
				t.Errorf("cut after %d from %d: %d bytes were sent", n, offset, sent)
			}
		}
	}
}

// What registries do that a real one does not do on demand.
func TestBlobsOfOddRegistries(t *testing.T) {
	content := bytesOf(10_000)
	d := image.DigestOf(content)
	abort := func(w http.ResponseWriter, b []byte) {
		w.Write(b)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request, n int)
		err    string // HOST is the registry's; empty for the whole blob
		asked  int
	}{
		{"it knows no ranges", func(w http.ResponseWriter, r *http.Request, n int) {
			w.Header().Set("Content-Length", "10000")
			abort(w, content[:2500*n])
		}, "", 4},
		{"it is always cut at the same place", func(w http.ResponseWriter, r *http.Request, n int) {
			w.Header().Set("Content-Length", "10000")
			abort(w, content[:5000])
		}, "fetch, 5kB of 10kB: HOST: the connection was cut, 3 times in a row", 3},
		{"it falls silent", func(w http.ResponseWriter, r *http.Request, n int) {
			w.Header().Set("Content-Length", "10000")
			w.Write(content[:6000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "fetch, 6kB of 10kB: HOST: nothing came for 700ms, 3 times in a row", 3},
		{"it has another range", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				w.Header().Set("Content-Length", "10000")
				abort(w, content[:5000])
			}
			w.Header().Set("Content-Range", "bytes 4999-9999/10000")
			w.WriteHeader(206)
			w.Write(content[4999:])
		}, `fetch, 5kB of 10kB: asked for bytes 5000 to 9999, it sends "bytes 4999-9999/10000"`, 2},
		{"it has fewer bytes than the manifest says", func(w http.ResponseWriter, r *http.Request, n int) {
			w.Write(content[:1000])
		}, "fetch, 0B of 10kB: wrong size: the registry has 1000 bytes, the manifest says 10000", 1},
		{"it has more", func(w http.ResponseWriter, r *http.Request, n int) {
			w.Header().Set("Content-Length", "10001")
			w.Write(append(bytes.Clone(content), 0))
		}, "wrong size: the registry has 10001 bytes, the manifest says 10000", 1},
		{"it has more and does not say so", func(w http.ResponseWriter, r *http.Request, n int) {
			w.(http.Flusher).Flush()
			w.Write(append(bytes.Clone(content), 0))
		}, "", 1},
		{"it has lost the blob", func(w http.ResponseWriter, r *http.Request, n int) {
			w.WriteHeader(404)
		}, "fetch, 0B of 10kB: HOST answers 404 Not Found", 1},
		{"it is busy on the second request", func(w http.ResponseWriter, r *http.Request, n int) {
			switch n {
			case 1:
				w.Header().Set("Content-Length", "10000")
				abort(w, content[:5000])
			case 2:
				w.WriteHeader(503)
			default:
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
			}
		}, "", 3},
		{"it does not say how long the whole is", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				w.Header().Set("Content-Length", "10000")
				abort(w, content[:5000])
			}
			w.Header().Set("Content-Range", "bytes 5000-9999/*")
			w.WriteHeader(206)
			w.Write(content[5000:])
		}, "", 2},
		{"it sends elsewhere", func(w http.ResponseWriter, r *http.Request, n int) {
			if r.URL.Path == "/elsewhere" {
				if n == 2 {
					w.Header().Set("Content-Length", "10000")
					abort(w, content[:7000])
				}
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
				return
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked atomic.Int32
			host := fake(t, func(w http.ResponseWriter, r *http.Request) { c.answer(w, r, int(asked.Add(1))) })
			var h hasty
			body := open(t, host, &h).Blob(t.Context(), d, int64(len(content)), 0)
			defer body.Close()
			got, err := io.ReadAll(body)
			want := strings.ReplaceAll(c.err, "HOST", host)
			switch {
			case want == "" && (err != nil || !bytes.Equal(got, content)):
				t.Errorf("got %d bytes, %v", len(got), err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("got %v\nwant %s", err, want)
			}
			if int(asked.Load()) != c.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), c.asked)
			}
		})
	}
}

func TestSizesThatMakeNoSense(t *testing.T) {
	host := fake(t, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	var h hasty
	repo := open(t, host, &h)
	for _, size := range []int64{-1, 4} {
		if b, err := io.ReadAll(repo.Blob(t.Context(), image.DigestOf(nil), size, 5)); len(b) != 0 || err == nil || !strings.Contains(err.Error(), "makes no sense") {
			t.Errorf("%d: got %q, %v", size, b, err)
		}
	}
}
