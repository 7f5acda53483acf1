package transfer

import (
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/weir-dev/weir/internal/artifact"
	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/registry"
)

const profileSource = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}` + "\n"

func TestAPushedProfileIsTheSameForEverybody(t *testing.T) {
	r := newRegistry(t)
	a, err := artifact.New("p.json", []byte(profileSource))
	if err != nil {
		t.Fatal(err)
	}
	ref := parse(t, r.host+"/profiles/p:1")
	want := image.DigestOf(a.Manifest)
	for range 2 { // the second time all of it is there
		if d, err := Push(t.Context(), a, ref, registry.Options{}); err != nil || d != want {
			t.Fatalf("got %s, %v; want %s", d, err, want)
		}
	}
	byDigest := parse(t, r.host+"/profiles/p@"+string(want))
	for _, ref := range []image.Reference{ref, byDigest} {
		s := newStore(t)
		p, err := Pull(t.Context(), s, ref, Options{OnlyProfile: true})
		if err != nil || p.Profile != want || p.ID != "" {
			t.Fatalf("%s: got %+v, %v", ref, p, err)
		}
		if src, err := artifact.Load(s, byDigest); err != nil || string(src) != profileSource {
			t.Errorf("%s: got %q, %v", ref, src, err)
		}
		checkStore(t, s)
	}

	t.Run("skopeo copies it, and it keeps its digest", func(t *testing.T) {
		need(t, "skopeo")
		to := r.host + "/copied/p:2"
		out, err := exec.Command("skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://"+ref.String(), "docker://"+to).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if p, err := Pull(t.Context(), newStore(t), parse(t, to), Options{}); err != nil || p.Profile != want {
			t.Errorf("got %+v, %v", p, err)
		}
	})
	t.Run("a digest that is another profile's cannot be pushed to", func(t *testing.T) {
		other := parse(t, r.host+"/profiles/p@sha256:"+strings.Repeat("0", 64))
		if _, err := Push(t.Context(), a, other, registry.Options{}); err == nil || !strings.Contains(err.Error(), "the profile's digest is "+string(want)) {
			t.Errorf("got %v", err)
		}
	})
}

// What ORAS and older tools push: another layer type, an empty configuration with the type beside it.
func TestProfilesOfOtherMakersArePulled(t *testing.T) {
	r := newRegistry(t)
	for name, config := range map[string]string{"typed": artifact.Type, "empty": "application/vnd.oci.empty.v1+json"} {
		ref := parse(t, r.host+"/other/"+name+":1")
		putArtifact(t, ref, config, "application/vnd.oci.image.layer.v1.tar", profileSource)
		s := newStore(t)
		p, err := Pull(t.Context(), s, ref, Options{})
		if err != nil {
			t.Fatal(err)
		}
		ref.Digest = p.Profile
		if src, err := artifact.Load(s, ref); err != nil || string(src) != profileSource {
			t.Errorf("%s: got %q, %v", name, src, err)
		}
	}
}

// putArtifact pushes a manifest of one layer, with nothing of package artifact.
func putArtifact(t *testing.T, ref image.Reference, config, layerType, content string) {
	t.Helper()
	ctx := context.Background()
	repo, err := registry.Open(ctx, ref, registry.Push, registry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	describe := func(mediaType, b string) map[string]any {
		if err := repo.PutBlob(ctx, []byte(b)); err != nil {
			t.Fatal(err)
		}
		return map[string]any{"mediaType": mediaType, "digest": image.DigestOf([]byte(b)), "size": len(b)}
	}
	m, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "artifactType": artifact.Type,
		"config": describe(config, "{}"), "layers": []any{describe(layerType, content)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.PutManifest(ctx, ref.Tag, types.OCIManifestSchema1, m); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNoProfileIsNotTakenForOne(t *testing.T) {
	r := newRegistry(t)
	plain := static.NewLayer([]byte(profileSource), types.OCILayer)
	for _, c := range []struct {
		name, want string
		push       func(ref image.Reference)
	}{
		{"an image", "it is an image, not a profile", func(ref image.Reference) {
			r.push(t, ref.Path+":"+ref.Tag, imageOf(t, DefaultPlatform(), layerOf(t, tarOf(t, "f", ""), compression.GZip)))
		}},
		{"an image of a profile", "it is an image, not a profile", func(ref image.Reference) {
			r.push(t, ref.Path+":"+ref.Tag, imageOf(t, DefaultPlatform(), plain))
		}},
		{"a layer that is an archive", "the profile is no JSON document", func(ref image.Reference) {
			putArtifact(t, ref, artifact.Type, "application/vnd.oci.image.layer.v1.tar", string(tarOf(t, "profile.json", profileSource)))
		}},
		{"a layer too long", "1048577 bytes long", func(ref image.Reference) {
			putArtifact(t, ref, artifact.Type, "application/json", strings.Repeat(" ", 1<<20+1))
		}},
	} {
		ref := parse(t, r.host+"/no/"+strings.ReplaceAll(c.name, " ", "-")+":1")
		c.push(ref)
		s := newStore(t)
		p, err := Pull(t.Context(), s, ref, Options{OnlyProfile: true})
		if err == nil || !strings.Contains(err.Error(), c.want) || p != (Pulled{}) {
			t.Errorf("%s: got %+v, %v; want %q", c.name, p, err, c.want)
		}
		checkStore(t, s)
	}
}
