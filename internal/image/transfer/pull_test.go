package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/weir-dev/weir/internal/image"
)

// A second process that pulls is the test binary again.
func TestMain(m *testing.M) {
	if ref := os.Getenv("WEIR_TEST_PULL"); ref != "" {
		if err := pullAsChild(ref); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// pullAsChild prints the layers that it really read.
func pullAsChild(name string) error {
	s, err := image.Open(os.Getenv("WEIR_TEST_STORE"))
	if err != nil {
		return err
	}
	ref, err := image.ParseReference(name)
	if err != nil {
		return err
	}
	_, err = Pull(context.Background(), s, ref, Options{Progress: func(l Progress) {
		if l.State == Unpacked {
			fmt.Println(l.Layer)
		}
	}})
	return err
}

func TestPulledImageRuns(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	img := helloImage(t)
	ref := r.push(t, "hello:1", img)
	seen := map[string]Progress{}
	got, err := Pull(t.Context(), s, parse(t, ref), Options{Progress: func(l Progress) {
		if last, ok := seen[l.Layer]; l.State < last.State || !ok && l.State != Waiting || l.Done < last.Done {
			t.Errorf("%+v after %+v", l, last)
		}
		seen[l.Layer] = l
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want := idOf(t, img); got.ID != want {
		t.Errorf("ID %s, want %s", got.ID, want)
	}
	checkHello(t, s, ref)
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	byDigest := strings.TrimSuffix(ref, ":1") + "@" + digest.String()
	if d, err := s.Inspect(ref); err != nil || len(d.Refs) != 2 || d.Refs[0].String() != ref || d.Refs[1].String() != byDigest {
		t.Errorf("its names are %v, %v, want %s and %s", d.Refs, err, ref, byDigest)
	}
	if len(seen) != 2 {
		t.Errorf("progress of %d layers, want 2", len(seen))
	}
	for _, l := range seen {
		if l.State != Unpacked || l.Done != l.Total || l.Total == 0 || l.Kept != 0 {
			t.Errorf("a layer ended as %+v", l)
		}
	}

	t.Run("by digest", func(t *testing.T) {
		d, _ := img.Digest()
		byDigest := r.host + "/hello@" + d.String()
		if _, err := Pull(t.Context(), s, parse(t, byDigest), Options{}); err != nil {
			t.Fatal(err)
		}
		checkHello(t, s, byDigest)
	})
	t.Run("again, nothing is fetched", func(t *testing.T) {
		_, err := Pull(t.Context(), s, parse(t, ref), Options{Progress: func(l Progress) {
			if l.State != Waiting && l.State != Present {
				t.Errorf("%+v", l)
			}
		}})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("a tag that has moved on", func(t *testing.T) {
		other := imageOf(t, DefaultPlatform(), layerOf(t, tarOf(t, "other", ""), compression.GZip))
		r.push(t, "hello:1", other)
		if _, err := Pull(t.Context(), s, parse(t, ref), Options{}); err != nil {
			t.Fatal(err)
		}
		if now, err := s.Image(ref); err != nil || now.ID != idOf(t, other) {
			t.Errorf("got %v, %v", now, err)
		}
	})
}

func TestLayersMayBeCompressedInAnyWay(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	for _, c := range []compression.Compression{compression.GZip, compression.ZStd, compression.None} {
		t.Run(string(c), func(t *testing.T) {
			ref := r.push(t, "c:"+string(c), imageOf(t, DefaultPlatform(), layerOf(t, tarOf(t, string(c), "x"), c)))
			if _, err := Pull(t.Context(), s, parse(t, ref), Options{}); err != nil {
				t.Fatal(err)
			}
			img, err := s.Image(ref)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(img.LayerDirs[0] + "/" + string(c)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPullTakesTheImageForThePlatform(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	index := v1.ImageIndex(empty.Index)
	ids := map[Platform]image.Digest{}
	for _, p := range []Platform{{"linux", "s390x", ""}, {"linux", "amd64", ""}, {"linux", "arm", "v6"}, {"linux", "arm", "v7"}, {"linux", "arm64", "v8"}, {"unknown", "unknown", ""}} {
		img := imageOf(t, p, layerOf(t, tarOf(t, "platform", p.String()), compression.GZip))
		ids[p] = idOf(t, img)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant}}})
	}
	tag, err := name.NewTag(r.host + "/multi:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(tag, index); err != nil {
		t.Fatal(err)
	}
	ref := parse(t, tag.String())
	for want, platform := range map[string]Platform{
		"linux/s390x": {"linux", "s390x", ""}, "linux/arm64": {"linux", "arm64", "v8"}, "linux/arm": {"linux", "arm", "v7"},
		"linux/arm/v6": {"linux", "arm", "v6"}, "linux/amd64": {"linux", "amd64", ""},
	} {
		p, err := ParsePlatform(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Pull(t.Context(), s, ref, Options{Platform: p}); err != nil || got.ID != ids[platform] {
			t.Errorf("%s: got %s, %v; want the image for %s", want, got.ID, err, platform)
		}
	}
	_, err = Pull(t.Context(), s, ref, Options{Platform: Platform{"linux", "riscv64", ""}})
	if pe := new(PlatformError); !errors.As(err, &pe) || !strings.Contains(err.Error(), "linux/riscv64") || !strings.Contains(err.Error(), "linux/s390x") || strings.Contains(err.Error(), "unknown") {
		t.Errorf("a platform that there is not: %v", err)
	}

	t.Run("a single image for another architecture is an error that names both", func(t *testing.T) {
		single := r.push(t, "single:1", imageOf(t, Platform{"linux", "s390x", ""}, layerOf(t, tarOf(t, "f", ""), compression.GZip)))
		s := newStore(t)
		_, err := Pull(t.Context(), s, parse(t, single), Options{Platform: Platform{"linux", "amd64", ""}})
		if err == nil || !strings.Contains(err.Error(), "linux/s390x") || !strings.Contains(err.Error(), "linux/amd64") {
			t.Errorf("got %v", err)
		}
		if left := leftovers(t, s, "layers", "images", "refs", "tmp"); left != nil {
			t.Errorf("left: %v", left)
		}
	})
}

// What a registry may serve instead of what it should. Each leaves the store without the image, and without half
// a layer.
func TestBadPullsLeaveNothing(t *testing.T) {
	r := newRegistry(t)
	good := layerOf(t, tarOf(t, "f", strings.Repeat("content ", 1000)), compression.GZip)
	for _, c := range []struct {
		name, want string
		image      func(t *testing.T) v1.Image
		spoil      func(t *testing.T, blob string) // what the registry's disk does to the layer
	}{
		{"a blob with other bytes", "wrong digest", nil, func(t *testing.T, blob string) {
			b, _ := os.ReadFile(blob)
			b[len(b)/2] ^= 0xff
			os.WriteFile(blob, b, 0o600)
		}},
		{"a blob with a good layer that is another one", "wrong digest", nil, func(t *testing.T, blob string) {
			other := layerOf(t, tarOf(t, "g", strings.Repeat("contents", 1000)), compression.GZip)
			rc, _ := other.Compressed()
			b := make([]byte, 1<<20)
			n, _ := rc.Read(b)
			os.WriteFile(blob, b[:n], 0o600)
		}},
		{"a blob that is cut short", "size", nil, func(t *testing.T, blob string) {
			os.Truncate(blob, 100)
		}},
		{"a blob that is not there", "unknown", nil, func(t *testing.T, blob string) {
			os.Remove(blob)
		}},
		{"a layer of negative length", "makes no sense", func(t *testing.T) v1.Image {
			return odd{imageOf(t, DefaultPlatform(), good), func(m *v1.Manifest) { m.Layers[0].Size = -1 }}
		}, nil},
		{"a configuration of negative length", "-1 bytes long", func(t *testing.T) v1.Image {
			return odd{imageOf(t, DefaultPlatform(), good), func(m *v1.Manifest) { m.Config.Size = -1 }}
		}, nil},
		{"a configuration with another diff ID", "wrong diff id", func(t *testing.T) v1.Image {
			img := imageOf(t, DefaultPlatform(), good)
			c, _ := img.ConfigFile()
			c = c.DeepCopy()
			c.RootFS.DiffIDs[0] = v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("ab", 32)}
			img, _ = mutate.ConfigFile(img, c)
			return img
		}, nil},
		{"more layers than diff IDs", "its configuration names", func(t *testing.T) v1.Image {
			img := imageOf(t, DefaultPlatform(), good, layerOf(t, tarOf(t, "g", ""), compression.GZip))
			c, _ := img.ConfigFile()
			c = c.DeepCopy()
			c.RootFS.DiffIDs = c.RootFS.DiffIDs[:1]
			img, _ = mutate.ConfigFile(img, c)
			return img
		}, nil},
		{"a hostile layer", "leaves the layer", func(t *testing.T) v1.Image {
			return imageOf(t, DefaultPlatform(), layerOf(t, tarOf(t, "../../../../canary", "owned"), compression.GZip))
		}, nil},
		{"a layer that is no tar", "read tar", func(t *testing.T) v1.Image {
			return imageOf(t, DefaultPlatform(), layerOf(t, []byte(strings.Repeat("no tar ", 1000)), compression.GZip))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			img := imageOf(t, DefaultPlatform(), good)
			if c.image != nil {
				img = c.image(t)
			}
			ref := r.push(t, "bad:1", img)
			if c.spoil != nil {
				d, _ := good.Digest()
				whole, err := os.ReadFile(r.BlobFile(d.Hex))
				if err != nil {
					t.Fatal(err)
				}
				defer os.WriteFile(r.BlobFile(d.Hex), whole, 0o600)
				c.spoil(t, r.BlobFile(d.Hex))
			}
			s := newStore(t)
			_, err := Pull(t.Context(), s, parse(t, ref), Options{})
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), c.want) || !strings.Contains(err.Error(), ref) {
				t.Errorf("got %v, want an error with %q and %q", err, c.want, ref)
			}
			if left := leftovers(t, s, "layers", "images", "refs", "tmp"); left != nil {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// A configuration decides what runs, as whom: here a registry serves one that is as good as the right one.
func TestAConfigurationWithOtherBytesIsRefused(t *testing.T) {
	r := newRegistry(t)
	img := imageOf(t, DefaultPlatform(), layerOf(t, tarOf(t, "f", "x"), compression.GZip))
	ref := r.push(t, "spoilt:1", img)
	file := r.BlobFile(idOf(t, img).Hex())
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(b, []byte("/hello"), []byte("/other"), 1)
	if bytes.Equal(b, other) {
		t.Fatalf("there is no /hello in %s", b)
	}
	if err := os.WriteFile(file, other, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	if _, err := Pull(t.Context(), s, parse(t, ref), Options{}); err == nil || !strings.Contains(err.Error(), "wrong digest") {
		t.Errorf("got %v, want an error with %q", err, "wrong digest")
	}
	if left := leftovers(t, s, "images", "refs", "tmp"); left != nil {
		t.Errorf("left: %v", left)
	}
}

// odd is an image whose manifest says something else.
type odd struct {
	v1.Image
	change func(*v1.Manifest)
}

func (o odd) RawManifest() ([]byte, error) {
	m, err := o.Image.Manifest()
	if err != nil {
		return nil, err
	}
	m = m.DeepCopy()
	o.change(m)
	return json.Marshal(m)
}

func (o odd) Digest() (v1.Hash, error) { return partial.Digest(o) }

func (o odd) Size() (int64, error) { return partial.Size(o) }

func TestAManifestThatSaysToBeSomethingElse(t *testing.T) {
	const index, manifest = "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"
	for _, c := range []struct{ came, says, want string }{
		{manifest, index, "says to be " + index + ", but came as " + manifest},
		{index, manifest, "says to be " + manifest + ", but came as " + index},
		{"text/plain", "", `of type "text/plain"`},
		{manifest, "", "an artifact of type"}, // and further
	} {
		body := fmt.Appendf(nil, `{"mediaType": %q, "manifests": [], "layers": []}`, c.says)
		if _, _, err := assemble(t.Context(), layout{}, types.MediaType(c.came), body, DefaultPlatform()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("came as %s, says %q: got %v", c.came, c.says, err)
		}
	}
}

func TestPullOfWhatIsNotThere(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	for _, ref := range []string{r.host + "/missing:1", r.host + "/missing@sha256:" + strings.Repeat("0", 64)} {
		_, err := Pull(t.Context(), s, parse(t, ref), Options{})
		if err == nil || !strings.Contains(err.Error(), "check the name") || !strings.Contains(err.Error(), ref) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String() + "/x:1"
	l.Close()
	if _, err := Pull(t.Context(), s, parse(t, nobody), Options{}); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a registry that is not there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Pull(ctx, s, parse(t, r.host+"/x:1"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTwoProcessesPullingOneImageFetchEachLayerOnce(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	var layers []v1.Layer
	for i := range 6 {
		layers = append(layers, layerOf(t, tarOf(t, fmt.Sprint("file", i), strings.Repeat(fmt.Sprint(i), 3<<20)), compression.GZip))
	}
	ref := r.push(t, "shared:1", imageOf(t, DefaultPlatform(), layers...))
	outputs := make([]strings.Builder, 3)
	var children []*exec.Cmd
	for i := range outputs {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "WEIR_TEST_PULL="+ref, "WEIR_TEST_STORE="+s.Dir())
		cmd.Stdout, cmd.Stderr = &outputs[i], os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, cmd)
	}
	var fetched []string
	for i, c := range children {
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
		fetched = append(fetched, strings.Fields(outputs[i].String())...)
	}
	slices.Sort(fetched)
	fetched = slices.Compact(fetched)
	var total int
	for i := range outputs {
		seen := strings.Fields(outputs[i].String())
		slices.Sort(seen)
		total += len(slices.Compact(seen))
	}
	if len(fetched) != 6 || total != 6 {
		t.Errorf("6 layers were fetched %d times", total)
	}
	img, err := s.Image(ref)
	if err != nil {
		t.Fatal(err)
	}
	for i, dir := range img.LayerDirs {
		if st, err := os.Stat(fmt.Sprintf("%s/file%d", dir, i)); err != nil || st.Size() != 3<<20 {
			t.Errorf("layer %d: %v, %v", i, st, err)
		}
	}
	if left := leftovers(t, s, "tmp"); left != nil {
		t.Errorf("left: %v", left)
	}
}
