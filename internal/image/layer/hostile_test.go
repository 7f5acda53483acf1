package layer

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/kerneltest"
)

// Each case is a layer that tries to reach a canary outside of the directory that it is unpacked in. The
// directory lies at outside/a/b/layer, and outside/canary must stay as it was, alone in its directory.
// Whether the layer is refused or comes out harmless is part of the case.
func TestLayersCannotReachOutside(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	for _, c := range []struct {
		name    string
		entries func(outside string) []entry
		refused bool
	}{
		{"a name that climbs", func(string) []entry {
			return []entry{file("../../../canary", "owned")}
		}, true},
		{"a name that climbs from within", func(string) []entry {
			return []entry{dir("x"), file("x/../../../../canary", "owned")}
		}, true},
		{"an absolute name is taken from the layer's root", func(o string) []entry {
			return []entry{file(o+"/canary", "owned")}
		}, false},
		{"a directory whose name climbs", func(string) []entry {
			return []entry{dir("../../../new")}
		}, true},
		{"a file through a relative link", func(string) []entry {
			return []entry{symlink("out", "../../.."), file("out/canary", "owned")}
		}, false},
		{"a file through an absolute link", func(o string) []entry {
			return []entry{dir("d"), symlink("d/out", o), file("d/out/canary", "owned")}
		}, false},
		{"a file through a link to the root", func(o string) []entry {
			return []entry{symlink("root", "/"), file("root"+o+"/canary", "owned")}
		}, false},
		{"a file through two links", func(o string) []entry {
			return []entry{symlink("a", "b"), symlink("b", "../../.."), file("a/canary", "owned")}
		}, false},
		{"a file through /proc's magic links", func(o string) []entry {
			return []entry{symlink("self", "/proc/self/root"), file("self"+o+"/canary", "owned")}
		}, false},
		{"a file through a climbing link that dangles", func(string) []entry {
			return []entry{symlink("out", "../../../x/../canary/.."), file("out/canary", "owned")}
		}, false},
		{"a file through a link to itself", func(string) []entry {
			return []entry{symlink("loop", "loop"), file("loop/canary", "owned")}
		}, true},
		{"a file through a link to a file", func(o string) []entry {
			return []entry{file("f", ""), symlink("l", "f"), file("l/canary", "owned")}
		}, true},
		{"a file over a link of the same name (CVE-2014-9357)", func(o string) []entry {
			return []entry{symlink("f", o+"/canary"), file("f", "owned")}
		}, false},
		{"a directory over a link of the same name", func(o string) []entry {
			return []entry{symlink("d", o), with(dir("d"), func(h *tar.Header) { h.Mode = 0o777 }), file("d/canary", "owned")}
		}, false},
		{"a link that takes the place of the directory just used", func(o string) []entry {
			return []entry{dir("d"), file("d/x", ""), symlink("d", "../../.."), file("d/canary", "owned")}
		}, false},
		{"an absolute hard link", func(o string) []entry {
			return []entry{hardlink("h", o+"/canary"), with(file("h", "owned"), func(h *tar.Header) { h.Mode = 0o777 })}
		}, true},
		{"a climbing hard link", func(string) []entry {
			return []entry{hardlink("h", "../../../canary")}
		}, true},
		{"a hard link through a link", func(o string) []entry {
			return []entry{symlink("out", "../../.."), hardlink("h", "out/canary")}
		}, true},
		{"a hard link to a link, then written to", func(o string) []entry {
			return []entry{symlink("s", o+"/canary"), hardlink("h", "s"), file("h", "owned")}
		}, false},
		{"a hard link placed through a link", func(string) []entry {
			return []entry{file("mine", "owned"), symlink("out", "../../.."), hardlink("out/canary", "mine")}
		}, false},
		{"a whiteout through a link", func(string) []entry {
			return []entry{symlink("out", "../../.."), file("out/.wh.canary", "")}
		}, false},
		{"a whiteout of the parent", func(string) []entry {
			return []entry{file(".wh...", "")}
		}, true},
		{"a whiteout of the directory itself", func(string) []entry {
			return []entry{dir("d"), file("d/.wh..", "")}
		}, true},
		{"a whiteout of nothing", func(string) []entry {
			return []entry{file(".wh.", "")}
		}, true},
		{"an opaque mark through a link", func(string) []entry {
			return []entry{symlink("out", "../../.."), file("out/.wh..wh..opq", "")}
		}, false},
		{"an opaque mark outside", func(string) []entry {
			return []entry{file("../../../.wh..wh..opq", "")}
		}, true},
		{"a link through a link", func(o string) []entry {
			return []entry{symlink("out", "../../.."), symlink("out/canary", "/etc/shadow")}
		}, false},
		{"a device through a link", func(o string) []entry {
			return []entry{symlink("out", "../../.."), device("out/canary", 1, 3)}
		}, false},
		{"a directory that replaces a tree with a link in it", func(o string) []entry {
			return []entry{dir("d"), symlink("d/out", o), file("d", "not a directory now"), dir("d")}
		}, false},
		{"attributes of a directory that became a link", func(o string) []entry {
			return []entry{with(dir("d"), func(h *tar.Header) { h.Mode, h.Uid = 0o777, 1234 }), symlink("d", o)}
		}, false},
		{"attributes of a directory reached through a link made later", func(o string) []entry {
			return []entry{dir("p"), with(dir("p/canary"), func(h *tar.Header) { h.Mode = 0o777 }), symlink("p", "../../..")}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			outside := t.TempDir()
			canary := filepath.Join(outside, "canary")
			if err := os.WriteFile(canary, []byte("alive"), 0o600); err != nil {
				t.Fatal(err)
			}
			root := filepath.Join(outside, "a/b/layer")
			if err := os.MkdirAll(root, 0o700); err != nil {
				t.Fatal(err)
			}
			before, beforeDir := lstat(t, canary), lstat(t, outside)

			_, err := Unpack(root, archive(t, c.entries(outside)...), Root)

			if (err != nil) != c.refused {
				t.Errorf("refused: %v, want %v (%v)", err != nil, c.refused, err)
			}
			if read(t, canary) != "alive" {
				t.Error("the canary was written to")
			}
			after, afterDir := lstat(t, canary), lstat(t, outside)
			before.Atim, beforeDir.Atim, after.Atim, afterDir.Atim = unix.Timespec{}, unix.Timespec{}, unix.Timespec{}, unix.Timespec{}
			if after != before {
				t.Errorf("the canary's inode changed:\n%+v\n%+v", before, after)
			}
			if afterDir != beforeDir {
				t.Errorf("the canary's directory changed:\n%+v\n%+v", beforeDir, afterDir)
			}
			if v := getxattr(t, outside, OpaqueXattr(false)); v != "" {
				t.Error("the canary's directory was made opaque")
			}
		})
	}
}

