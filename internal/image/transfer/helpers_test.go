package transfer

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/registry/registrytest"
)

// need skips, or fails where tests must run, without root and these programs.
func need(t *testing.T, programs ...string) {
	t.Helper()
	missing := ""
	if os.Geteuid() != 0 {
		missing = "needs root"
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing = "needs the program " + p + " (a Debian package of that name)"
		}
	}
	switch {
	case missing == "":
	case os.Getenv("WEIR_TEST_MUST_RUN") == "1":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}

func newStore(t *testing.T) *image.Store {
	t.Helper()
	s, err := image.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t *testing.T, ref string) image.Reference {
	t.Helper()
	r, err := image.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// testRegistry is a real one, Debian's docker-registry, for the time of a test.
type testRegistry struct {
	*registrytest.Registry
	host string
}

func newRegistry(t *testing.T) *testRegistry {
	t.Helper()
	need(t, "docker-registry")
	t.Setenv("HOME", t.TempDir()) // nobody's docker login
	r, err := registrytest.Start(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return &testRegistry{r, r.Host}
}

// push puts an image into the registry and gives its reference.
func (r *testRegistry) push(t *testing.T, path string, img v1.Image) string {
	t.Helper()
	ref, err := name.ParseReference(r.host + "/" + path)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

// tarOf makes a layer's tar of name, content pairs; a name that ends in "/" is a directory.
func tarOf(t *testing.T, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for pair := range slices.Chunk(pairs, 2) {
		hdr := &tar.Header{Name: pair[0], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(pair[1])), ModTime: time.Unix(1_700_000_000, 0)}
		if strings.HasSuffix(pair[0], "/") {
			hdr.Typeflag, hdr.Mode = tar.TypeDir, 0o755
		}
		if err := w.WriteHeader(hdr); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, pair[1])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func layerOf(t *testing.T, plain []byte, c compression.Compression) v1.Layer {
	t.Helper()
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(plain)), nil }, tarball.WithCompression(c))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// imageOf makes an image for the platform.
func imageOf(t *testing.T, p Platform, layers ...v1.Layer) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c = c.DeepCopy()
	c.OS, c.Architecture, c.Variant = p.OS, p.Architecture, p.Variant
	c.Config = v1.Config{Cmd: []string{"/hello"}, Env: []string{"PATH=/bin"}}
	if img, err = mutate.ConfigFile(img, c); err != nil {
		t.Fatal(err)
	}
	return img
}

// helloImage has two layers: /hello, and a second one that takes /gone away.
func helloImage(t *testing.T) v1.Image {
	t.Helper()
	return imageOf(t, DefaultPlatform(),
		layerOf(t, tarOf(t, "hello", "hello", "gone", "gone", "d/", "", "d/old", "old"), compression.GZip),
		layerOf(t, tarOf(t, ".wh.gone", "", "d/", "", "d/.wh..wh..opq", "", "d/new", "new"), compression.GZip))
}

func idOf(t *testing.T, img v1.Image) image.Digest {
	t.Helper()
	h, err := img.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	return image.Digest(h.String())
}

// checkHello mounts an image as a container would have it, and looks for what helloImage has.
func checkHello(t *testing.T, s *image.Store, ref string) {
	t.Helper()
	img, err := s.Image(ref)
	if err != nil {
		t.Fatal(err)
	}
	sc, err := s.NewScratch()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := sc.Close(); err != nil {
			t.Error(err)
		}
	}()
	lower := slices.Clone(img.LayerDirs)
	slices.Reverse(lower)
	merged := filepath.Join(sc.Dir, "merged")
	if err := os.Mkdir(merged, 0o700); err != nil {
		t.Fatal(err)
	}
	options := "lowerdir=" + strings.Join(lower, ":") + ",upperdir=" + sc.Upper + ",workdir=" + sc.Work
	if err := unix.Mount("overlay", merged, "overlay", 0, options); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(merged, 0)
	var got []string
	filepath.WalkDir(merged, func(p string, _ os.DirEntry, err error) error {
		got = append(got, strings.TrimPrefix(p, merged))
		return err
	})
	if want := []string{"", "/d", "/d/new", "/hello"}; !slices.Equal(got, want) {
		t.Errorf("%s: the container has %q, want %q", ref, got, want)
	}
	if err := os.WriteFile(filepath.Join(merged, "hello"), []byte("written"), 0o600); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(filepath.Join(img.LayerDirs[0], "hello")); string(b) != "hello" {
		t.Errorf("the container wrote into the layer: %q", b)
	}
}

// leftovers tells what is in parts of the store that should be empty.
func leftovers(t *testing.T, s *image.Store, parts ...string) (left []string) {
	t.Helper()
	for _, part := range parts {
		list, err := os.ReadDir(filepath.Join(s.Dir(), part))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			left = append(left, part+"/"+e.Name())
		}
	}
	return left
}
