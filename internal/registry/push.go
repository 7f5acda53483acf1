package registry

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/weir-dev/weir/internal/image"
)

// PutBlob makes sure that the repository has a blob.
func (r *Repository) PutBlob(ctx context.Context, b []byte) error {
	d := image.DigestOf(b)
	if err := r.putBlob(ctx, d, b); err != nil {
		return r.failed(fmt.Sprintf("push blob %s", d), err)
	}
	return nil
}

func (r *Repository) putBlob(ctx context.Context, d image.Digest, b []byte) error {
	resp, err := r.do(ctx, http.MethodHead, r.at("blobs", string(d)), nil, nil, http.StatusOK, http.StatusNotFound)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	// In two steps, which every registry knows: distribution-spec, "POST then PUT". The path ends in a slash.
	resp, err = r.do(ctx, http.MethodPost, r.at("blobs", "uploads", "/"), nil, nil, http.StatusAccepted)
	if err != nil {
		return err
	}
	resp.Body.Close()
	location, err := resp.Location() // it may be relative
	if err != nil {
		return err
	}
	query := location.Query()
	query.Set("digest", string(d))
	location.RawQuery = query.Encode()
	return r.put(ctx, location, "application/octet-stream", b)
}

// PutManifest gives the repository a manifest, under a tag or its digest. Its blobs must be there.
func (r *Repository) PutManifest(ctx context.Context, tagOrDigest string, mediaType types.MediaType, b []byte) error {
	if err := r.put(ctx, r.at("manifests", tagOrDigest), string(mediaType), b); err != nil {
		return r.failed("push manifest "+tagOrDigest, err)
	}
	return nil
}

func (r *Repository) put(ctx context.Context, u *url.URL, contentType string, b []byte) error {
	resp, err := r.do(ctx, http.MethodPut, u, bytes.NewReader(b), func(h http.Header) {
		h.Set("Content-Type", contentType)
	}, http.StatusCreated)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
