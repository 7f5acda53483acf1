package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/storetest"
	"github.com/weir-dev/weir/internal/kerneltest"
)

// smallDisk mounts a file system of its own for a store. limit leaves it with room for n more files or pages.
func smallDisk(t *testing.T) (dir string, limit func(what string, n uint64)) {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root)
	dir = t.TempDir()
	if err := unix.Mount("store", dir, "tmpfs", 0, "mode=0700,size=4m,nr_inodes=500"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir, func(what string, n uint64) {
		t.Helper()
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil {
			t.Fatal(err)
		}
		options := fmt.Sprintf("nr_inodes=%d,size=4m", st.Files-st.Ffree+n)
		if what == "pages" {
			// 0 would be no limit.
			options = fmt.Sprintf("nr_inodes=500,size=%d", max(st.Blocks-st.Bfree+n, 1)*uint64(st.Bsize))
		}
		if err := unix.Mount("store", dir, "tmpfs", unix.MS_REMOUNT, options); err != nil {
			t.Fatalf("%s: %v", options, err)
		}
	}
}

// The disk has room for one file or one page more each time, so that every step once is the one that fails.
func TestFullDiskAtEveryStep(t *testing.T) {
	for _, what := range []string{"files", "pages"} {
		t.Run(what, func(t *testing.T) {
			dir, limit := smallDisk(t)
			tar, err := tree(t.TempDir(), 1, nil)
			if err != nil {
				t.Fatal(err)
			}
			ref, _ := ParseReference("team/new")
			add := func(s *Store) error {
				l, err := addTree(s, tar, false)
				if err != nil {
					return err
				}
				defer l.Close()
				config := fmt.Sprintf(`{"rootfs":{"type":"layers","diff_ids":[%q]}}`, l.DiffID)
				_, err = s.Commit(&ref, []byte(config), []*Layer{l})
				return err
			}
			var before storetest.State
			for n := uint64(0); ; n++ {
				limit(what, n)
				s, err := Open(dir)
				if err == nil {
					err = add(s)
				}
				limit("files", 400)
				if err == nil {
					t.Logf("%d %s are enough", n, what)
					if n < 10 {
						t.Error("hardly a step was hit")
					}
					return
				}
				if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "`weir prune`") {
					t.Fatalf("with room for %d %s: %v", n, what, err)
				}
				if s == nil {
					continue
				}
				limit(what, 0) // making room must need none
				if err := s.DropLayers(); err != nil {
					t.Fatal(err)
				}
				after, err := storetest.Check(dir)
				if err != nil || !reflect.DeepEqual(before, after) {
					t.Fatalf("with room for %d %s: left %+v, %v", n, what, after, err)
				}
			}
		})
	}
}

func TestFullDiskForAContainer(t *testing.T) {
	dir, limit := smallDisk(t)
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(10) {
		limit("files", n)
		sc, err := s.NewScratch()
		if err == nil {
			if err := sc.Close(); err != nil {
				t.Error(err)
			}
			return
		}
		if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "`weir prune`") {
			t.Error(err)
		}
		if left := entries(t, s, scratchDir); left != nil {
			t.Errorf("left: %v", left)
		}
	}
	t.Error("no room with 10 files")
}

func TestReadOnlyStore(t *testing.T) {
	dir, _ := smallDisk(t)
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	addImage(t, s, "debian", "base")
	if err := unix.Mount("store", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Images(); err != nil || len(list) != 1 {
		t.Errorf("images: %v, %v", list, err)
	}
	img, err := s.Image("debian")
	if err != nil {
		t.Fatal(err)
	}
	if hold, err := img.Hold(); err != nil {
		t.Error(err)
	} else {
		hold.Close()
	}
	_, scratch := s.NewScratch()
	_, layer := s.AddLayer(t.Context(), diffID("x"), fill("x"))
	_, remove := s.Remove("debian", false)
	_, prune := s.Prune(true)
	_, commit := s.Commit(nil, []byte(`{"rootfs":{"type":"layers"}}`), nil)
	_, fresh := Open(filepath.Join(dir, "new"))
	for what, err := range map[string]error{"scratch": scratch, "layer": layer, "remove": remove, "prune": prune, "commit": commit, "a new store": fresh} {
		if !errors.Is(err, unix.EROFS) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "WEIR_ROOT") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
		t.Error("it was not read-only")
	}
}
