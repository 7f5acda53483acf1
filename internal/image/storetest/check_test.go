package storetest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/image/layer"
)

// whole makes a store with one image by hand.
func whole(t *testing.T) (dir, img, lay string) {
	t.Helper()
	dir = t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tree := filepath.Join(dir, "fs")
	must(os.Mkdir(tree, 0o755))
	must(os.WriteFile(filepath.Join(tree, "file"), []byte("content"), 0o644))
	must(os.Chtimes(filepath.Join(tree, "file"), time.Unix(1, 0), time.Unix(1, 0))) // it is part of the layer
	var tar bytes.Buffer
	must(layer.Pack(tree, &tar, nil))
	lay = fmt.Sprintf("%x", sha256.Sum256(tar.Bytes()))
	config := fmt.Sprintf(`{"rootfs":{"diff_ids":["sha256:%s"]}}`, lay)
	img = fmt.Sprintf("%x", sha256.Sum256([]byte(config)))
	for _, part := range []string{"images", "tmp", "scratch", "content", "layers/" + lay, "refs/docker.io/library"} {
		must(os.MkdirAll(filepath.Join(dir, part), 0o700))
	}
	must(os.Rename(tree, filepath.Join(dir, "layers", lay, "fs")))
	must(os.WriteFile(filepath.Join(dir, "layers", lay, "size"), []byte("7"), 0o600))
	must(os.WriteFile(filepath.Join(dir, "images", img), []byte(config), 0o600))
	must(os.WriteFile(filepath.Join(dir, "refs/docker.io/library/x:1"), []byte("sha256:"+img+"\n"), 0o600))
	return dir, img, lay
}

func TestAWholeStore(t *testing.T) {
	dir, _, _ := whole(t)
	state, err := Check(dir)
	if err != nil || len(state.Refs) != 1 || len(state.Images) != 1 || len(state.Layers) != 1 || len(state.Unused) != 0 {
		t.Errorf("%+v, %v", state, err)
	}
}

func TestWhatIsNotWhole(t *testing.T) {
	write := func(content string, elem ...string) func(dir string) error {
		return func(dir string) error {
			return os.WriteFile(filepath.Join(dir, filepath.Join(elem...)), []byte(content), 0o600)
		}
	}
	remove := func(elem ...string) func(dir string) error {
		return func(dir string) error { return os.RemoveAll(filepath.Join(dir, filepath.Join(elem...))) }
	}
	_, img, lay := whole(t) // the same bytes each time
	for name, c := range map[string]struct {
		damage func(dir string) error
		want   string
	}{
		"a file left":               {write("", "new"), "new does not belong"},
		"a layer left on its way":   {write("", "tmp", lay), "left in tmp"},
		"a container's files left":  {write("", "scratch", "x"), "left in scratch"},
		"an image cut short":        {write(`{"root`, "images", img), "is not the 6 bytes"},
		"an image without a layer":  {remove("layers", lay), "no such file"},
		"a name without an image":   {remove("images", img), "which is no image here"},
		"a name cut short":          {write("sha256:12", "refs/docker.io/library/x:1"), "which is no image here"},
		"a layer's file changed":    {write("CONTENT", "layers", lay, "fs/file"), "is not whole"},
		"a layer's file missing":    {remove("layers", lay, "fs/file"), "is not whole"},
		"a layer without its files": {remove("layers", lay, "fs"), "want fs and size"},
		"a layer of another size":   {write("8", "layers", lay, "size"), "its size is given as"},
		"a document cut short":      {write("x", "content", img), "is not the 1 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _, _ := whole(t)
			if err := c.damage(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := Check(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
