package transfer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/compression"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/weir-dev/weir/internal/image"
)

// skopeo writes the layouts and archives; weir reads one image of each.
func TestImagesThatLieHere(t *testing.T) {
	need(t, "skopeo")
	r := newRegistry(t)
	hello := helloImage(t)
	other := imageOf(t, DefaultPlatform(), layerOf(t, tarOf(t, "other", ""), compression.GZip))
	zstd := imageOf(t, DefaultPlatform(), layerOf(t, tarOf(t, "zstd", "x"), compression.ZStd))
	dir := t.TempDir()
	copyTo := func(img v1.Image, to ...string) {
		t.Helper()
		ref := r.push(t, "copy:1", img)
		for _, to := range to {
			out, err := exec.Command("skopeo", "copy", "--src-tls-verify=false", "docker://"+ref, to).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v: %s", to, err, out)
			}
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	copyTo(hello, "oci:"+at("one"), "oci:"+at("two")+":1.0", "docker-archive:"+at("hello.tar")+":hello:7", "oci:"+at("full")+":registry.example/hello:9")
	copyTo(other, "oci:"+at("two")+":2.0")
	copyTo(zstd, "oci:"+at("zstd")+":1")
	if err := os.Mkdir(at("empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		has   string   // a file of the image
		named []string // after a pull by name
		want  string   // in the error
	}{
		{"oci:" + at("one"), "hello", nil, ""},
		{"oci:" + at("two") + ":1.0", "hello", nil, ""},
		{"oci:" + at("two") + ":2.0", "other", nil, ""},
		{"oci:" + at("zstd"), "zstd", nil, ""},
		{"oci:" + at("full"), "hello", []string{"registry.example/hello:9"}, ""},
		{"oci:" + at("full") + ":registry.example/hello:9", "hello", []string{"registry.example/hello:9"}, ""},
		{"docker-archive:" + at("hello.tar"), "hello", []string{"docker.io/library/hello:7"}, ""},
		{"docker-archive:" + at("hello.tar") + ":hello:7", "hello", []string{"docker.io/library/hello:7"}, ""},
		{"oci:" + at("two"), "", nil, "it has 2 images; add the name of one: 1.0, 2.0"},
		{"oci:" + at("two") + ":3.0", "", nil, "it has no image of that name; it has 1.0, 2.0"},
		{"oci:" + at("missing"), "", nil, "no such file or directory"},
		{"oci:" + at("empty"), "", nil, "no OCI layout: the directory has no index.json"},
		{"oci:" + at("hello.tar"), "", nil, "not a directory"},
		{"docker-archive:" + at("missing.tar"), "", nil, "no such file or directory"},
		{"docker-archive:" + at("hello.tar") + ":bye:7", "", nil, "it has docker.io/library/hello:7"},
		{"docker-archive:" + at("one"), "", nil, "is a directory"},
	} {
		for _, named := range []bool{true, false} {
			s := newStore(t)
			l, err := image.ParseLocal(c.name)
			if err != nil || l.String() != c.name {
				t.Fatalf("%s: %v, %v", c.name, l, err)
			}
			id, err := PullLocal(t.Context(), s, l, named, Options{})
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "pull "+c.name+": ") {
					t.Errorf("%s: got %v, want %q", c.name, err, c.want)
				}
				checkNames(t, s)
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			img, err := s.Image(string(id))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(img.LayerDirs[0], c.has)); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if named {
				checkNames(t, s, c.named...)
			} else {
				checkNames(t, s)
			}
		}
	}

	t.Run("a blob that is a link out of the layout is not followed", func(t *testing.T) {
		blobs := at("one/blobs/sha256")
		list, err := os.ReadDir(blobs)
		if err != nil {
			t.Fatal(err)
		}
		outside := at("outside")
		if err := os.Rename(blobs, outside); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(blobs, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if err := os.Symlink(filepath.Join(outside, e.Name()), filepath.Join(blobs, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
		l, err := image.ParseLocal("oci:" + at("one"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := PullLocal(t.Context(), newStore(t), l, false, Options{}); err == nil || !strings.Contains(err.Error(), "escapes") {
			t.Errorf("got %v", err)
		}
	})
}

// checkNames looks for all references of a store.
func checkNames(t *testing.T, s *image.Store, want ...string) {
	t.Helper()
	list, err := s.Images()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, sum := range list {
		if sum.Ref != "" {
			got = append(got, sum.Ref)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the store has the names %q, want %q", got, want)
	}
}
