package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/layer"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/internal/userns"
)

// Every test of this package that needs no root of its own.
func TestAllAgainAsPlainUsers(t *testing.T) { kerneltest.AgainAsPlainUsers(t, ".") }

func plainUser(t *testing.T) *userns.IDs {
	t.Helper()
	kerneltest.Require(t, kerneltest.Containers)
	if !userns.Needed() {
		t.Skip("plain users run this")
	}
	ids, err := userns.Mine()
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// archive makes a layer with all that takes root.
func archive(t *testing.T, owner int) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	netRaw := "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" // vfs_cap_data: effective, CAP_NET_RAW
	for _, h := range []tar.Header{
		{Name: "mine", Typeflag: tar.TypeReg, Mode: 0o4755},
		{Name: "theirs", Typeflag: tar.TypeReg, Mode: 0o4755, Uid: owner, Gid: owner},
		{Name: "dir/", Typeflag: tar.TypeDir, Mode: 0o700, Uid: owner, Gid: owner},
		{Name: "dir/link", Typeflag: tar.TypeSymlink, Linkname: "x", Uid: owner},
		{Name: "dir/" + ".wh..wh..opq", Typeflag: tar.TypeReg},
		{Name: ".wh.gone", Typeflag: tar.TypeReg},
		{Name: "capable", Typeflag: tar.TypeReg, Mode: 0o755, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": netRaw, "SCHILY.xattr.trusted.x": "y"}},
		{Name: "null", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// addArchive brings a layer into the store under a name, and an image of it.
func addArchive(t *testing.T, s *Store, r io.Reader) (layer.Result, error) {
	t.Helper()
	var result layer.Result
	l, err := s.AddLayer(t.Context(), diffID("archive"), func(dir string) (id Digest, _ layer.Result, err error) {
		result, err = s.Unpack(dir, r)
		return diffID("archive"), result, err
	})
	if err != nil {
		return result, err
	}
	defer l.Close()
	ref, err := ParseReference("archive")
	if err != nil {
		t.Fatal(err)
	}
	config := `{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["` + string(l.DiffID) + `"]}}`
	_, err = s.Commit(&ref, []byte(config), []*Layer{l})
	return result, err
}

func TestAPlainUsersLayer(t *testing.T) {
	ids := plainUser(t)
	s := newStore(t)
	const owner = 33
	result, err := addArchive(t, s, archive(t, owner))
	if err != nil {
		t.Fatal(err)
	}
	root := s.layerPath(diffID("archive"), "fs")
	stat := func(name string) unix.Stat_t {
		t.Helper()
		var st unix.Stat_t
		if err := unix.Lstat(filepath.Join(root, name), &st); err != nil {
			t.Fatal(err)
		}
		return st
	}
	me := uint32(os.Getuid())
	theirs, mode := ids.UIDs[len(ids.UIDs)-1].Outside+owner-1, uint32(0o4755)
	want := layer.Result{Devices: 1, Attributes: 1}
	if ids.One() {
		want.Owners, theirs, mode = 3, me, 0o755 // setuid would now be root's
	}
	if result != want {
		t.Errorf("got %+v, want %+v", result, want)
	}
	if st := stat("mine"); st.Uid != me || st.Mode&0o7777 != 0o4755 {
		t.Errorf("a file of root's: user %d, mode %o", st.Uid, st.Mode)
	}
	if st := stat("theirs"); st.Uid != theirs || st.Mode&0o7777 != mode {
		t.Errorf("a file of another's: user %d, mode %o", st.Uid, st.Mode)
	}
	if st := stat("dir"); st.Uid != theirs || st.Mode&0o7777 != 0o700 {
		t.Errorf("a directory of another's: user %d, mode %o", st.Uid, st.Mode)
	}
	if st := stat("gone"); st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != 0 {
		t.Errorf("a whiteout: mode %o, device %d", st.Mode, st.Rdev)
	}
	if err := unix.Lstat(filepath.Join(root, "null"), new(unix.Stat_t)); err != unix.ENOENT {
		t.Errorf("a device: %v", err)
	}
	// Of version 3, which has the id of the namespace's root (capabilities(7)).
	var capability [64]byte
	if n, err := unix.Lgetxattr(filepath.Join(root, "capable"), "security.capability", capability[:]); err != nil || n != 24 || capability[3] != 3 {
		t.Errorf("a capability: %x, %v", capability[:max(n, 0)], err)
	}
	// Not even its owner sees into dir, if that is a subordinate id: it is removed all the same.
	if _, err := s.Remove("archive", false); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{layersDir, tmpDir} {
		if left := entries(t, s, part); left != nil {
			t.Errorf("left in %s: %v", part, left)
		}
	}
}

func TestAnOwnerBeyondTheSubordinateIdsIsAnError(t *testing.T) {
	ids := plainUser(t)
	if ids.One() {
		t.Skip("one id is mapped, and every owner is given away")
	}
	s := newStore(t)
	_, err := addArchive(t, s, archive(t, int(ids.Users())))
	if err == nil || !strings.Contains(err.Error(), `entry "theirs": its owner 65537:65537 is not mapped: /etc/subuid and /etc/subgid give you fewer ids`) {
		t.Errorf("got %v", err)
	}
	if left := entries(t, s, tmpDir); left != nil {
		t.Errorf("left: %v", left)
	}
}

func TestAnErrorOfTheHelperIsTheOneThatItWas(t *testing.T) {
	plainUser(t)
	s := newStore(t)
	_, err := s.Unpack(filepath.Join(s.dir, "missing"), archive(t, 0))
	if !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "missing: no such file or directory") {
		t.Errorf("got %v", err)
	}
	// Which transfer explains to people.
	if _, err := s.Unpack(t.TempDir(), io.LimitReader(archive(t, 0), 700)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("of a stream that is cut short: %v", err)
	}
	if err := TryHelper(userns.OwnID()); err != nil {
		t.Error(err)
	}
}

func TestAnErrorOfTheSourceIsTheOneThatIsTold(t *testing.T) {
	plainUser(t)
	mine := errors.New("the network is gone")
	r := io.MultiReader(io.LimitReader(archive(t, 0), 700), readerFunc(func([]byte) (int, error) { return 0, mine }))
	if _, err := addArchive(t, newStore(t), r); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestRootDoesNotTakeTheStoreOfAUserNamespace(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	s := newStore(t)
	if err := os.WriteFile(s.path(idsFile), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.dir); err == nil || !strings.Contains(err.Error(), "it was made in a user namespace") {
		t.Errorf("got %v", err)
	}
}

func TestAStoreIsOfTheIdsThatItWasMadeWith(t *testing.T) {
	ids := plainUser(t)
	s := newStore(t)
	file := s.path(idsFile)
	if err := os.WriteFile(file, []byte(`{"UIDs":[{"Inside":0,"Outside":7,"Count":1}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.dir); err == nil || !strings.Contains(err.Error(), "its files have ids that you could map (users 7, groups ) and cannot now (users ") {
		t.Errorf("with other ids: %v", err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.dir); err == nil || !strings.Contains(err.Error(), file+": unexpected end") {
		t.Errorf("with ids that are none: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.dir); err != nil {
		t.Errorf("without layers: %v", err)
	}
	addImage(t, s, "image", "layer")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.dir); err == nil || !strings.Contains(err.Error(), "it was made by root") {
		t.Errorf("with layers of root's: %v", err)
	}
	if ids.One() {
		return
	}
	// What was made with one id can be had with more, but for what was given away.
	addImage(t, s, "whole", "layer")
	addImage(t, s, "given", "given")
	if err := markGivenAway(s.layerPath(diffID("given")), layer.Result{Owners: 3}); err != nil {
		t.Fatal(err)
	}
	before, err := json.Marshal(userns.IDs{UIDs: ids.UIDs[:1], GIDs: ids.GIDs[:1]})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(s.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Image("whole"); err != nil {
		t.Error(err)
	}
	if _, err := s.Image("given"); err == nil || !strings.Contains(err.Error(), "given to root: remove it by weir rmi") {
		t.Errorf("got %v", err)
	}
}
