package image

import (
	"path/filepath"
	"strings"
	"testing"
)

const someDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestReferencesAreReadAsDockerReadsThem(t *testing.T) {
	for _, c := range []struct{ in, full, familiar string }{
		{"debian", "docker.io/library/debian:latest", "debian:latest"},
		{"debian:bookworm", "docker.io/library/debian:bookworm", "debian:bookworm"},
		{"docker.io/debian", "docker.io/library/debian:latest", "debian:latest"},
		{"index.docker.io/library/debian", "docker.io/library/debian:latest", "debian:latest"},
		{"moby/buildkit:v1.2", "docker.io/moby/buildkit:v1.2", "moby/buildkit:v1.2"},
		{"library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"},
		{"localhost/app", "localhost/app:latest", "localhost/app:latest"},
		{"localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000/app:1"},
		{"127.0.0.1:5000/team/app", "127.0.0.1:5000/team/app:latest", "127.0.0.1:5000/team/app:latest"},
		{"[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest"},
		{"Host/app", "Host/app:latest", "Host/app:latest"},
		{"quay.io/a_b/c__d/e---f.g:V1_2.3-x", "quay.io/a_b/c__d/e---f.g:V1_2.3-x", "quay.io/a_b/c__d/e---f.g:V1_2.3-x"},
		{"debian@" + someDigest, "docker.io/library/debian@" + someDigest, "debian@" + someDigest},
		{"debian:bookworm@" + someDigest, "docker.io/library/debian@" + someDigest, "debian@" + someDigest},
		{"localhost:5000/app@" + someDigest, "localhost:5000/app@" + someDigest, "localhost:5000/app@" + someDigest},
		{"test:5000", "docker.io/library/test:5000", "test:5000"},
		{"sha256:abc", "docker.io/library/sha256:abc", "sha256:abc"},
	} {
		ref, err := ParseReference(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if ref.String() != c.full || ref.Familiar() != c.familiar {
			t.Errorf("%s: got %s and %s, want %s and %s", c.in, ref, ref.Familiar(), c.full, c.familiar)
		}
		if again, err := ParseReference(ref.String()); err != nil || again != ref {
			t.Errorf("%s does not read as itself: %+v, %v", ref, again, err)
		}
		if again, err := ParseReference(ref.Familiar()); err != nil || again != ref {
			t.Errorf("%s does not read as %s: %+v, %v", ref.Familiar(), ref, again, err)
		}
	}
}

func TestBadReferencesSayWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "empty"},
		{"Debian", "lower case"},
		{"docker.io/Team/app", "lower case"},
		{"debian:", `tag ""`},
		{"debian:.x", `tag ".x"`},
		{"debian:" + strings.Repeat("t", 129), "128"},
		{"a//b", "separated by"},
		{"../etc/passwd", "registry"},
		{"a/../b", "separated by"},
		{"..", "separated by"},
		{"/etc", "separated by"},
		{"a/", "separated by"},
		{"-a", "separated by"},
		{"a___b", "separated by"},
		{"a..b/c/d:1", "registry"},
		{"exa mple.com/a", "registry"},
		{"host:port/app", "registry"},
		{"[::1/app", "registry"},
		{"debian@sha256:abc", "digest"},
		{"debian@md5:abc", "digest"},
		{strings.Repeat("a", 256), "255"},
		{strings.Repeat("a", 64), "image ID"},
		{"http://x/y", "registry"},
		{"a\x00b", "separated by"},
	} {
		if ref, err := ParseReference(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, %v; want an error with %q", c.in, ref, err, c.want)
		}
	}
}

// Whatever is taken for a reference means the same when it is written out, and is a path that stays where it is put.
func FuzzParseReference(f *testing.F) {
	for _, s := range []string{"debian", "debian:bookworm", "localhost:5000/x/y:1", "[::1]:5000/a", "a.b/c__d-e@" + someDigest, "../x", "a/../b", "x:.", "UPPER/x:Y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseReference(s)
		if err != nil {
			return
		}
		for _, written := range []string{r.String(), r.Familiar()} {
			if again, err := ParseReference(written); err != nil || again != r {
				t.Errorf("%q is %+v, written as %q it is %+v, %v", s, r, written, again, err)
			}
		}
		if path := r.String(); !filepath.IsLocal(path) || filepath.Clean(path) != path {
			t.Errorf("%q is no path: %q", s, path)
		}
	})
}

// A configuration that is read has nothing but digests for layers.
func FuzzParseConfig(f *testing.F) {
	for _, s := range []string{`{}`, `{"rootfs":{"type":"layers","diff_ids":["` + someDigest + `"]}}`, `{"rootfs":{"type":"layers","diff_ids":["sha256:../x"]},"created":"2024-01-02T03:04:05Z"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseConfig(b)
		if err != nil {
			return
		}
		for _, id := range c.RootFS.DiffIDs {
			if !filepath.IsLocal(id.Hex()) || len(id.Hex()) != 64 {
				t.Errorf("%q has the layer %q", b, id)
			}
		}
	})
}
