package layer

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/kerneltest"
)

func TestUnpackKeepsWhatTheHeaderSays(t *testing.T) {
	// struct vfs_cap_data, revision 2, effective, CAP_NET_RAW: capability.h.
	capability := string(binary.LittleEndian.AppendUint32(nil, 0x02000001)) + "\x00\x20\x00\x00" + string(make([]byte, 12))
	root := unpack(t,
		with(dir("d"), func(h *tar.Header) { h.Mode, h.Uid, h.Gid = 0o3751, 7, 8 }),
		with(file("d/su", "#!"), func(h *tar.Header) { h.Mode, h.Uid, h.Gid = 0o6755, 100_000, 3 }),
		with(file("d/ping", "x"), xattr("security.capability", capability)),
		with(symlink("l", "/nowhere"), func(h *tar.Header) { h.Uid = 9 }),
		with(device("null", 1, 3), func(h *tar.Header) { h.Mode = 0o666 }),
		entry{tar.Header{Name: "fifo", Typeflag: tar.TypeFifo, Mode: 0o620}, ""},
		hardlink("d/su2", "d/su"),
		hardlink("l2", "./l"),
		with(file("old", ""), func(h *tar.Header) { h.ModTime = time.Unix(-5, 0) }),
		with(file("far", ""), func(h *tar.Header) { h.ModTime = time.Unix(1<<33, 0) }),
	)
	type facts struct {
		mode     uint32
		uid, gid uint32
		nlink    int
	}
	for _, c := range []struct {
		name string
		want facts
	}{
		{"d", facts{unix.S_IFDIR | 0o3751, 7, 8, 2}},
		{"d/su", facts{unix.S_IFREG | 0o6755, 100_000, 3, 2}},
		{"d/su2", facts{unix.S_IFREG | 0o6755, 100_000, 3, 2}},
		{"d/ping", facts{unix.S_IFREG | 0o644, 0, 0, 1}},
		{"l", facts{unix.S_IFLNK | 0o777, 9, 0, 2}},
		{"null", facts{unix.S_IFCHR | 0o666, 0, 0, 1}},
		{"fifo", facts{unix.S_IFIFO | 0o620, 0, 0, 1}},
	} {
		st := lstat(t, root, c.name)
		if got := (facts{st.Mode, st.Uid, st.Gid, int(st.Nlink)}); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
		if got := time.Unix(st.Mtim.Unix()); !got.Equal(made) {
			t.Errorf("%s: mtime %v, want %v", c.name, got, made)
		}
	}
	if a, b := lstat(t, root, "d/su"), lstat(t, root, "d/su2"); a.Ino != b.Ino {
		t.Error("the hard link is another file")
	}
	if st := lstat(t, root, "null"); st.Rdev != unix.Mkdev(1, 3) {
		t.Errorf("null is device %d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
	}
	if got := getxattr(t, filepath.Join(root, "d/ping"), "security.capability"); got != capability {
		t.Errorf("security.capability = %q", got)
	}
	if st := lstat(t, root, "old"); st.Mtim.Sec != -5 {
		t.Errorf("a time before 1970 became %d", st.Mtim.Sec)
	}
	if st := lstat(t, root, "far"); st.Mtim.Sec != 1<<33 {
		t.Errorf("a time after 2106 became %d", st.Mtim.Sec)
	}
}

func TestUnpackDoesNotDependOnTheUmask(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	defer unix.Umask(unix.Umask(0o077))
	root := unpack(t, file("implied/f", ""), with(device("n", 1, 3), func(h *tar.Header) { h.Mode = 0o666 }))
	if got := lstat(t, root, "implied").Mode & 0o7777; got != 0o755 {
		t.Errorf("implied directory has mode %o", got)
	}
	if got := lstat(t, root, "n").Mode & 0o7777; got != 0o666 {
		t.Errorf("device has mode %o", got)
	}
}

func TestLaterEntriesWin(t *testing.T) {
	root := unpack(t,
		file("f", "first"), file("f", "second"),
		file("file-to-dir", ""), dir("file-to-dir"), file("file-to-dir/x", "1"),
		dir("dir-to-file"), file("dir-to-file/x", ""), file("dir-to-file", "now a file"),
		symlink("link-to-file", "f"), file("link-to-file", "own"),
		dir("merged"), file("merged/a", "a"), with(dir("merged"), func(h *tar.Header) { h.Mode = 0o700 }), file("merged/b", "b"),
		dir("usr/lib"), symlink("lib", "usr/lib"), file("lib/so", "through a link"), symlink("abs", "/usr"), file("abs/x", "absolute"),
		symlink("dangling", "/run/lock"), file("dangling/deep/x", "made"),
	)
	for name, want := range map[string]string{
		"f": "second", "file-to-dir/x": "1", "dir-to-file": "now a file", "link-to-file": "own",
		"merged/a": "a", "merged/b": "b", "usr/lib/so": "through a link", "usr/x": "absolute", "run/lock/deep/x": "made",
	} {
		if got := read(t, root, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := lstat(t, root, "merged").Mode & 0o7777; got != 0o700 {
		t.Errorf("the directory kept its first mode: %o", got)
	}
	if got := lstat(t, root, "lib").Mode & unix.S_IFMT; got != unix.S_IFLNK {
		t.Error("the link to a directory was replaced by a directory")
	}
}

func TestRootEntryIsIgnored(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	root := t.TempDir()
	os.Chmod(root, 0o755)
	if _, err := Unpack(root, archive(t, with(dir("."), func(h *tar.Header) { h.Mode, h.Uid = 0o700, 5 }), file("./f", "x")), Root); err != nil {
		t.Fatal(err)
	}
	if st := lstat(t, root); st.Mode&0o7777 != 0o755 || st.Uid != 0 {
		t.Errorf("the layer's own directory became %o of %d", st.Mode&0o7777, st.Uid)
	}
	if read(t, root, "f") != "x" {
		t.Error("./f is not f")
	}
}

func TestBrokenArchivesAreErrors(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	whole, _ := io.ReadAll(archive(t, file("f", string(make([]byte, 5000)))))
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"cut in a header", whole[:300]},
		{"cut in a file", whole[:3000]},
		{"not a tar", bytes.Repeat([]byte("no tar at all\n"), 100)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Unpack(t.TempDir(), bytes.NewReader(c.data), Root); err == nil {
				t.Error("no error")
			}
		})
	}
	t.Run("the reader's own error comes through", func(t *testing.T) {
		mine := errors.New("mine")
		r := io.MultiReader(bytes.NewReader(whole[:3000]), errReader{mine})
		if _, err := Unpack(t.TempDir(), r, Root); !errors.Is(err, mine) {
			t.Errorf("got %v", err)
		}
	})
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// What overlayfs makes of the layers is the judge of whiteouts and opaque directories.
func TestOverlayfsHonoursTheLayer(t *testing.T) {
	lower := []entry{
		dir("d"), file("d/a", "lower"), file("d/b", "lower"),
		dir("e"), file("e/a", "lower"), dir("e/sub"), file("e/sub/x", "lower"),
		file("f", "lower"), file("swap", "lower"),
	}
	for _, c := range []struct {
		name  string
		upper []entry
		want  map[string]string // file: content; "" = not there
	}{
		{"a whiteout hides a file", []entry{file("d/.wh.a", "")},
			map[string]string{"d/a": "", "d/b": "lower"}},
		{"a whiteout hides a directory", []entry{file(".wh.e", "")},
			map[string]string{"e": "", "e/sub/x": "", "f": "lower"}},
		{"an opaque mark hides what a directory had", []entry{dir("e"), file("e/.wh..wh..opq", ""), file("e/new", "upper")},
			map[string]string{"e/a": "", "e/sub": "", "e/new": "upper", "d/a": "lower"}},
		{"an opaque mark may come last", []entry{file("e/new", "upper"), file("e/.wh..wh..opq", "")},
			map[string]string{"e/a": "", "e/new": "upper"}},
		{"a whiteout spares a file of its own layer", []entry{file("f", "upper"), file(".wh.f", "")},
			map[string]string{"f": "upper"}},
		{"a whiteout before a file of that name", []entry{file(".wh.f", ""), file("f", "upper")},
			map[string]string{"f": "upper"}},
		{"a whiteout before a directory of that name makes it opaque", []entry{file(".wh.e", ""), dir("e"), file("e/new", "upper")},
			map[string]string{"e/a": "", "e/new": "upper"}},
		{"a whiteout after a directory of that name makes it opaque", []entry{dir("e"), file("e/new", "upper"), file(".wh.e", "")},
			map[string]string{"e/a": "", "e/new": "upper"}},
		{"a whiteout before a directory that is only implied", []entry{file(".wh.e", ""), file("e/new", "upper")},
			map[string]string{"e/a": "", "e/new": "upper"}},
		{"a whiteout under a directory that is only implied", []entry{file("e/sub/.wh.x", "")},
			map[string]string{"e/sub/x": "", "e/a": "lower"}},
		{"a file replaces a directory", []entry{file("e", "upper")},
			map[string]string{"e": "upper"}},
		{"a directory replaces a file", []entry{dir("swap"), file("swap/x", "upper")},
			map[string]string{"swap/x": "upper"}},
		{"a whiteout of what nobody has", []entry{file(".wh.nothing", "")},
			map[string]string{"nothing": "", "f": "lower"}},
		{"aufs's own files mean nothing", []entry{file(".wh..wh.aufs", ""), dir(".wh..wh.plnk"), file(".wh..wh.plnk/1.2", ""), dir(".wh..wh.orph")},
			map[string]string{".wh..wh.aufs": "", ".wh..wh.plnk": "", "f": "lower"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			merged := overlay(t, unpack(t, lower...), unpack(t, c.upper...))
			for name, want := range c.want {
				if want == "" {
					gone(t, merged, name)
				} else if got := read(t, merged, name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestPackAndUnpackAreInverse(t *testing.T) {
	first := unpack(t,
		with(dir("d"), func(h *tar.Header) { h.Mode, h.Uid = 0o2775, 12 }),
		with(file("d/f", "content"), func(h *tar.Header) { h.Mode = 0o4711 }),
		hardlink("a-link", "d/f"),
		with(file("x", "y"), xattr("user.mine", "\x00binary\xff")),
		file(".hidden", "h"), file("..odd", "o"),
		symlink("s", "d/f"), symlink("s2", "/abs"), hardlink("s3", "s2"),
		device("null", 1, 3),
		entry{tar.Header{Name: "fifo", Typeflag: tar.TypeFifo, Mode: 0o600}, ""},
		file("a name\nwith a newline", ""),
	)
	if fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); err != nil {
		t.Fatal(err)
	} else if err := unix.Bind(fd, &unix.SockaddrUnix{Name: filepath.Join(first, "socket")}); err != nil {
		t.Fatal(err)
	}
	pack := func(dir string) []byte {
		t.Helper()
		var b bytes.Buffer
		if err := Pack(dir, &b, nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	packed := pack(first)
	second := t.TempDir()
	if _, err := Unpack(second, bytes.NewReader(packed), Root); err != nil {
		t.Fatal(err)
	}
	gone(t, second, "socket")
	if !bytes.Equal(pack(second), packed) {
		t.Error("a tree that was packed and unpacked packs into other bytes")
	}
	type facts struct {
		name  string
		kind  byte
		mode  int64
		owner int
		link  string
		mine  string // the attribute user.mine
		dev   int64
	}
	var got []facts
	for tr := tar.NewReader(bytes.NewReader(packed)); ; {
		hdr, err := tr.Next()
		if err != nil {
			break
		}
		got = append(got, facts{hdr.Name, hdr.Typeflag, hdr.Mode, hdr.Uid, hdr.Linkname, hdr.PAXRecords[xattrRecord+"user.mine"], hdr.Devmajor<<20 | hdr.Devminor})
	}
	want := []facts{
		{name: "..odd", kind: tar.TypeReg, mode: 0o644},
		{name: ".hidden", kind: tar.TypeReg, mode: 0o644},
		{name: "a name\nwith a newline", kind: tar.TypeReg, mode: 0o644},
		{name: "a-link", kind: tar.TypeReg, mode: 0o4711},
		{name: "d/", kind: tar.TypeDir, mode: 0o2775, owner: 12},
		{name: "d/f", kind: tar.TypeLink, mode: 0o4711, link: "a-link"},
		{name: "fifo", kind: tar.TypeFifo, mode: 0o600},
		{name: "null", kind: tar.TypeChar, mode: 0o666, dev: 1<<20 | 3},
		{name: "s", kind: tar.TypeSymlink, mode: 0o777, link: "d/f"},
		{name: "s2", kind: tar.TypeSymlink, mode: 0o777, link: "/abs"},
		{name: "s3", kind: tar.TypeLink, mode: 0o777, link: "s2"},
		{name: "x", kind: tar.TypeReg, mode: 0o644, mine: "\x00binary\xff"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("packed\n%+v\nwant\n%+v", got, want)
	}

	t.Run("a link to the directory stands for it", func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "link")
		os.Symlink(first, link)
		if !bytes.Equal(pack(link), packed) {
			t.Error("other bytes")
		}
	})
	t.Run("a directory that is not there is an error", func(t *testing.T) {
		if err := Pack(filepath.Join(first, "missing"), io.Discard, nil); !errors.Is(err, unix.ENOENT) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a reserved name is an error", func(t *testing.T) {
		bad := t.TempDir()
		os.WriteFile(filepath.Join(bad, ".wh.x"), nil, 0o600)
		if err := Pack(bad, io.Discard, nil); err == nil {
			t.Error("no error")
		}
	})
	t.Run("other file systems are left out", func(t *testing.T) {
		top := t.TempDir()
		mnt := filepath.Join(top, "mnt")
		os.Mkdir(mnt, 0o755)
		if err := unix.Mount("tmpfs", mnt, "tmpfs", 0, ""); err != nil {
			t.Fatal(err)
		}
		defer unix.Unmount(mnt, 0)
		os.WriteFile(filepath.Join(mnt, "inside"), []byte("x"), 0o600)
		out := t.TempDir()
		if _, err := Unpack(out, bytes.NewReader(pack(top)), Root); err != nil {
			t.Fatal(err)
		}
		lstat(t, out, "mnt")
		gone(t, out, "mnt", "inside")
	})
}
