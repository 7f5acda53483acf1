package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/layer"
	"github.com/weir-dev/weir/internal/registry"
)

// Options are what Pull, PullLocal and Load can be told. The zero value is what people want.
type Options struct {
	// Platform is which image of several to take, and what a single one must be for. Zero: DefaultPlatform.
	Platform Platform

	// Progress, unless nil, hears of each layer: first of all of them, that they wait. It is called from one goroutine
	// at a time.
	Progress func(Progress)

	// Unpacked, unless nil, hears what became of each layer that was unpacked. It is called from one goroutine at
	// a time.
	Unpacked func(layer.Result)

	// OnlyProfile makes an error of what is an image.
	OnlyProfile bool

	// Registry says how patient to be with a registry.
	Registry registry.Options
}

// Progress is how far a layer has come.
type Progress struct {
	Layer string // its blob's digest, or its diff ID in an archive without digests
	State State
	Done  int64 // bytes of the blob that are read
	Kept  int64 // of all, those that an earlier pull has left
	Total int64 // the blob's size
}

// State is what becomes of a layer.
type State int

const (
	Waiting  State = iota // for its turn
	Reading               // and being unpacked
	Unpacked              // and in the store
	Present               // in the store already, or another process has brought it there
)

func (o Options) platform() Platform {
	if o.Platform == (Platform{}) {
		return DefaultPlatform()
	}
	return o.Platform
}

func (o Options) unpacked(r layer.Result) {
	if o.Unpacked != nil {
		o.Unpacked(r)
	}
}

// blob is a layer where it comes from, compressed or not.
type blob struct {
	name string       // for people: a digest
	want image.Digest // of the bytes; empty if nobody knows
	size int64
	open func(ctx context.Context) (io.ReadCloser, error)
}

// parallel is how many layers of an image are fetched and unpacked at once: Docker's default.
const parallel = 3

// commit makes an image of a configuration and its layers' blobs, under all these names, or under none.
func commit(ctx context.Context, s *image.Store, refs []image.Reference, config []byte, blobs []blob, o Options) (id image.Digest, err error) {
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
	if len(refs) == 0 {
		return s.Commit(nil, config, layers)
	}
	for _, ref := range refs {
		if id, err = s.Commit(&ref, config, layers); err != nil {
			return "", err
		}
	}
	return id, nil
}

// addLayers brings all layers into the store, or stops all at the first error. Layers that it returns are held,
// also beside an error.
func addLayers(ctx context.Context, s *image.Store, diffIDs []image.Digest, blobs []blob, o Options) ([]*image.Layer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var progress sync.Mutex
	report := func(b blob, state State, done, kept int64) {
		if o.Progress != nil {
			progress.Lock()
			defer progress.Unlock()
			o.Progress(Progress{b.name, state, done, kept, b.size})
		}
	}
	for _, b := range blobs {
		report(b, Waiting, 0, 0)
	}
	layers := make([]*image.Layer, len(blobs))
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i, b := range blobs {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			state, done, kept := Present, int64(0), int64(0)
			fill := func(dir string) (image.Digest, layer.Result, error) {
				state = Unpacked
				id, result, err := b.unpack(ctx, s, dir, func(d, k int64) {
					done, kept = d, k
					report(b, Reading, d, k)
				})
				if err == nil {
					progress.Lock()
					defer progress.Unlock()
					o.unpacked(result)
				}
				return id, result, err
			}
			l, err := s.AddLayer(ctx, diffIDs[i], fill)
			if errors.Is(err, errStale) {
				l, err = s.AddLayer(ctx, diffIDs[i], fill)
			}
			if err != nil {
				cancel(fmt.Errorf("layer %s: %w", b.name, err))
				return
			}
			layers[i] = l
			report(b, state, done, kept)
		})
	}
	all.Wait()
	return layers, context.Cause(ctx)
}

// unpack reads the blob to its end, and unpacks it into dir on the way.
func (b blob) unpack(ctx context.Context, s *image.Store, dir string, progress func(done, kept int64)) (diffID image.Digest, result layer.Result, err error) {
	if err := ctx.Err(); err != nil {
		return "", result, err
	}
	body, err := b.open(ctx)
	if err != nil {
		return "", result, err
	}
	defer body.Close()
	old, _ := body.(*resumed)
	source := io.Reader(&meter{ctx: ctx, r: body, progress: func(done int64) {
		if old != nil {
			progress(done, old.old)
		} else {
			progress(done, 0)
		}
	}})
	if b.want != "" {
		source = &verifier{r: source, hash: sha256.New(), want: b.want}
	}
	diffID, result, err = unpack(s, dir, source)
	// Wrong bytes show as whatever they break first. That they are the wrong ones is the better thing to say, and to know
	// it takes the rest of them.
	if !isDiskFull(err) {
		if _, e := io.Copy(io.Discard, source); e != nil && ctx.Err() == nil {
			err = e
		}
	}
	if old != nil {
		err = old.settle(ctx, err)
	}
	return diffID, result, err
}

// unpack unpacks a layer's tar, compressed or not, and tells its diff ID: the digest of the plain tar to
// its very end, padding included.
func unpack(s *image.Store, dir string, r io.Reader) (diffID image.Digest, result layer.Result, err error) {
	body, err := decompress(r)
	if err != nil {
		return "", result, err
	}
	defer body.Close()
	h := sha256.New()
	ahead, stop := readAhead(io.TeeReader(body, h))
	defer stop()
	if result, err = s.Unpack(dir, ahead); err != nil {
		return "", result, err
	}
	if _, err := io.Copy(io.Discard, ahead); err != nil {
		return "", result, err
	}
	return digestOf(h), result, nil
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
