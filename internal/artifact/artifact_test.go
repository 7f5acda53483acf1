package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/image"
)

const source = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}`

func TestTheSameProfileHasTheSameManifest(t *testing.T) {
	const want = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"artifactType":"application/vnd.cncf.seccomp-profile.config.v1+json",` +
		`"config":{"mediaType":"application/vnd.cncf.seccomp-profile.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},` +
		`"layers":[{"mediaType":"application/json","digest":"sha256:c83274838d29906d4f950775c5660d8b7dffec5e9b5bd5bfdb7e871c4392ad7e","size":98,"annotations":{"org.opencontainers.image.title":"profile.json"}}]}`
	for _, file := range []string{"a.json", "dir/b.json"} {
		a, err := New(file, []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		got := string(a.Manifest)
		if got != want {
			t.Errorf("%s: got %s", file, got)
		}
		if string(a.Profile) != source || !IsProfile(a.Manifest) {
			t.Errorf("%s: it is not the profile", file)
		}
	}
}

func TestProfilesThatRuntimesRefuseAreNotMadeIntoArtifacts(t *testing.T) {
	many := strings.Repeat(`{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},`, 129)
	for _, c := range []struct{ name, src, want string }{
		{"no JSON", `{`, "p.json:1:2"},
		{"no default action", `{}`, "defaultAction"},
		{"Docker's conditions", `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}}]}`, `p.json:1:98: syscalls[0].includes: the OCI format has no key "includes"`},
		{"a listener", `{"defaultAction": "SCMP_ACT_ERRNO", "listenerPath": "/run/x"}`, "listenerPath"},
		{"NOTIFY as the default", `{"defaultAction": "SCMP_ACT_NOTIFY"}`, "p.json:1:19: defaultAction: runtimes refuse SCMP_ACT_NOTIFY"},
		{"NOTIFY in a rule", `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_NOTIFY"}]}`, "p.json:1:50: syscalls[0].action: runtimes refuse SCMP_ACT_NOTIFY"},
		{"speculation left open", `{"defaultAction": "SCMP_ACT_ERRNO", "flags": ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]}`, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"},
		{"one call in 129 entries", `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [` + strings.TrimSuffix(many, ",") + `]}`, "syscalls[128]: read is named more than 128 times"},
		{"too long", source + strings.Repeat(" ", maxSize), "1048576 are the most"},
	} {
		a, err := New("p.json", []byte(c.src))
		if a != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestManifestsOfProfiles(t *testing.T) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	layer := fmt.Sprintf(`{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": %q, "size": 98}`, digest)
	manifest := func(config, artifactType, layers string) string {
		return fmt.Sprintf(`{"schemaVersion": 2, "artifactType": %q, "config": {"mediaType": %q}, "layers": [%s]}`, artifactType, config, layers)
	}
	for _, c := range []struct{ name, manifest, want string }{
		{"by its configuration", manifest(Type, "", layer), ""},
		{"by both", manifest(Type, Type, layer), ""},
		{"by its type, with an empty configuration", manifest(emptyType, Type, layer), ""},
		{"an image", manifest("application/vnd.oci.image.config.v1+json", "", layer), "no seccomp profile but of type"},
		{"an image that says to be a profile", manifest("application/vnd.oci.image.config.v1+json", Type, layer), "no seccomp profile but of type"},
		{"two types", manifest(Type, "application/vnd.cncf.apparmor-profile.config.v1+json", layer), "two types"},
		{"no layer", manifest(Type, "", ""), "it has 0 layers"},
		{"two layers", manifest(Type, "", layer+","+layer), "it has 2 layers"},
		{"a layer too long", manifest(Type, "", strings.Replace(layer, "98", "1048577", 1)), "1048577 bytes long"},
		{"a layer of negative length", manifest(Type, "", strings.Replace(layer, "98", "-1", 1)), "-1 bytes long"},
		{"a digest that is a path", manifest(Type, "", strings.Replace(layer, digest, "sha256:../../x", 1)), "digest"},
		{"cut short", manifest(Type, "", layer)[:40], "unexpected end"},
	} {
		l, err := LayerOf([]byte(c.manifest))
		switch {
		case c.want == "" && (err != nil || string(l.Digest) != digest || l.Size != 98 || !IsProfile([]byte(c.manifest))):
			t.Errorf("%s: got %v, %v", c.name, l, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestReferencesToProfilesAreByDigest(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	for s, want := range map[string]string{
		"oci://registry.example/a/b@" + digest:       "",
		"oci://registry.example/a/b:1@" + digest:     "",
		"oci://registry.example/a/b:1":               "named by its digest",
		"oci://registry.example/a/b":                 "named by its digest",
		"oci://registry.example/a/b@sha256:123":      "64 lower-case",
		"oci://":                                     "empty",
		"registry.example/a/b@" + digest:             "want oci://",
		"oci://https://registry.example/a@" + digest: "image reference",
	} {
		ref, err := ParseReference(s)
		switch {
		case want == "" && (err != nil || Name(ref) != "oci://registry.example/a/b@"+digest):
			t.Errorf("%s: got %s, %v", s, Name(ref), err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %q", s, err, want)
		}
	}
}

func TestWhatTheStoreHasIsCheckedEachTime(t *testing.T) {
	s, err := image.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := New("p.json", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	ref, err := ParseReference("oci://registry.example/p@" + string(image.DigestOf(a.Manifest)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Load(s, ref); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before it is there: %v", err)
	}
	for _, b := range [][]byte{a.Manifest, a.Profile} {
		if _, err := s.AddContent(b); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := Load(s, ref); err != nil || string(b) != source {
		t.Errorf("got %q, %v", b, err)
	}
	for _, b := range [][]byte{a.Profile, a.Manifest} {
		path := filepath.Join(s.Dir(), "content", image.DigestOf(b).Hex())
		spoilt := strings.Replace(string(b), "read", "bpf", 1) + " "
		if err := os.WriteFile(path, []byte(spoilt), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(s, ref); err == nil || !strings.Contains(err.Error(), path+": wrong digest") {
			t.Errorf("%s was changed: got %v", path, err)
		}
		// To bring it in again heals it.
		if _, err := s.AddContent(b); err != nil {
			t.Fatal(err)
		}
		if b, err := Load(s, ref); err != nil || string(b) != source {
			t.Errorf("brought in again: got %q, %v", b, err)
		}
	}
}
