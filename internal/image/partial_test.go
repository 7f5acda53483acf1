package image

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"
	"time"
)

func TestABeginningIsKeptFromOneProcessToTheNext(t *testing.T) {
	s := newStore(t)
	d := DigestOf([]byte("a blob"))
	begin := func(want string) *Partial {
		t.Helper()
		p, err := s.Partial(d)
		if err != nil || p == nil {
			t.Fatalf("got %v, %v", p, err)
		}
		b, err := io.ReadAll(p.Reader())
		if err != nil || string(b) != want || p.Size() != int64(len(want)) {
			t.Errorf("it has %q of %d bytes, %v; want %q", b, p.Size(), err, want)
		}
		return p
	}
	add := func(p *Partial, s string) {
		t.Helper()
		if _, err := p.Write([]byte(s)); err != nil {
			t.Error(err)
		}
	}
	p := begin("")
	add(p, "a ")
	if other, err := s.Partial(d); other != nil || err != nil {
		t.Errorf("two are at it: %v, %v", other, err)
	}
	p.Close()
	p = begin("a ")
	add(p, "blob")
	p.Close()
	p = begin("a blob")
	if err := p.Remove(); err != nil {
		t.Error(err)
	}
	begin("").Close()
}

func TestBeginningsThatNobodyComesBackForGo(t *testing.T) {
	s := newStore(t)
	begin := func(name string, age time.Duration) (*Partial, string) {
		d := DigestOf([]byte(name))
		p, err := s.Partial(d)
		if err != nil || p == nil {
			t.Fatalf("got %v, %v", p, err)
		}
		path := s.path(partialDir, d.Hex())
		then := time.Now().Add(-age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
		return p, path
	}
	isThere := func(path string) bool {
		_, err := os.Lstat(path)
		return !errors.Is(err, fs.ErrNotExist)
	}
	old, oldPath := begin("old", 8*24*time.Hour)
	old.Close()
	young, youngPath := begin("young", 6*24*time.Hour)
	young.Close()
	held, heldPath := begin("held", 8*24*time.Hour)
	defer held.Close()
	if isThere(oldPath) || !isThere(youngPath) || !isThere(heldPath) {
		t.Errorf("old %v, young %v, in use %v", isThere(oldPath), isThere(youngPath), isThere(heldPath))
	}
	for name, remove := range map[string]func() error{
		"Prune":      func() error { _, err := s.Prune(false); return err },
		"DropLayers": s.DropLayers,
	} {
		young, youngPath := begin("young", 0)
		young.Close()
		if err := remove(); err != nil {
			t.Error(err)
		}
		if isThere(youngPath) || !isThere(heldPath) {
			t.Errorf("after %s: young %v, in use %v", name, isThere(youngPath), isThere(heldPath))
		}
	}
}

func TestImagesByTheirPlace(t *testing.T) {
	for s, want := range map[string]Local{
		"oci:dir":                              {Path: "dir"},
		"oci:./dir/sub:1.0":                    {Path: "./dir/sub", Name: "1.0"},
		"oci:/dir:registry.example/app:1":      {Path: "/dir", Name: "registry.example/app:1"},
		"docker-archive:app.tar":               {Archive: true, Path: "app.tar"},
		"docker-archive:/tmp/app.tar:debian:1": {Archive: true, Path: "/tmp/app.tar", Name: "debian:1"},
	} {
		got, err := ParseLocal(s)
		if err != nil || got != want || got.String() != s || !IsLocal(s) {
			t.Errorf("%s: got %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{"oci:", "oci::1", "docker-archive:", "debian", "debian:1", "oci://registry.example/p@" + someDigest} {
		if l, err := ParseLocal(s); err == nil {
			t.Errorf("%s is %+v", s, l)
		}
	}
}
