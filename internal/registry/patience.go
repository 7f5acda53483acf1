package registry

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Patience is how long a registry is waited for. A zero field has the default.
type Patience struct {
	Stall time.Duration // without a byte, after which a connection is given up: 30 s
	Tries int           // of one request, or of one place in a blob: 4
	Wait  time.Duration // before the second try, and twice as long before each further one: 1 s
}

func (p Patience) orDefault() Patience {
	if p.Stall == 0 {
		p.Stall = 30 * time.Second
	}
	if p.Tries == 0 {
		p.Tries = 4
	}
	if p.Wait == 0 {
		p.Wait = time.Second
	}
	return p
}

// pause is how long to wait after so many tries.
func (p Patience) pause(tries int) time.Duration { return p.Wait << (tries - 1) }

// maxRetryAfter bounds what a registry can make weir wait: who is told to come back in an hour is better told so.
const maxRetryAfter = 30 * time.Second

// maxDocument bounds what is held in memory: the distribution-spec has manifests of 4 MiB.
const maxDocument = 4 << 20

// stallError says that a registry said nothing for too long.
type stallError struct{ limit time.Duration }

func (e *stallError) Error() string { return fmt.Sprintf("nothing came for %v", e.limit) }

// patient makes requests, and makes them again when it makes sense. What it returns has been read to its
// end, so that a document cut short is asked for again, too; but for blobs, which are streams.
type patient struct {
	base     http.RoundTripper
	patience Patience
	notice   func(string)
}

type streamKey struct{}

// streaming marks the requests of a blob.
func streaming(ctx context.Context) context.Context { return context.WithValue(ctx, streamKey{}, true) }

func (t *patient) RoundTrip(r *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		resp, err := t.once(r)
		cause := transient(resp, err)
		if cause == "" || try >= t.patience.Tries || r.Context().Err() != nil || r.Body != nil && r.GetBody == nil {
			return resp, err
		}
		pause := t.patience.pause(try)
		if resp != nil {
			if after := retryAfter(resp); after > maxRetryAfter {
				return resp, err
			} else if after > 0 {
				pause = after
			}
			resp.Body.Close()
		}
		t.notice(fmt.Sprintf("%s: %s; trying again in %v", r.URL.Host, cause, pause))
		if err := sleep(r.Context(), pause); err != nil {
			return nil, err
		}
		if r.GetBody != nil {
			r = r.Clone(r.Context())
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func (t *patient) once(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	body := &watched{ctx: ctx, cancel: cancel, limit: t.patience.Stall}
	body.timer = time.AfterFunc(t.patience.Stall, func() { cancel(&stallError{t.patience.Stall}) })
	resp, err := t.base.RoundTrip(r.WithContext(ctx))
	body.timer.Stop()
	if err != nil {
		err = fmt.Errorf("%s: %w", r.URL.Host, body.cause(err))
		cancel(nil)
		return nil, err
	}
	body.r = resp.Body
	resp.Body = body
	if ctx.Value(streamKey{}) != nil && resp.StatusCode < 300 {
		return resp, nil
	}
	b, err := io.ReadAll(io.LimitReader(body, maxDocument+1))
	body.Close()
	if err == nil && len(b) > maxDocument {
		err = errTooLong
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.URL.Host, err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp, nil
}

var errTooLong = fmt.Errorf("the answer is longer than %d MiB", maxDocument>>20)

// watched is a body that gives up when nothing comes. Only the time spent in Read counts: who reads may be slow.
type watched struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	r      io.ReadCloser
	timer  *time.Timer
	limit  time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.limit)
	n, err := w.r.Read(p)
	w.timer.Stop()
	if err != nil && err != io.EOF {
		err = w.cause(err)
	}
	return n, err
}

func (w *watched) Close() error {
	w.cancel(nil)
	return w.r.Close()
}

// cause is the stall that ended a request, if one did.
func (w *watched) cause(err error) error {
	if stall := new(stallError); errors.As(context.Cause(w.ctx), &stall) {
		return stall
	}
	return err
}

// transient says why a request may well succeed when it is made again, or nothing.
func transient(resp *http.Response, err error) string {
	if err == nil {
		switch resp.StatusCode {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return resp.Status
		}
		return ""
	}
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var dns *net.DNSError
	switch {
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH),
		errors.Is(err, http.ErrSchemeMismatch), errors.Is(err, errTooLong),
		errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &dns) && dns.IsNotFound:
		return ""
	}
	return why(err)
}

// why is the innermost cause of a failed connection, in the words that people know.
func why(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was cut"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// retryAfter is what the header of that name says, in seconds or as a date; RFC 9110, 10.2.3.
func retryAfter(resp *http.Response) time.Duration {
	h := resp.Header.Get("Retry-After")
	if n, err := strconv.Atoi(h); err == nil && n >= 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(h); err == nil {
		return max(0, time.Until(at).Round(time.Second))
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
