package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/layer"
)

// Options are what Pull and Load can be told. The zero value is what people want.
type Options struct {
	// Platform is which image of several to take, and what a single one must be for. Zero: DefaultPlatform.
	Platform Platform

	// Progress, unless nil, hears of each layer as its bytes are read: its blob's digest (or its diff ID, in
	// an archive without digests), how many bytes of it are done, and how many there are; 0 of 0
	// for a layer that the store has. It is called from one goroutine at a time.
	Progress func(layer string, done, total int64)
}

func (o Options) platform() Platform {
	if o.Platform == (Platform{}) {
		return DefaultPlatform()
	}
	return o.Platform
}

// blob is a layer where it comes from, compressed or not.
type blob struct {
	name string       // for people: a digest
	want image.Digest // of the bytes; empty if nobody knows, or open checks it itself
	size int64
	open func() (io.ReadCloser, error)
}

// parallel is how many layers of an image are fetched and unpacked at once: Docker's default.
const parallel = 3

// commit makes an image of a configuration and its layers' blobs.
func commit(ctx context.Context, s *image.Store, ref *image.Reference, config []byte, blobs []blob, o Options) (image.Digest, error) {
	c, err := image.ParseConfig(config)
	if err != nil {
		return "", err
	}
	if _, err := choose(o.platform(), []Platform{{c.OS, c.Architecture, c.Variant}}); err != nil {
		return "", err
	}
	if len(blobs) != len(c.RootFS.DiffIDs) {
		return "", fmt.Errorf("it has %d layers, and its configuration names %d", len(blobs), len(c.RootFS.DiffIDs))
	}
	layers, err := addLayers(ctx, s, c.RootFS.DiffIDs, blobs, o)
	defer func() {
		for _, l := range layers {
			if l != nil {
				l.Close()
			}
		}
	}()
	if err != nil {
		return "", err
	}
	return s.Commit(ref, config, layers)
}

// addLayers brings all layers into the store, or stops all at the first error. Layers that it returns are held,
// also beside an error.
func addLayers(ctx context.Context, s *image.Store, diffIDs []image.Digest, blobs []blob, o Options) ([]*image.Layer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var progress sync.Mutex
	report := func(b blob, done, total int64) {
		if o.Progress != nil {
			progress.Lock()
			defer progress.Unlock()
			o.Progress(b.name, done, total)
		}
	}
	layers := make([]*image.Layer, len(blobs))
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i, b := range blobs {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			fetched := false
			l, err := s.AddLayer(ctx, diffIDs[i], func(dir string) (image.Digest, int64, error) {
				fetched = true
				return b.unpack(ctx, dir, func(done int64) { report(b, done, b.size) })
			})
			if err != nil {
				cancel(fmt.Errorf("layer %s: %w", b.name, explain(err)))
				return
			}
			layers[i] = l
			if !fetched {
				report(b, 0, 0)
			}
		})
	}
	all.Wait()
	return layers, context.Cause(ctx)
}

// unpack reads the blob to its end, and unpacks it into dir on the way.
func (b blob) unpack(ctx context.Context, dir string, progress func(done int64)) (diffID image.Digest, size int64, err error) {
	if err := ctx.Err(); err != nil {
		return "", 0, err
	}
	body, err := b.open()
	if err != nil {
		return "", 0, err
	}
	defer body.Close()
	source := io.Reader(&meter{ctx: ctx, r: body, progress: progress})
	if b.want != "" {
		source = &verifier{r: source, hash: sha256.New(), want: b.want}
	}
	diffID, size, err = unpack(dir, source)
	// Wrong bytes show as whatever they break first. That they are the wrong ones is the better thing to say, and to know
	// it takes the rest of them.
	if _, e := io.Copy(io.Discard, source); e != nil && ctx.Err() == nil {
		err = e
	}
	return diffID, size, err
}

// unpack unpacks a layer's tar, compressed or not, and tells its diff ID: the digest of the plain tar to
// its very end, padding included.
func unpack(dir string, r io.Reader) (diffID image.Digest, size int64, err error) {
	body, err := decompress(r)
	if err != nil {
		return "", 0, err
	}
	defer body.Close()
	h := sha256.New()
	ahead, stop := readAhead(io.TeeReader(body, h))
	defer stop()
	if size, err = layer.Unpack(dir, ahead); err != nil {
		return "", 0, err
	}
	if _, err := io.Copy(io.Discard, ahead); err != nil {
		return "", 0, err
	}
	return digestOf(h), size, nil
}

// meter counts what is read, and stops when the context is cancelled.
type meter struct {
	ctx      context.Context
	r        io.Reader
	done     int64
	progress func(done int64)
}

func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	m.done += int64(n)
	m.progress(m.done)
	return n, err
}

// verifier makes an error of the end of a stream that is not the wanted one.
type verifier struct {
	r    io.Reader
	hash hash.Hash
	want image.Digest
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.r.Read(p)
	v.hash.Write(p[:n])
	if err == io.EOF {
		if got := digestOf(v.hash); got != v.want {
			return n, fmt.Errorf("wrong digest: got %s, want %s", got, v.want)
		}
	}
	return n, err
}

func digestOf(h hash.Hash) image.Digest {
	return image.Digest("sha256:" + hex.EncodeToString(h.Sum(nil)))
}
