package transfer

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image"
)

func TestImportedDirectoryIsAnImage(t *testing.T) {
	need(t)
	root := t.TempDir()
	write := func(name string, mode os.FileMode) {
		t.Helper()
		p := filepath.Join(root, name)
		os.MkdirAll(filepath.Dir(p), 0o755)
		if err := os.WriteFile(p, []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("bin/sh", 0o755)
	write("etc/shadow", 0o640)
	os.Chown(filepath.Join(root, "etc/shadow"), 0, 42)
	os.Link(filepath.Join(root, "bin/sh"), filepath.Join(root, "bin/dash"))
	os.Symlink("sh", filepath.Join(root, "bin/link"))
	os.Mkdir(filepath.Join(root, "dev"), 0o755)
	if err := unix.Mknod(filepath.Join(root, "dev/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	id, err := Import(t.Context(), s, root, parse(t, "mine:1"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	img, err := s.Image("mine:1")
	if err != nil {
		t.Fatal(err)
	}
	if img.ID != id || len(img.LayerDirs) != 1 || img.Architecture != runtime.GOARCH || img.OS != "linux" {
		t.Errorf("got %+v", img)
	}
	if c := img.Config; c.Cmd != nil || c.Entrypoint != nil || c.Env != nil || c.User != "" || c.WorkingDir != "" {
		t.Errorf("the configuration says %+v, and docker import's nothing", c)
	}
	var sh, dash, shadow, null unix.Stat_t
	for name, st := range map[string]*unix.Stat_t{"bin/sh": &sh, "bin/dash": &dash, "etc/shadow": &shadow, "dev/null": &null} {
		if err := unix.Lstat(filepath.Join(img.LayerDirs[0], name), st); err != nil {
			t.Fatal(err)
		}
	}
	if sh.Ino != dash.Ino || shadow.Gid != 42 || shadow.Mode&0o7777 != 0o640 || null.Rdev != unix.Mkdev(1, 3) {
		t.Errorf("sh %d dash %d, shadow %o of group %d, null %x", sh.Ino, dash.Ino, shadow.Mode, shadow.Gid, null.Rdev)
	}

	t.Run("again, it is the same layer", func(t *testing.T) {
		if _, err := Import(t.Context(), s, root, parse(t, "mine:2"), Options{}); err != nil {
			t.Fatal(err)
		}
		again, err := s.Image("mine:2")
		if err != nil || again.LayerDirs[0] != img.LayerDirs[0] {
			t.Errorf("got %v, %v", again, err)
		}
		if left := leftovers(t, s, "tmp"); left != nil {
			t.Errorf("left: %v", left)
		}
	})
}

func TestImportedTarIsAnImage(t *testing.T) {
	need(t)
	whole := tarOf(t, "./", "", "./bin/", "", "./bin/sh", "sh")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(whole)
	z.Close()
	s := newStore(t)
	for name, data := range map[string][]byte{"rootfs.tar": whole, "rootfs.tar.gz": zipped.Bytes()} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Import(t.Context(), s, file, parse(t, "from:"+name), Options{}); err != nil {
			t.Fatal(err)
		}
		img, err := s.Image("from:" + name)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(s.Dir(), "layers", image.DigestOf(whole).Hex(), "fs"); img.LayerDirs[0] != want {
			t.Errorf("%s: layer %s, want that of the plain tar, %s", name, img.LayerDirs[0], want)
		}
	}
}

func TestBadImportsAreErrorsAndLeaveNothing(t *testing.T) {
	need(t)
	dir := t.TempDir()
	garbage, cut, reserved := filepath.Join(dir, "garbage"), filepath.Join(dir, "cut.tar"), filepath.Join(dir, "reserved")
	os.WriteFile(garbage, bytes.Repeat([]byte("no tar "), 500), 0o600)
	os.WriteFile(cut, tarOf(t, "f", strings.Repeat("x", 5000))[:3000], 0o600)
	os.Mkdir(reserved, 0o755)
	os.WriteFile(filepath.Join(reserved, ".wh.x"), nil, 0o600)
	s := newStore(t)
	for _, c := range []struct{ name, from, ref, want string }{
		{"a file that is not there", filepath.Join(dir, "missing"), "x", "no such file"},
		{"binary garbage", garbage, "x", "read tar"},
		{"a tar that is cut short", cut, "x", "cut short"},
		{"a directory with a reserved name", reserved, "x", "reserved"},
		{"a directory that holds the store", filepath.Dir(s.Dir()), "x", "image store"},
		{"a reference by digest", dir, "x@sha256:" + strings.Repeat("0", 64), "digest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Import(t.Context(), s, c.from, parse(t, c.ref), Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.from) {
				t.Errorf("got %v, want an error with %q and %q", err, c.want, c.from)
			}
			if left := leftovers(t, s, "layers", "images", "refs", "tmp"); left != nil {
				t.Errorf("left: %v", left)
			}
		})
	}
}
