package layer

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/kerneltest"
)

// made is the mtime of every entry that does not say otherwise.
var made = time.Unix(1_700_000_000, 123_456_789)

// entry is one entry of a layer under test; with no Typeflag it is a regular file.
type entry struct {
	tar.Header
	content string
}

func file(name, content string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, content}
}
func dir(name string) entry {
	return entry{tar.Header{Name: name + "/", Typeflag: tar.TypeDir, Mode: 0o755}, ""}
}
func symlink(name, target string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}, ""}
}
func hardlink(name, target string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target, Mode: 0o644}, ""}
}
func device(name string, major, minor int64) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: major, Devminor: minor}, ""}
}

// with changes an entry's header.
func with(e entry, change func(*tar.Header)) entry {
	change(&e.Header)
	return e
}

func xattr(name, value string) func(*tar.Header) {
	return func(h *tar.Header) { h.PAXRecords = map[string]string{xattrRecord + name: value} }
}

// archive writes the entries as a tar.
func archive(t *testing.T, entries ...entry) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if e.Format == tar.FormatUnknown {
			e.Format = tar.FormatPAX
		}
		e.Size = int64(len(e.content))
		if e.ModTime.IsZero() {
			e.ModTime = made
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// unpack makes the entries in a new directory.
func unpack(t *testing.T, entries ...entry) string {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root)
	root := t.TempDir()
	if _, err := Unpack(root, archive(t, entries...), Root); err != nil {
		t.Fatal(err)
	}
	return root
}

func lstat(t *testing.T, elem ...string) unix.Stat_t {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(filepath.Join(elem...), &st); err != nil {
		t.Fatalf("lstat %s: %v", filepath.Join(elem...), err)
	}
	return st
}

func read(t *testing.T, elem ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func getxattr(t *testing.T, file, name string) string {
	t.Helper()
	b := make([]byte, 256)
	n, err := unix.Lgetxattr(file, name, b)
	if err == unix.ENODATA {
		return ""
	}
	if err != nil {
		t.Fatalf("getxattr %s of %s: %v", name, file, err)
	}
	return string(b[:n])
}

func gone(t *testing.T, elem ...string) {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(filepath.Join(elem...), &st); err != unix.ENOENT {
		t.Errorf("%s is there (%v)", filepath.Join(elem...), err)
	}
}

// overlay mounts the layers, lowest first, with an empty upper directory, and gives the mount point.
func overlay(t *testing.T, layers ...string) string {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root)
	base := t.TempDir()
	var lower string
	for _, l := range layers {
		lower = ":" + l + lower
	}
	for _, d := range []string{"upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(base, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	merged := filepath.Join(base, "merged")
	options := "lowerdir=" + lower[1:] + ",upperdir=" + base + "/upper,workdir=" + base + "/work"
	if err := unix.Mount("overlay", merged, "overlay", 0, options); err != nil {
		t.Fatalf("mount overlay: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(merged, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return merged
}
