package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRemove(t *testing.T) {
	s := newStore(t)
	id := addImage(t, s, "debian:bookworm", "base", "top")
	addImage(t, s, "debian:12", "base", "top")
	other := addImage(t, s, "other", "base", "mine")

	step := func(name string, untagged []string, deleted ...Digest) {
		t.Helper()
		got, err := s.Remove(name, false)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(got.Untagged, untagged) || !slices.Equal(got.Deleted, deleted) {
			t.Errorf("%s: got %+v, want %v and %v", name, got, untagged, deleted)
		}
	}
	if _, err := s.Remove(id.Short(), false); err == nil || !strings.Contains(err.Error(), "debian:12 debian:bookworm") {
		t.Errorf("by the ID of an image with two names: %v", err)
	}
	step("debian:12", []string{"debian:12"})
	step("debian:bookworm", []string{"debian:bookworm"}, id, diffID("top"))
	step(other.Short(), []string{"other:latest"}, other, sorted(diffID("base"), diffID("mine"))[0], sorted(diffID("base"), diffID("mine"))[1])
	if _, err := s.Remove("other", false); !errors.Is(err, ErrNotFound) {
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
	if _, err := s.Remove("old", false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(nil, []byte(`{"rootfs":{"type":"layers","diff_ids":["`+string(diffID("base"))+`"]}}`), []*Layer{held}); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, s, layersDir); !slices.Equal(got, []string{diffID("base").Hex()}) {
		t.Errorf("layers: %v", got)
	}
}

// Whoever waits for the lock of a layer that is being removed has it open by then.
func TestALayerThatIsRemovedWhileItsLockIsWaitedForIsNotThere(t *testing.T) {
	s := newStore(t)
	addImage(t, s, "app:1", "a")
	path := s.layerPath(diffID("a"))
	remover, err := openLocked(path, unix.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(remover.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() {
		l, err := s.Layer(diffID("a"))
		if err == nil {
			l.Close()
		}
		got <- err
	}()
	waiting := regexp.MustCompile(fmt.Sprintf(`-> FLOCK .*:%d `, st.Ino))
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if locks, err := os.ReadFile("/proc/locks"); err != nil || waiting.Match(locks) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nobody waits for the lock")
		}
	}
	if err := os.Rename(path, s.path(tmpDir, "removed")); err != nil {
		t.Fatal(err)
	}
	remover.Close()
	if err := <-got; !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
}

func TestHoldOfARemovedImageFails(t *testing.T) {
	s := newStore(t)
	addImage(t, s, "x", "base")
	img, err := s.Image("x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Remove("x", false); err != nil {
		t.Fatal(err)
	}
	if _, err := img.Hold(); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestDigestGoesWithTheLastTagOfItsRepository(t *testing.T) {
	s := newStore(t)
	id := addImage(t, s, "debian:bookworm", "base")
	addImage(t, s, "debian:12", "base")
	addImage(t, s, "debian@"+someDigest, "base")
	addImage(t, s, "mirror@"+someDigest, "base")
	for _, c := range []struct {
		name     string
		untagged []string
		deleted  []Digest
	}{
		{"debian:12", []string{"debian:12"}, nil},
		{"debian:bookworm", []string{"debian:bookworm", "debian@" + someDigest}, nil},
		{"mirror@" + someDigest, []string{"mirror@" + someDigest}, []Digest{id, diffID("base")}},
	} {
		got, err := s.Remove(c.name, false)
		if err != nil || !slices.Equal(got.Untagged, c.untagged) || !slices.Equal(got.Deleted, c.deleted) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

func TestRemoveByIDWithSeveralNames(t *testing.T) {
	s := newStore(t)
	id := addImage(t, s, "debian:bookworm", "base")
	addImage(t, s, "debian@"+someDigest, "base") // is no second name
	if got, err := s.Remove(id.Short(), false); err != nil || len(got.Untagged) != 2 {
		t.Errorf("one tag: %+v, %v", got, err)
	}
	addImage(t, s, "debian:bookworm", "base")
	addImage(t, s, "mirror:1", "base")
	if got, err := s.Remove(id.Short(), false); err == nil || got.Untagged != nil {
		t.Errorf("two tags: %+v, %v", got, err)
	}
	if got, err := s.Remove(id.Short(), true); err != nil || !slices.Equal(got.Untagged, []string{"debian:bookworm", "mirror:1"}) || len(got.Deleted) != 2 {
		t.Errorf("two tags, with force: %+v, %v", got, err)
	}
}

func TestPrune(t *testing.T) {
	s := newStore(t)
	named := addImage(t, s, "debian", "base", "top")
	nameless := addImage(t, s, "", "base", "mine")
	// Its tag stands for another one by now.
	moved := addImage(t, s, "debian@"+someDigest, "base", "moved")
	gone := addImage(t, s, "gone", "base", "lost")
	if err := os.Remove(s.imagePath(gone)); err != nil {
		t.Fatal(err)
	}
	addLayer(t, s, "half of a pull, held")
	cut := addLayer(t, s, "half of a pull that was cut off")
	cut.Close()
	running := addImage(t, s, "", "base", "running")
	img, err := s.Image(running.Short())
	if err != nil {
		t.Fatal(err)
	}
	hold, err := img.Hold()
	if err != nil {
		t.Fatal(err)
	}

	got, err := s.Prune(false)
	if err != nil {
		t.Fatal(err)
	}
	want := append(sorted(nameless, moved), sorted(diffID("lost"), diffID("mine"), diffID("moved"), cut.DiffID)...)
	if !slices.Equal(got.Deleted, want) || !slices.Equal(got.Untagged, []string{"debian@" + someDigest, "gone:latest"}) || got.Freed != int64(len("lost"+"mine"+"moved"+"half of a pull that was cut off")) {
		t.Errorf("got %+v, want %v", got, want)
	}
	if got, err := s.Prune(true); err != nil || !slices.Equal(got.Deleted, []Digest{named, diffID("top")}) || !slices.Equal(got.Untagged, []string{"debian:latest"}) {
		t.Errorf("all: %+v, %v", got, err)
	}
	hold.Close()
	if got, err := s.Prune(false); err != nil || len(got.Deleted) != 3 {
		t.Errorf("after the container's end: %+v, %v", got, err)
	}
}
