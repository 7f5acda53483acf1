package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/layer"
)

// Import makes an image of one layer of a root file system: a directory, or a tar of one, plain or compressed. As
// with docker import, the configuration says nothing, no CMD and no PATH; the architecture is the host's.
//
// A directory is packed by layer.Pack: sockets and what is mounted in it are left out. What a plain user
// packs has the owners that it has in a container, where the user is root. Of the options, Unpacked counts.
func Import(ctx context.Context, s *image.Store, from string, ref image.Reference, o Options) (image.Digest, error) {
	id, err := importRoot(ctx, s, from, ref, o)
	if err != nil {
		return "", fmt.Errorf("import %s: %w", from, explain(err))
	}
	return id, nil
}

func importRoot(ctx context.Context, s *image.Store, from string, ref image.Reference, o Options) (image.Digest, error) {
	if ref.Digest != "" {
		return "", fmt.Errorf("%s names an image by its digest, which is not known before; want NAME[:TAG]", ref.Familiar())
	}
	r, err := openRoot(s, from)
	if err != nil {
		return "", err
	}
	defer r.Close()
	l, err := s.AddLayer(ctx, "", func(dir string) (image.Digest, layer.Result, error) {
		id, result, err := unpack(s, dir, &meter{ctx: ctx, r: r, progress: func(int64) {}})
		if err == nil {
			o.unpacked(result)
		}
		return id, result, err
	})
	if err != nil {
		return "", err
	}
	defer l.Close()
	now := time.Now().UTC().Truncate(time.Second)
	p := DefaultPlatform()
	config, err := json.Marshal(image.ConfigFile{
		Created:      now,
		Architecture: p.Architecture,
		Variant:      p.Variant,
		OS:           p.OS,
		RootFS:       image.RootFS{Type: "layers", DiffIDs: []image.Digest{l.DiffID}},
		History:      []image.History{{Created: now, Comment: "Imported from " + filepath.Base(from)}},
	})
	if err != nil {
		return "", err
	}
	return s.Commit(&ref, config, []*image.Layer{l})
}

// openRoot gives the tar that from is, or is packed into.
func openRoot(s *image.Store, from string) (io.ReadCloser, error) {
	st, err := os.Stat(from)
	if err != nil {
		return nil, err
	}
	if !st.IsDir() {
		return os.Open(from)
	}
	dir, err := filepath.EvalSymlinks(from)
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(s.Dir()+"/", strings.TrimSuffix(dir, "/")+"/") {
		return nil, fmt.Errorf("the image store %s lies in it, and cannot become part of itself", s.Dir())
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(layer.Pack(dir, w, s.Owner())) }()
	return r, nil
}
