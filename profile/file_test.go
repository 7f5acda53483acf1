package profile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/profile"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.json")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 100<<20); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.json")
	for _, c := range []struct{ path, want string }{
		{missing, "read profile " + missing + ": no such file or directory"},
		{dir, "read profile " + dir + ": is a directory"},
		{large, "read profile " + large + ": the document is larger than 8 MiB"},
	} {
		if _, err := profile.ReadFile(c.path); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if _, err := profile.ReadFile(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a missing file is not fs.ErrNotExist")
	}
}

func TestRead(t *testing.T) {
	src, err := profile.Read(strings.NewReader("{}"), "standard input")
	if err != nil || string(src) != "{}" {
		t.Errorf("got %q, %v", src, err)
	}
	_, err = profile.Read(zeros{}, "standard input")
	if err == nil || err.Error() != "read profile standard input: the document is larger than 8 MiB" {
		t.Errorf("an endless input: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }
