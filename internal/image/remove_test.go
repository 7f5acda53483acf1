package image

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestRemove(t *testing.T) {
	s := newStore(t)
	id := addImage(t, s, "debian:bookworm", "base", "top")
	addImage(t, s, "debian:12", "base", "top")
	other := addImage(t, s, "other", "base", "mine")

	step := func(name string, untagged []string, deleted ...Digest) {
		t.Helper()
		got, err := s.Remove(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(got.Untagged, untagged) || !slices.Equal(got.Deleted, deleted) {
			t.Errorf("%s: got %+v, want %v and %v", name, got, untagged, deleted)
		}
	}
	if _, err := s.Remove(id.Short()); err == nil || !strings.Contains(err.Error(), "debian:12 debian:bookworm") {
		t.Errorf("by the ID of an image with two names: %v", err)
	}
	step("debian:12", []string{"debian:12"})
	step("debian:bookworm", []string{"debian:bookworm"}, id, diffID("top"))
	step(other.Short(), []string{"other:latest"}, other, sorted(diffID("base"), diffID("mine"))[0], sorted(diffID("base"), diffID("mine"))[1])
	if _, err := s.Remove("other"); !errors.Is(err, ErrNotFound) {
		t.Errorf("again: %v", err)
	}
	for _, part := range []string{layersDir, imagesDir, refsDir, tmpDir} {
		if left := entries(t, s, part); left != nil {
			t.Errorf("left in %s: %v", part, left)
		}
	}
}

func sorted(d ...Digest) []Digest { slices.Sort(d); return d }

func TestRemoveLeavesLayersThatAreAboutToBeUsed(t *testing.T) {
	s := newStore(t)
	addImage(t, s, "old", "base")
	held := addLayer(t, s, "base") // a pull of another image, half done
	if _, err := s.Remove("old"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(nil, []byte(`{"rootfs":{"type":"layers","diff_ids":["`+string(diffID("base"))+`"]}}`), []*Layer{held}); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, s, layersDir); !slices.Equal(got, []string{diffID("base").Hex()}) {
		t.Errorf("layers: %v", got)
	}
}

func TestHoldOfARemovedImageFails(t *testing.T) {
	s := newStore(t)
	addImage(t, s, "x", "base")
	img, err := s.Image("x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Remove("x"); err != nil {
		t.Fatal(err)
	}
	if _, err := img.Hold(); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
