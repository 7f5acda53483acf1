package transfer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/weir-dev/weir/internal/image"
)

// skopeo copies an image from the registry into an archive by another implementation than ours.
func skopeo(t *testing.T, from, to string) {
	t.Helper()
	need(t, "skopeo")
	out, err := exec.Command("skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", "docker://"+from, to).CombinedOutput()
	if err != nil {
		t.Fatalf("skopeo: %v\n%s", err, out)
	}
}

func TestArchivesOfSkopeoLoad(t *testing.T) {
	r := newRegistry(t)
	img := helloImage(t)
	ref := r.push(t, "hello:1", img)
	for _, c := range []struct {
		name, transport, suffix string
		ref                     string       // "" = none
		id                      image.Digest // "" = skopeo writes a configuration of its own
	}{
		{"docker-archive", "docker-archive:", ":hello:7", "docker.io/library/hello:7", idOf(t, img)},
		{"OCI archive", "oci-archive:", ":localhost:5000/hello:8", "localhost:5000/hello:8", ""},
		{"OCI archive with a tag alone", "oci-archive:", ":latest", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.tar")
			skopeo(t, ref, c.transport+file+c.suffix)
			whole, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var zipped bytes.Buffer
			z := gzip.NewWriter(&zipped)
			z.Write(whole)
			z.Close()
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for how, stream := range map[string]io.Reader{"a file": f, "a stream": bytes.NewReader(whole), "a gzipped stream": &zipped} {
				s := newStore(t)
				loaded, err := Load(t.Context(), s, stream, Options{})
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				got := ""
				if len(loaded) == 1 && len(loaded[0].Refs) > 0 {
					got = loaded[0].Refs[0].String()
				}
				if len(loaded) != 1 || got != c.ref || c.id != "" && loaded[0].ID != c.id {
					t.Fatalf("%s: loaded %+v, want %q of %s", how, loaded, c.ref, c.id)
				}
				checkHello(t, s, loaded[0].ID.Short())
				if c.ref != "" {
					checkHello(t, s, c.ref)
				}
				if left := leftovers(t, s, "tmp", "scratch"); left != nil {
					t.Errorf("%s: left %v", how, left)
				}
			}
		})
	}
}

// saved writes images as docker save does.
func saved(t *testing.T, images map[string]v1.Image) []byte {
	t.Helper()
	refs := map[name.Reference]v1.Image{}
	for n, img := range images {
		tag, err := name.NewTag(n)
		if err != nil {
			t.Fatal(err)
		}
		refs[tag] = img
	}
	var b bytes.Buffer
	if err := tarball.MultiRefWrite(refs, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArchiveOfSeveralImages(t *testing.T) {
	need(t)
	hello := helloImage(t)
	other := imageOf(t, DefaultPlatform(), layerOf(t, tarOf(t, "other", ""), compression.GZip))
	s := newStore(t)
	loaded, err := Load(t.Context(), s, bytes.NewReader(saved(t, map[string]v1.Image{"a:1": hello, "a:2": hello, "b:1": other})), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range loaded {
		for _, ref := range l.Refs {
			got = append(got, ref.Familiar()+" "+l.ID.Short())
		}
	}
	slices.Sort(got)
	h, o := idOf(t, hello).Short(), idOf(t, other).Short()
	if want := []string{"a:1 " + h, "a:2 " + h, "b:1 " + o}; !slices.Equal(got, want) {
		t.Errorf("loaded %v, want %v", got, want)
	}
}

// file is one file of an archive under test; a link has no data.
type file struct {
	name, data, link string
}

func archiveOf(t *testing.T, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		hdr := &tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(f.data))}
		if f.link != "" {
			hdr.Typeflag, hdr.Linkname = tar.TypeSymlink, f.link
		}
		if err := w.WriteHeader(hdr); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, f.data)
	}
	w.Close()
	return b.Bytes()
}

// configOf is the configuration of an image for this machine, of one layer.
func configOf(layer []byte) string {
	p := DefaultPlatform()
	return `{"os":"linux","architecture":"` + p.Architecture + `","variant":"` + p.Variant + `","rootfs":{"type":"layers","diff_ids":["` + string(image.DigestOf(layer)) + `"]}}`
}

