package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/weir-dev/weir/internal/image"
)

// files are those of an archive or a directory, by the names that its own documents use for them.
type files interface {
	has(name string) bool
	open(name string) (body io.ReadCloser, size int64, err error)
}

// read reads a small file.
func read(f files, name string) ([]byte, error) {
	body, size, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if size > maxDocument {
		return nil, fmt.Errorf("%s is %d bytes long, %d are the most", name, size, maxDocument)
	}
	return io.ReadAll(io.LimitReader(body, size))
}

// blobOf is the layer in a file.
func blobOf(f files, file, name string, want image.Digest) (blob, error) {
	body, size, err := f.open(file)
	if err != nil {
		return blob{}, err
	}
	body.Close()
	return blob{name: name, want: want, size: size, open: func(context.Context) (io.ReadCloser, error) {
		body, _, err := f.open(file)
		return body, err
	}}, nil
}

// layout is the content of an OCI layout, where a blob's file has its digest's name: image-spec, image-layout.md.
type layout struct{ files }

func blobFile(d image.Digest) string { return "blobs/sha256/" + d.Hex() }

func (l layout) document(_ context.Context, d v1.Descriptor) ([]byte, error) {
	want, err := image.ParseDigest(d.Digest.String())
	if err != nil {
		return nil, err
	}
	b, err := read(l, blobFile(want))
	if err != nil {
		return nil, err
	}
	if got := image.DigestOf(b); got != want {
		return nil, fmt.Errorf("%s: wrong digest: got %s", blobFile(want), got)
	}
	return b, nil
}

func (l layout) layer(d v1.Descriptor) (blob, error) {
	want, err := image.ParseDigest(d.Digest.String())
	if err != nil {
		return blob{}, err
	}
	return blobOf(l, blobFile(want), string(want), want)
}

// directory is files below a directory. Links that lead out of it are errors.
type directory struct{ root *os.Root }

func (d directory) has(name string) bool {
	_, err := d.root.Stat(name)
	return err == nil
}

func (d directory) open(name string) (io.ReadCloser, int64, error) {
	st, err := d.root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("the directory has no file %q", name)
	}
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path.Join(d.root.Name(), name))
	}
	if err != nil {
		return nil, 0, err
	}
	f, err := d.root.Open(name)
	return f, st.Size(), err
}
