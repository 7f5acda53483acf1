package profile_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

// withoutPlaces clears what differs between two files of the same meaning.
func withoutPlaces(p *profile.Profile) profile.Profile {
	clearNames := func(names []profile.Name) (out []profile.Name) {
		for _, n := range names {
			out = append(out, profile.Name{Text: n.Text})
		}
		return out
	}
	clearArchs := func(refs []profile.ArchRef) (out []profile.ArchRef) {
		for _, r := range refs {
			out = append(out, profile.ArchRef{Arch: r.Arch})
		}
		return out
	}
	q := profile.Profile{
		Default: p.Default, Architectures: clearArchs(p.Architectures), Flags: p.Flags, FlagsSet: p.FlagsSet,
		ListenerPath: p.ListenerPath, ListenerMetadata: p.ListenerMetadata, Extends: clearNames(p.Extends),
	}
	for _, e := range p.ArchMap {
		q.ArchMap = append(q.ArchMap, profile.ArchMapEntry{Arch: profile.ArchRef{Arch: e.Arch.Arch}, Sub: clearArchs(e.Sub)})
	}
	for _, r := range p.Rules {
		r.Pos, r.Names = 0, clearNames(r.Names)
		var args []profile.Arg
		for _, a := range r.Args {
			a.Pos = 0
			if a.Named != nil {
				named := *a.Named
				named.Value.Pos, named.ValueTwo.Pos = 0, 0
				a.Named = &named
			}
			args = append(args, a)
		}
		r.Args = args
		for _, f := range []*profile.Filter{&r.Includes, &r.Excludes} {
			f.UnknownCaps, f.Arches = clearNames(f.UnknownCaps), clearNames(f.Arches)
		}
		q.Rules = append(q.Rules, r)
	}
	return q
}

// wantSame writes a profile, reads that, and compares.
func wantSame(t *testing.T, p *profile.Profile, o profile.Options) {
	t.Helper()
	text := p.Marshal()
	again, err := profile.Parse("marshalled", text, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if got, want := withoutPlaces(again), withoutPlaces(p); !reflect.DeepEqual(got, want) {
		t.Fatalf("%s\nis read as\n%+v\nwant\n%+v", text, got, want)
	}
	if !bytes.Equal(text, again.Marshal()) {
		t.Fatalf("the second writing differs from\n%s", text)
	}
}

func TestMarshalLosesNothing(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no profiles: %v", err)
	}
	for _, file := range files {
		src, err := profile.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.Parse(file, src, profile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, p, profile.Options{})
	}
}

func TestMarshalOfTheDefaultIsDockersFile(t *testing.T) {
	p := profile.Default()
	want := strings.ReplaceAll(p.Source(), `"subArchitectures": null`, `"subArchitectures": []`)
	if got := string(p.Marshal()); got != want {
		t.Errorf("got\n%s", got)
	}
	wantSame(t, p, profile.Options{})
}

// What an OCI runtime reads has no conditions left, and means the same to weir.
func TestMarshalOCI(t *testing.T) {
	src, err := os.ReadFile("testdata/every-key.json")
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Parse("p", src, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	facts := seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}
	const golden = "testdata/every-key.oci.json"
	got := p.MarshalOCI(facts)
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	wantNotes(t, string(got), profile.Options{Dialect: profile.OCI}, "")
}
