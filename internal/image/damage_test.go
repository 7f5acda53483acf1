package image

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// wantDamage wants an error that names the file and says what to do.
func wantDamage(t *testing.T, what string, err error, file, next string) {
	t.Helper()
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), next) {
		t.Errorf("%s: got %v, want ErrDamaged that names %s and says %q", what, err, file, next)
	}
}

func TestDamagedConfiguration(t *testing.T) {
	for name, content := range map[string]string{
		"empty":     "",
		"cut short": `{"rootfs":{"type":"lay`,
		"another":   `{"rootfs":{"type":"layers","diff_ids":[]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			bad := addImage(t, s, "bad", "base", "mine")
			good := addImage(t, s, "good", "base", "other")
			path := s.imagePath(bad)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			next := "`weir rmi " + bad.Short() + "`"
			_, err := s.Image("bad")
			wantDamage(t, "run", err, path, next)
			_, err = s.Inspect("bad")
			wantDamage(t, "inspect", err, path, next)
			list, err := s.Images()
			wantDamage(t, "images", err, path, next)
			if len(list) != 1 || list[0].ID != good {
				t.Errorf("images lists %v beside it, want the good one", list)
			}
			_, err = s.Prune(false)
			wantDamage(t, "prune", err, path, next)
			if got := entries(t, s, layersDir); len(got) != 3 {
				t.Errorf("prune left %v of the layers, and cannot know which are used", got)
			}
			if _, err := s.Remove(bad.Short(), false); err != nil {
				t.Errorf("what the message says to do: %v", err)
			}
			if got := entries(t, s, layersDir); len(got) != 2 {
				t.Errorf("left of the layers: %v", got)
			}
			if _, err := s.Image("good"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDamagedConfigurationIsWrittenAnewByTheNextPull(t *testing.T) {
	s := newStore(t)
	id := addImage(t, s, "bad", "base")
	if err := os.WriteFile(s.imagePath(id), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	addImage(t, s, "bad", "base")
	if img, err := s.Image("bad"); err != nil || img.ID != id {
		t.Errorf("got %v, %v", img, err)
	}
}

func TestDamagedReference(t *testing.T) {
	s := newStore(t)
	id := addImage(t, s, "team/bad:1", "base")
	addImage(t, s, "good", "base")
	ref, _ := ParseReference("team/bad:1")
	path := s.refPath(ref)
	if err := os.WriteFile(path, []byte("sha256:12"), 0o600); err != nil {
		t.Fatal(err)
	}
	const next = "`weir rmi docker.io/team/bad:1`"
	_, err := s.Image("team/bad:1")
	wantDamage(t, "run", err, path, next)
	list, err := s.Images()
	wantDamage(t, "images", err, path, next)
	if len(list) != 1 || list[0].ID != id {
		t.Errorf("images: %v", list)
	}
	if d, err := s.Inspect("good"); err != nil || len(d.Refs) != 1 {
		t.Errorf("inspect of another one: %+v, %v", d, err)
	}
	_, err = s.Prune(true)
	wantDamage(t, "prune", err, path, next)
	if _, err := s.Image("good"); err != nil {
		t.Errorf("prune went on: %v", err)
	}
	if removed, err := s.Remove("docker.io/team/bad:1", false); err != nil || !slices.Equal(removed.Untagged, []string{"team/bad:1"}) {
		t.Errorf("what the message says to do: %+v, %v", removed, err)
	}
	if _, err := s.Images(); err != nil {
		t.Error(err)
	}
}

func TestMissingLayer(t *testing.T) {
	s := newStore(t)
	id := addImage(t, s, "bad", "base", "top")
	if err := os.RemoveAll(s.layerPath(diffID("base"))); err != nil {
		t.Fatal(err)
	}
	next := "`weir rmi " + id.Short() + "`"
	_, err := s.Image("bad")
	wantDamage(t, "run", err, diffID("base").Hex(), next)
	_, err = s.Images()
	wantDamage(t, "images", err, diffID("base").Hex(), next)
	if _, err := s.Remove("bad", false); err != nil {
		t.Error(err)
	}
}

func TestFilesThatAreNotOfTheStoreAreLeftAlone(t *testing.T) {
	s := newStore(t)
	id := addImage(t, s, "debian", "base")
	for _, path := range []string{s.path(imagesDir, "README"), s.path(refsDir, ".directory"), s.path(layersDir, "lost+found")} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := s.Images(); err != nil || len(list) != 1 || list[0].ID != id {
		t.Errorf("images: %v, %v", list, err)
	}
	if _, err := s.Prune(true); err != nil {
		t.Error(err)
	}
	if got := entries(t, s, layersDir); !slices.Equal(got, []string{"lost+found"}) {
		t.Errorf("prune left %v", got)
	}
}