func TestImagesBeforeTheOneAtFaultAreLoadedAndToldOf(t *testing.T) {
	need(t)
	layer := tarOf(t, "f", "x")
	s := newStore(t)
	loaded, err := Load(t.Context(), s, bytes.NewReader(archiveOf(t,
		file{name: "manifest.json", data: `[{"Config":"c.json","RepoTags":["one:1"],"Layers":["l.tar"]},{"Config":"c.json","RepoTags":["two:1"],"Layers":["missing.tar"]}]`},
		file{name: "l.tar", data: string(layer)},
		file{name: "c.json", data: configOf(layer)})), Options{})
	if err == nil || !strings.Contains(err.Error(), `image 2 of 2 (two:1): the archive has no file "missing.tar"`) {
		t.Errorf("got %v", err)
	}
	if len(loaded) != 1 || loaded[0].Refs[0].Familiar() != "one:1" {
		t.Errorf("loaded %v", loaded)
	}
	if _, err := s.Image("one:1"); err != nil {
		t.Error(err)
	}
	if _, err := s.Image("two:1"); err == nil {
		t.Error("two:1 is there")
	}
}

// Docker before version 25 saves a layer that two images share once, and a symbolic link in the other place.
func TestLayerThatIsALinkInTheArchive(t *testing.T) {
	need(t)
	layer := tarOf(t, "f", "x")
	s := newStore(t)
	_, err := Load(t.Context(), s, bytes.NewReader(archiveOf(t,
		file{name: "manifest.json", data: `[{"Config":"c.json","RepoTags":["x:1"],"Layers":["two/layer.tar"]}]`},
		file{name: "two/layer.tar", link: "../one/layer.tar"},
		file{name: "one/layer.tar", data: string(layer)},
		file{name: "c.json", data: configOf(layer)})), Options{})
	if err != nil {
		t.Fatal(err)
	}
	img, err := s.Image("x:1")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(img.LayerDirs[0] + "/f"); err != nil || string(b) != "x" {
		t.Errorf("f holds %q, %v", b, err)
	}
}

