package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/layer"
	"github.com/weir-dev/weir/internal/image/storetest"
	"github.com/weir-dev/weir/internal/userns"
)

// tree makes a tree of some directories and small files, and packs it.
func tree(dir string, variant int, owner func(uid, gid uint32) (uint32, uint32)) ([]byte, error) {
	for i := range 20 {
		sub := filepath.Join(dir, fmt.Sprint("dir", i%4))
		content := bytes.Repeat([]byte{byte(variant)}, 100*i)
		if err := errors.Join(os.MkdirAll(sub, 0o755), os.WriteFile(filepath.Join(sub, fmt.Sprint("file", i)), content, 0o644)); err != nil {
			return nil, err
		}
	}
	var tar bytes.Buffer
	err := layer.Pack(dir, &tar, owner)
	return tar.Bytes(), err
}

// addTree brings a packed tree into the store, as an import (which does not know its diff ID) or a pull does.
func addTree(s *Store, tar []byte, known bool) (*Layer, error) {
	var want Digest
	if known {
		want = DigestOf(tar)
	}
	return s.AddLayer(context.Background(), want, func(dir string) (Digest, layer.Result, error) {
		h := sha256.New()
		h.Write(tar)
		result, err := s.Unpack(dir, bytes.NewReader(tar))
		return Digest(digestPrefix + hex.EncodeToString(h.Sum(nil))), result, err
	})
}

// churn makes and removes images for ever.
func churn(s *Store) error {
	dir, err := os.MkdirTemp("", "tree")
	if err != nil {
		return err
	}
	var tars [][]byte
	for i := range 4 {
		tar, err := tree(filepath.Join(dir, fmt.Sprint(i)), i, s.Owner())
		if err != nil {
			return err
		}
		tars = append(tars, tar)
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	fmt.Println("ready")
	for i := 0; ; i++ {
		// Neighbours share a layer.
		a, err := addTree(s, tars[i%4], i%2 == 0)
		if err != nil {
			return err
		}
		b, err := addTree(s, tars[(i+1)%4], i%3 == 0)
		if err != nil {
			return err
		}
		ref, err := ParseReference(fmt.Sprint("team", i%2, "/image", i%3))
		if err != nil {
			return err
		}
		config := fmt.Sprintf(`{"os":"linux","rootfs":{"type":"layers","diff_ids":[%q,%q]}}`, a.DiffID, b.DiffID)
		if _, err := s.Commit(&ref, []byte(config), []*Layer{a, b}); err != nil {
			return err
		}
		a.Close()
		b.Close()
		switch i % 6 {
		case 1, 3:
			if _, err := s.Remove(ref.String(), false); err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		case 5:
			if _, err := s.Prune(i%4 == 1); err != nil {
				return err
			}
		}
	}
}

// What a killed process leaves is never half of something, and what is on its way the next one removes. Half of
// the stores are on a tmpfs, where nothing waits for a disk and so every step is hit.
func TestKilledAtAnyMomentTheStoreIsWhole(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	var stores []*Store
	for _, parent := range []string{t.TempDir(), "/dev/shm"} {
		dir, err := os.MkdirTemp(parent, "store")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		stores = append(stores, s)
	}
	longest := 10 * time.Millisecond
	if os.Geteuid() != 0 { // another process unpacks each layer
		longest = 60 * time.Millisecond
	}
	hit := map[string]int{}
	for i := range rounds {
		s := stores[i%2]
		p := start(t, s, "churn")
		p.ready(t)
		time.Sleep(rand.N(longest))
		p.kill(t)
		if entries(t, s, tmpDir) != nil {
			hit["layers on their way"]++
		}
		if _, err := os.Lstat(s.path(newFile)); err == nil {
			hit["files on their way"]++
		}
		openAgain(t, s)
		state, err := storetest.Check(s.dir)
		if err != nil {
			t.Fatalf("after kill %d: %v", i+1, err)
		}
		if len(state.Unused) > 0 {
			hit["layers without an image"]++
		}
		if len(state.Images) > len(state.Refs) {
			hit["images without a name"]++
		}
	}
	t.Logf("%d kills hit %v", rounds, hit)
	if !testing.Short() && (hit["layers on their way"] == 0 || hit["layers without an image"] == 0) {
		t.Error("the kills missed what they were for")
	}
	for _, s := range stores {
		if _, err := s.Prune(true); err != nil {
			t.Fatal(err)
		}
		if state, err := storetest.Check(s.dir); err != nil || len(state.Images)+len(state.Layers)+len(state.Refs) > 0 {
			t.Errorf("prune leaves %+v, %v", state, err)
		}
	}
}

// Several processes at one store do not get in each other's way, whatever they do to the same images.
func TestProcessesThatMakeAndRemoveTheSameImages(t *testing.T) {
	s := newStore(t)
	var all []*process
	for range 4 {
		p := start(t, s, "churn")
		p.ready(t)
		all = append(all, p)
	}
	time.Sleep(2 * time.Second)
	for _, p := range all {
		if err := unix.Kill(p.Process.Pid, 0); err != nil {
			t.Error(err)
		}
		p.kill(t) // fails if it ended by itself
	}
	openAgain(t, s)
	if _, err := storetest.Check(s.dir); err != nil {
		t.Error(err)
	}
}

// openAgain opens a store whose processes were killed, which removes what they left. A plain user's helper, which
// that ends too, may have the lock for a moment.
func openAgain(t *testing.T, s *Store) {
	t.Helper()
	for end := time.Now().Add(time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := Open(s.dir); err != nil {
			t.Fatal(err)
		}
		if !userns.Needed() || entries(t, s, tmpDir) == nil || time.Now().After(end) {
			return
		}
	}
}