// Nothing is mounted where a layer is unpacked; if it is all the same, it is not of the layer.
func TestNoEntryGoesIntoAMountOrThroughALinkOfProc(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	for _, name := range []string{"mnt/f", "mnt/self/root/tmp/weir-owned", "link/f"} {
		root := t.TempDir()
		if err := os.Mkdir(filepath.Join(root, "mnt"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("proc", filepath.Join(root, "mnt"), "proc", 0, ""); err != nil {
			t.Fatal(err)
		}
		_, err := Unpack(root, archive(t, symlink("link", "mnt/self/root/tmp"), file(name, "owned")), Root)
		if uerr := unix.Unmount(filepath.Join(root, "mnt"), unix.MNT_DETACH); uerr != nil {
			t.Fatal(uerr)
		}
		if !errors.Is(err, unix.EXDEV) {
			t.Errorf("%s: got %v, want EXDEV", name, err)
		}
	}
}

func TestLayersCannotSpeakToOverlayfs(t *testing.T) {
	t.Run("its xattrs are dropped", func(t *testing.T) {
		root := unpack(t,
			with(dir("d"), xattr("trusted.overlay.redirect", "/etc")),
			with(dir("o"), xattr("trusted.overlay.opaque", "y")),
			with(file("m", "x"), xattr("trusted.overlay.metacopy", "")),
			with(file("u", "x"), xattr("user.overlay.redirect", "/etc")),
			with(file("kept", "x"), xattr("user.mine", "1")))
		for _, f := range []struct{ file, name, want string }{
			{"d", "trusted.overlay.redirect", ""},
			{"o", "trusted.overlay.opaque", ""},
			{"m", "trusted.overlay.metacopy", ""},
			{"u", "user.overlay.redirect", ""},
			{"kept", "user.mine", "1"},
		} {
			if got := getxattr(t, filepath.Join(root, f.file), f.name); got != f.want {
				t.Errorf("%s: %s = %q, want %q", f.file, f.name, got, f.want)
			}
		}
	})
	for _, c := range []struct {
		name    string
		entries []entry
	}{
		{"a device 0:0 is refused", []entry{device("etc", 0, 0)}},
		{"a hard link to a whiteout is refused", []entry{file(".wh.a", ""), hardlink("passwd", "a")}},
		{"a directory with a whiteout's name is refused", []entry{file(".wh.d/f", "")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			kerneltest.Require(t, kerneltest.Root)
			_, err := Unpack(t.TempDir(), archive(t, c.entries...), Root)
			if !errors.Is(err, ErrHostile) {
				t.Errorf("got %v, want ErrHostile", err)
			}
		})
	}
}

func TestImpossibleEntriesAreErrors(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	for _, c := range []struct {
		name, want string
		e          entry
	}{
		{"an owner beyond 32 bits", "out of range", with(file("f", ""), func(h *tar.Header) { h.Uid = 1 << 33 })},
		{"owner -1, which chown takes for leave alone", "out of range", with(file("f", ""), func(h *tar.Header) { h.Uid = -1 })},
		{"a device number beyond 32 bits", "out of range", with(device("f", 1<<33, 0), func(h *tar.Header) { h.Format = tar.FormatGNU })},
		{"a device 4096:0, of which mknod would make a whiteout", "out of range", device("f", 1<<12, 0)},
		{"a device 1:1048579, of which mknod would make the null device", "out of range", device("f", 1, 1<<20|3)},
		{"a hard link to what is not there", "no such file", hardlink("f", "missing")},
		{"a hard link to itself", "no such file", hardlink("f", "f")},
		{"an xattr that the file system does not know", "setxattr nonsense.x", with(file("f", ""), xattr("nonsense.x", "1"))},
		{"a name of 5000 bytes", "name too long", file(strings.Repeat("n", 5000), "")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Unpack(t.TempDir(), archive(t, c.e), Root)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	t.Run("a file inside a file", func(t *testing.T) {
		if _, err := Unpack(t.TempDir(), archive(t, file("f", ""), file("f/g", "")), Root); !errors.Is(err, unix.ENOTDIR) {
			t.Errorf("got %v, want ENOTDIR", err)
		}
	})
	t.Run("a hard link to a directory", func(t *testing.T) {
		if _, err := Unpack(t.TempDir(), archive(t, dir("d"), hardlink("l", "d")), Root); !errors.Is(err, unix.EPERM) {
			t.Errorf("got %v, want EPERM", err)
		}
	})
}

// A sparse file of 4 EiB takes a few hundred bytes of tar. GNU tar's format 1.0: the map of data lies in front
// of the data, the real size in a PAX record.
func TestSparseFileThatCannotFitIsRefusedAtOnce(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	sparseMap := fmt.Sprintf("%-512s", "1\n0\n1\n")
	hdr := &tar.Header{Name: "f", Typeflag: tar.TypeReg, Mode: 0o644, Size: 512 + 1, Format: tar.FormatPAX,
		PAXRecords: map[string]string{"XNU.sparse.major": "1", "XNU.sparse.minor": "0", "XNU.sparse.realsize": "4611686018427387904"}}
	if err := w.WriteHeader(hdr); err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, strings.ReplaceAll(sparseMap, " ", "\x00")+"x")
	w.Close()
	// archive/tar refuses to write GNU's records, so another name of the same length stands in for theirs.
	stream := bytes.ReplaceAll(b.Bytes(), []byte("XNU.sparse."), []byte("GNU.sparse."))
	_, err := Unpack(t.TempDir(), bytes.NewReader(stream), Root)
	if !errors.Is(err, unix.ENOSPC) {
		t.Errorf("got %v, want ENOSPC", err)
	}
}
