package main

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := newShop(t, dir)
	if err := unix.Mount("store", dir, "tmpfs", 0, "mode=0700,size=5m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s.must(t, "import", s.roots[0], "box")
	before := s.check(t)
	filler := filepath.Join(t.TempDir(), "filler")
	fill := func(size int64) {
		if err := os.WriteFile(filler, make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const full = "no space left on device; `weir prune` and `weir rmi` make room"
	fill(4 << 20)
	s.wrong(t, 2, full, "import", filepath.Dir(filler), "large")
	if after := s.check(t); !reflect.DeepEqual(after, before) {
		t.Errorf("left: %+v", after)
	}
	s.must(t, "run", "box", "sh", "-c", "test -s /own")
	s.wrong(t, 1, "No space left on device", "run", "box", "sh", "-c", "dd if=/dev/zero of=/large bs=1M count=4")
	s.must(t, "run", "box", "sh", "-c", "test ! -e /large")

	// Not a byte is left. To look and to make room needs none.
	rest := filepath.Join(dir, "rest")
	if err := os.WriteFile(rest, make([]byte, 5<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	s.wrong(t, 2, full, "import", s.roots[1], "other")
	s.must(t, "images")
	s.must(t, "inspect", "box")
	s.must(t, "prune", "-f")
	s.must(t, "rmi", "box")
	if err := os.Remove(rest); err != nil {
		t.Fatal(err)
	}
	s.must(t, "import", s.roots[1], "other")
	s.must(t, "run", "other", "sh", "-c", "test -s /own")
	s.check(t)
}

func TestReadOnlyStoreSaysSo(t *testing.T) {
	dir := t.TempDir()
	s := newShop(t, dir)
	if err := unix.Mount("store", dir, "tmpfs", 0, "mode=0700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s.must(t, "import", s.roots[0], "box")
	if err := unix.Mount("store", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	s.must(t, "images")
	s.must(t, "inspect", "box")
	const readOnly = "read-only file system; mount it read-write, or name another store with WEIR_ROOT"
	s.wrong(t, 125, readOnly, "run", "box", "sh")
	s.wrong(t, 2, readOnly, "rmi", "box")
	s.wrong(t, 2, readOnly, "prune", "-a", "-f")
	s.wrong(t, 2, readOnly, "import", s.roots[0], "other")
	s.wrong(t, 2, readOnly, "load", "-i", s.tars[0])
}

func TestStoreOfAnotherUserSaysSo(t *testing.T) {
	s := newShop(t, t.TempDir())
	if err := os.Chown(s.store, 1234, 1234); err != nil {
		t.Fatal(err)
	}
	const owned = "it belongs to user 1234, not to you (user 0); name another one with WEIR_ROOT"
	s.wrong(t, 125, owned, "run", "box", "sh")
	s.wrong(t, 2, owned, "images")
	s.wrong(t, 2, owned, "import", s.roots[0], "box")
}
