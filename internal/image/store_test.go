package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/layer"
	"github.com/weir-dev/weir/internal/kerneltest"
)

func newStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// diffID is the name of a layer under test: its content is not what counts here.
func diffID(name string) Digest { return DigestOf([]byte(name)) }

// fill makes a layer of one file.
func fill(name string) Fill {
	return func(dir string) (Digest, layer.Result, error) {
		return diffID(name), layer.Result{Size: int64(len(name))}, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644)
	}
}

func addLayer(t *testing.T, s *Store, name string) *Layer {
	t.Helper()
	l, err := s.AddLayer(t.Context(), diffID(name), fill(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// addImage makes an image of such layers, and lets go of them.
func addImage(t *testing.T, s *Store, ref string, layers ...string) Digest {
	t.Helper()
	var held []*Layer
	var ids []string
	for _, name := range layers {
		l := addLayer(t, s, name)
		held = append(held, l)
		ids = append(ids, fmt.Sprintf("%q", l.DiffID))
	}
	config := fmt.Sprintf(`{"architecture":"amd64","os":"linux","created":"2024-01-02T03:04:05Z",
		"config":{"Entrypoint":["/bin/e"],"Cmd":["c"],"Env":["A=b"],"User":"1:2","WorkingDir":"/w","Volumes":{"/v":{}},"StopSignal":"SIGINT","Labels":{"k":"v"}},
		"rootfs":{"type":"layers","diff_ids":[%s]}}`, strings.Join(ids, ","))
	var r *Reference
	if ref != "" {
		parsed, err := ParseReference(ref)
		if err != nil {
			t.Fatal(err)
		}
		r = &parsed
	}
	id, err := s.Commit(r, []byte(config), held)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range held {
		l.Close()
	}
	return id
}

func entries(t *testing.T, s *Store, part string) []string {
	t.Helper()
	list, err := os.ReadDir(s.path(part))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestImageIsWhatWasCommitted(t *testing.T) {
	s := newStore(t)
	id := addImage(t, s, "debian:bookworm", "base", "top")
	for _, name := range []string{"debian:bookworm", "docker.io/library/debian:bookworm", string(id), id.Hex(), id.Short(), id.Hex()[:1], "sha256:" + id.Short()} {
		img, err := s.Image(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := []string{s.layerPath(diffID("base"), "fs"), s.layerPath(diffID("top"), "fs")}
		if img.ID != id || !slices.Equal(img.LayerDirs, want) {
			t.Errorf("%s: got %s on %v, want %s on %v", name, img.ID, img.LayerDirs, id, want)
		}
		if got := fmt.Sprintf("%+v %s/%s", img.Config, img.OS, img.Architecture); got != "{Entrypoint:[/bin/e] Cmd:[c] Env:[A=b] User:1:2 WorkingDir:/w Volumes:map[/v:{}] StopSignal:SIGINT Labels:map[k:v]} linux/amd64" {
			t.Errorf("%s: %s", name, got)
		}
		if b, err := os.ReadFile(filepath.Join(img.LayerDirs[1], "top")); err != nil || string(b) != "top" {
			t.Errorf("%s: the layer holds %q, %v", name, b, err)
		}
	}
}

func TestNamesThatStandForNothing(t *testing.T) {
	s := newStore(t)
	addImage(t, s, "debian:bookworm", "base")
	for _, name := range []string{"debian", "debian:trixie", "other", "localhost:5000/debian:bookworm", "debian@" + someDigest, someDigest, "ffffffffffff"} {
		if _, err := s.Image(name); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Image("No/Name"); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("a bad reference: %v", err)
	}
	if _, err := s.Image("../../etc/passwd"); err == nil {
		t.Error("a path was taken for a name")
	}
}

func TestIDPrefixOfSeveralImagesIsAmbiguous(t *testing.T) {
	s := newStore(t)
	seen := map[byte]bool{}
	for i := 0; ; i++ {
		id := addImage(t, s, "", fmt.Sprint("layer", i))
		if first := id.Hex()[0]; seen[first] {
			_, err := s.Image(string(first))
			if !errors.Is(err, ErrAmbiguous) {
				t.Errorf("got %v", err)
			}
			return
		} else {
			seen[first] = true
		}
	}
}

func TestReferencesGoBeforeIDs(t *testing.T) {
	s := newStore(t)
	byID := addImage(t, s, "", "a")
	byName := addImage(t, s, byID.Short(), "b")
	if img, err := s.Image(byID.Short()); err != nil || img.ID != byName {
		t.Errorf("got %v, %v", img, err)
	}
}

func TestLayerThatAnImageHasTwiceIsStackedOnce(t *testing.T) {
	s := newStore(t)
	addImage(t, s, "x", "base", "same", "mid", "same")
	img, err := s.Image("x")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{s.layerPath(diffID("base"), "fs"), s.layerPath(diffID("mid"), "fs"), s.layerPath(diffID("same"), "fs")}
	if !slices.Equal(img.LayerDirs, want) {
		t.Errorf("got %v, want %v", img.LayerDirs, want)
	}
}

func TestLayersBelowAnOpaqueRootAreLeftOut(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	s := newStore(t)
	addImage(t, s, "x", "base", "opaque", "top")
	if err := unix.Setxattr(s.layerPath(diffID("opaque"), "fs"), "trusted.overlay.opaque", []byte("y"), 0); err != nil {
		t.Fatal(err)
	}
	img, err := s.Image("x")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{s.layerPath(diffID("opaque"), "fs"), s.layerPath(diffID("top"), "fs")}
	if !slices.Equal(img.LayerDirs, want) {
		t.Errorf("got %v, want %v", img.LayerDirs, want)
	}
}

func TestEachLayerIsFilledOnce(t *testing.T) {
	s := newStore(t)
	addLayer(t, s, "base")
	_, err := s.AddLayer(t.Context(), diffID("base"), func(string) (Digest, layer.Result, error) {
		t.Error("filled again")
		return "", layer.Result{}, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLayerWithAnotherDiffIDIsRefused(t *testing.T) {
	s := newStore(t)
	_, err := s.AddLayer(t.Context(), diffID("wanted"), fill("other"))
	if err == nil || !strings.Contains(err.Error(), string(diffID("wanted"))) || !strings.Contains(err.Error(), string(diffID("other"))) {
		t.Errorf("got %v, want an error with both diff IDs", err)
	}
	for _, part := range []string{layersDir, tmpDir} {
		if left := entries(t, s, part); left != nil {
			t.Errorf("left in %s: %v", part, left)
		}
	}
}

func TestFailedFillLeavesNothing(t *testing.T) {
	s := newStore(t)
	mine := errors.New("mine")
	_, err := s.AddLayer(t.Context(), diffID("x"), func(dir string) (Digest, layer.Result, error) {
		os.WriteFile(filepath.Join(dir, "half"), nil, 0o600)
		return "", layer.Result{}, mine
	})
	if !errors.Is(err, mine) {
		t.Error(err)
	}
	if left := entries(t, s, tmpDir); left != nil {
		t.Errorf("left: %v", left)
	}
	if _, err := s.Layer(diffID("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the layer is there: %v", err)
	}
}

func TestLayerWithoutAKnownDiffIDGetsWhatItMakes(t *testing.T) {
	s := newStore(t)
	for range 2 { // the second time it is there already
		l, err := s.AddLayer(t.Context(), "", fill("x"))
		if err != nil || l.DiffID != diffID("x") {
			t.Fatalf("got %v, %v", l, err)
		}
		l.Close()
	}
	if left := entries(t, s, tmpDir); left != nil {
		t.Errorf("left: %v", left)
	}
}

func TestWaitingForALayerCanBeCancelled(t *testing.T) {
	s := newStore(t)
	c, err := s.newClaim(tmpDir, diffID("x").Hex())
	if err != nil {
		t.Fatal(err)
	}
	defer c.release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.AddLayer(ctx, diffID("x"), fill("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCommitWantsEveryLayer(t *testing.T) {
	s := newStore(t)
	l := addLayer(t, s, "a")
	config := fmt.Sprintf(`{"rootfs":{"type":"layers","diff_ids":[%q,%q]}}`, diffID("a"), diffID("b"))
	if _, err := s.Commit(nil, []byte(config), []*Layer{l}); err == nil || !strings.Contains(err.Error(), string(diffID("b"))) {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{``, `{}`, `{"rootfs":{"type":"tar"}}`, `{"rootfs":{"type":"layers","diff_ids":["../../../etc"]}}`, `{"rootfs":{"type":"layers","diff_ids":["sha256:/../../../../../../../../../../../../../../../../../../../../../etc"]}}`} {
		if _, err := s.Commit(nil, []byte(bad), nil); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestImagesAreListedInOrder(t *testing.T) {
	s := newStore(t)
	a := addImage(t, s, "debian:bookworm", "base")
	addImage(t, s, "debian:aged", "base")
	b := addImage(t, s, "alpine", "base", "top")
	addImage(t, s, "localhost:5000/x/y:1", "base", "top")
	addImage(t, s, "debian@"+someDigest, "base") // beside its tag it says nothing new
	addImage(t, s, "mirror@"+someDigest, "base")
	addImage(t, s, "debian:bookworm", "other") // the tag moves on; "base" still has others
	c := addImage(t, s, "", "nameless")
	list, err := s.Images()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range list {
		got = append(got, fmt.Sprintf("%s %s %s %d", i.Repository, i.Tag, i.ID.Short(), i.Size))
		if i.Created.Format("2006-01-02") != "2024-01-02" {
			t.Errorf("created %v", i.Created)
		}
	}
	want := []string{
		"<none> <none> " + c.Short() + " 8",
		"alpine latest " + b.Short() + " 7",
		"debian aged " + a.Short() + " 4",
		"debian bookworm " + diffIDImage(t, s, "debian:bookworm") + " 5",
		"localhost:5000/x/y 1 " + b.Short() + " 7",
		"mirror <none> " + a.Short() + " 4",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func diffIDImage(t *testing.T, s *Store, name string) string {
	t.Helper()
	img, err := s.Image(name)
	if err != nil {
		t.Fatal(err)
	}
	return img.ID.Short()
}

func TestStoreOfSomebodyElseIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "others may write") {
		t.Errorf("writable by others: %v", err)
	}
	os.Chmod(dir, 0o700)
	if os.Geteuid() == 0 {
		os.Chown(dir, 1234, 0)
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "belongs to user 1234") {
			t.Errorf("owned by another: %v", err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	if _, err := Open(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file: %v", err)
	}
}

func TestDefaultDir(t *testing.T) {
	for _, name := range []string{"WEIR_ROOT", "XDG_DATA_HOME"} {
		t.Setenv(name, "")
	}
	if os.Geteuid() == 0 {
		if dir, _ := DefaultDir(); dir != "/var/lib/weir" {
			t.Errorf("root's is %s", dir)
		}
	}
	t.Setenv("WEIR_ROOT", "/elsewhere")
	if dir, _ := DefaultDir(); dir != "/elsewhere" {
		t.Errorf("WEIR_ROOT gives %s", dir)
	}
}

// The lookup stands on the way of every container start.
func BenchmarkImage(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "store"))
	if err != nil {
		b.Fatal(err)
	}
	var held []*Layer
	var ids []string
	for i := range 8 {
		name := fmt.Sprint("layer", i)
		l, err := s.AddLayer(b.Context(), diffID(name), fill(name))
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		held, ids = append(held, l), append(ids, fmt.Sprintf("%q", l.DiffID))
	}
	ref, _ := ParseReference("debian:bookworm")
	config := fmt.Sprintf(`{"architecture":"amd64","os":"linux","config":{"Cmd":["bash"]},"rootfs":{"type":"layers","diff_ids":[%s]}}`, strings.Join(ids, ","))
	if _, err := s.Commit(&ref, []byte(config), held); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := Open(s.dir)
		if err != nil {
			b.Fatal(err)
		}
		img, err := s.Image("debian:bookworm")
		if err != nil {
			b.Fatal(err)
		}
		hold, err := img.Hold()
		if err != nil {
			b.Fatal(err)
		}
		hold.Close()
	}
}

func BenchmarkScratch(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "store"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		sc, err := s.NewScratch()
		if err != nil {
			b.Fatal(err)
		}
		if err := sc.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