// A layout whose index.json leads to an index of platforms, as docker buildx writes it.
func TestLayoutOfSeveralPlatforms(t *testing.T) {
	need(t)
	var files []file
	add := func(b []byte) string {
		d := image.DigestOf(b)
		files = append(files, file{name: "blobs/sha256/" + d.Hex(), data: string(b)})
		return string(d)
	}
	var manifests []string
	ids := map[string]image.Digest{}
	for _, arch := range []string{"s390x", "amd64"} {
		layer := tarOf(t, "arch", arch)
		l := add(layer)
		config := []byte(`{"os":"linux","architecture":"` + arch + `","rootfs":{"type":"layers","diff_ids":["` + l + `"]}}`)
		ids[arch] = image.DigestOf(config)
		m := add([]byte(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"` + add(config) + `"},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"` + l + `"}]}`))
		manifests = append(manifests, `{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"`+m+`","platform":{"os":"linux","architecture":"`+arch+`"}}`)
	}
	index := add([]byte(`{"schemaVersion":2,"manifests":[` + strings.Join(manifests, ",") + `]}`))
	for name, top := range map[string]string{
		"nested": `{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"` + index + `","annotations":{"io.containerd.image.name":"docker.io/library/multi:1"}}`,
		"flat":   strings.Join(manifests, ","),
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			data := archiveOf(t, append(slices.Clone(files), file{name: "index.json", data: `{"manifests":[` + top + `]}`})...)
			loaded, err := Load(t.Context(), s, bytes.NewReader(data), Options{Platform: Platform{"linux", "s390x", ""}})
			if err != nil {
				t.Fatal(err)
			}
			if len(loaded) != 1 || loaded[0].ID != ids["s390x"] {
				t.Errorf("loaded %+v, want %s alone", loaded, ids["s390x"])
			}
			if name == "nested" && (len(loaded[0].Refs) != 1 || loaded[0].Refs[0].Familiar() != "multi:1") {
				t.Errorf("its names are %v", loaded[0].Refs)
			}
			_, err = Load(t.Context(), s, bytes.NewReader(data), Options{Platform: Platform{"linux", "riscv64", ""}})
			if err == nil || !strings.Contains(err.Error(), "linux/riscv64") || !strings.Contains(err.Error(), "linux/s390x") {
				t.Errorf("a platform that there is not: %v", err)
			}
		})
	}
}

func TestBadArchivesAreErrorsAndLeaveNothing(t *testing.T) {
	need(t)
	good := saved(t, map[string]v1.Image{"a:1": helloImage(t)})
	layer := tarOf(t, "f", "x")
	config := func(diffID string) string {
		b, _ := json.Marshal(image.ConfigFile{OS: "linux", Architecture: DefaultPlatform().Architecture, Variant: DefaultPlatform().Variant, RootFS: image.RootFS{Type: "layers", DiffIDs: []image.Digest{image.Digest(diffID)}}})
		return string(b)
	}
	manifest := file{name: "manifest.json", data: `[{"Config":"c.json","RepoTags":["x:1"],"Layers":["l.tar"]}]`}
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"nothing", "neither manifest.json", nil},
		{"no tar", "read tar", bytes.Repeat([]byte("garbage "), 500)},
		{"a root file system", "weir import", tarOf(t, "etc/", "", "etc/passwd", "")},
		{"an archive that is cut short", "cut short", good[:len(good)/2]},
		{"a gzip stream that is cut short", "cut short", func() []byte {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(good)
			z.Close()
			return b.Bytes()[:b.Len()/2]
		}()},
		{"an xz stream", "xz -d", []byte("\xfd7zXZ\x00\x00\x00")},
		{"a layer with another diff ID", "wrong diff ID", archiveOf(t, manifest, file{name: "l.tar", data: string(layer)}, file{name: "c.json", data: config("sha256:" + strings.Repeat("0", 64))})},
		{"a diff ID that is a path", "digest", archiveOf(t, manifest, file{name: "l.tar", data: string(layer)}, file{name: "c.json", data: config("sha256:../../../../etc")})},
		{"a layer that is missing", `no file "l.tar"`, archiveOf(t, manifest, file{name: "c.json", data: config(string(image.DigestOf(layer)))})},
		{"a layer whose link leads out", `no file "../../../../etc/passwd"`, archiveOf(t, manifest, file{name: "l.tar", link: "../../../../etc/passwd"}, file{name: "c.json", data: config(string(image.DigestOf(layer)))})},
		{"a layer whose links go in a circle", `no file "l.tar"`, archiveOf(t, manifest, file{name: "l.tar", link: "l.tar"}, file{name: "c.json", data: config(string(image.DigestOf(layer)))})},
		{"a configuration that is missing", `no file "c.json"`, archiveOf(t, manifest)},
		{"a manifest that is no JSON", "manifest.json", archiveOf(t, file{name: "manifest.json", data: "{"})},
		{"a bad tag", "lower case", archiveOf(t, file{name: "manifest.json", data: `[{"Config":"c.json","RepoTags":["X:1"],"Layers":[]}]`},
			file{name: "c.json", data: config(string(image.DigestOf(layer)))})},
		{"an OCI manifest with other bytes", "wrong digest", archiveOf(t,
			file{name: "index.json", data: `{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:` + strings.Repeat("0", 64) + `"}]}`},
			file{name: "blobs/sha256/" + strings.Repeat("0", 64), data: "{}"})},
		{"an OCI digest that is a path", "", archiveOf(t,
			file{name: "index.json", data: `{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:../../../etc/passwd"}]}`})},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			_, err := Load(t.Context(), s, bytes.NewReader(c.data), Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
			if left := leftovers(t, s, "layers", "images", "refs", "tmp"); left != nil {
				t.Errorf("left: %v", left)
			}
		})
	}
	t.Run("the message names the file", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "broken.tar")
		os.WriteFile(name, []byte("x"), 0o600)
		f, _ := os.Open(name)
		defer f.Close()
		if _, err := Load(t.Context(), newStore(t), f, Options{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v", err)
		}
	})
}

// An OCI blob with other bytes than its digest says, which unpacks well and even to the right diff ID.
func TestLayoutBlobsAreHeldAgainstTheirDigests(t *testing.T) {
	need(t)
	layer := tarOf(t, "f", "x")
	config := []byte(configOf(layer))
	wrong := strings.Repeat("0", 64)
	m := []byte(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"` + string(image.DigestOf(config)) + `"},"layers":[{"digest":"sha256:` + wrong + `"}]}`)
	blobName := func(b []byte) string { return "blobs/sha256/" + image.DigestOf(b).Hex() }
	_, err := Load(t.Context(), newStore(t), bytes.NewReader(archiveOf(t,
		file{name: "index.json", data: `{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"` + string(image.DigestOf(m)) + `"}]}`},
		file{name: blobName(m), data: string(m)}, file{name: blobName(config), data: string(config)},
		file{name: "blobs/sha256/" + wrong, data: string(layer)})), Options{})
	if err == nil || !strings.Contains(err.Error(), "wrong digest") {
		t.Errorf("got %v", err)
	}
}
