package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/weir-dev/weir/internal/image"
)

// Blob gives the bytes of a blob from an offset on; size is what the manifest says. The request is made by the first
// Read. When the connection breaks, Read goes on where it broke, on a new one.
func (r *Repository) Blob(ctx context.Context, digest image.Digest, size, offset int64) io.ReadCloser {
	return &blob{ctx: streaming(ctx), repo: r, digest: digest, size: size, at: offset}
}

type blob struct {
	ctx    context.Context
	repo   *Repository
	digest image.Digest
	size   int64
	at     int64 // of the next byte
	body   io.ReadCloser
	skip   int64 // bytes of body that are here already
	tries  int   // since the last byte came
}

func (b *blob) Read(p []byte) (int, error) {
	n, err := b.read(p)
	if err != nil && err != io.EOF {
		err = b.repo.failed(fmt.Sprintf("fetch, %s of %s", image.SizeText(b.at), image.SizeText(b.size)), err)
	}
	return n, err
}

func (b *blob) read(p []byte) (int, error) {
	if b.at > b.size {
		return 0, fmt.Errorf("a size of %d bytes makes no sense", b.size)
	}
	for {
		if b.at == b.size {
			return 0, io.EOF
		}
		if b.body == nil {
			if err := b.open(); err != nil {
				return 0, err // patience has tried again
			}
		}
		skipped, err := io.CopyN(io.Discard, b.body, b.skip)
		b.skip -= skipped
		n := 0
		if err == nil {
			n, err = b.body.Read(p[:min(int64(len(p)), b.size-b.at)])
		}
		b.at += int64(n)
		if n > 0 {
			b.tries = 0
			return n, nil // an error comes again, or is none if this was the end
		}
		if err == nil {
			continue
		}
		b.Close()
		if err := b.pause(err); err != nil {
			return 0, err
		}
	}
}

// pause waits after a connection broke, before it is tried again, or says why it is not.
func (b *blob) pause(cause error) error {
	if b.ctx.Err() != nil {
		return context.Cause(b.ctx)
	}
	host := b.repo.url.Host
	if b.tries++; b.tries >= b.repo.patience.Tries {
		return fmt.Errorf("%s: %s, %d times in a row", host, why(cause), b.tries)
	}
	pause := b.repo.patience.pause(b.tries)
	b.repo.notice(fmt.Sprintf("%s: %s after %s of %s; going on in %v", host, why(cause), image.SizeText(b.at), image.SizeText(b.size), pause))
	return sleep(b.ctx, pause)
}

// open asks for the rest of the blob. Of a registry that sends all of it, the beginning is thrown away.
func (b *blob) open() error {
	resp, err := b.repo.do(b.ctx, http.MethodGet, b.repo.at("blobs", string(b.digest)), nil, func(h http.Header) {
		if b.at > 0 {
			h.Set("Range", fmt.Sprintf("bytes=%d-", b.at))
		}
	}, http.StatusOK, http.StatusPartialContent)
	if err != nil {
		return err
	}
	b.body, b.skip = resp.Body, 0
	if resp.StatusCode == http.StatusPartialContent {
		got := resp.Header.Get("Content-Range")
		if whole := fmt.Sprintf("bytes %d-%d/", b.at, b.size-1); got != whole+fmt.Sprint(b.size) && got != whole+"*" {
			b.Close()
			return fmt.Errorf("asked for bytes %d to %d, it sends %q", b.at, b.size-1, got)
		}
		return nil
	}
	if resp.ContentLength >= 0 && resp.ContentLength != b.size {
		b.Close()
		return fmt.Errorf("wrong size: the registry has %d bytes, the manifest says %d", resp.ContentLength, b.size)
	}
	b.skip = b.at
	return nil
}

func (b *blob) Close() error {
	if b.body == nil {
		return nil
	}
	err := b.body.Close()
	b.body = nil
	return err
}
