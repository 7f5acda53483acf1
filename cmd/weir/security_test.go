package main

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/sys"
	"github.com/weir-dev/weir/seccomp"
)

func TestTheFlagsOfTheFilterAreTheProfilesUnlessSpecAllowIsGiven(t *testing.T) {
	dir := t.TempDir()
	write := func(name, flags string) string {
		path := filepath.Join(dir, name)
		text := `{"defaultAction": "SCMP_ACT_ALLOW"` + flags + `}`
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	silent, none := write("silent", ""), write("none", `, "flags": []`)
	logs := write("log", `, "flags": ["SECCOMP_FILTER_FLAG_LOG"]`)
	for _, c := range []struct {
		profile string
		options []string
		want    seccomp.Flag
	}{
		{silent, nil, seccomp.FlagSpecAllow},
		{silent, []string{"spec-allow=false"}, 0},
		{none, nil, 0},
		{none, []string{"spec-allow"}, seccomp.FlagSpecAllow},
		{logs, nil, seccomp.FlagLog},
		{logs, []string{"spec-allow"}, seccomp.FlagLog | seccomp.FlagSpecAllow},
		{logs, []string{"spec-allow=false"}, seccomp.FlagLog},
	} {
		f := securityFlags{options: append(c.options, "seccomp="+c.profile), read: readFlags{as: "docker"}}
		confining, err := f.begin(&container.Spec{}, &cobra.Command{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := confining.wait()
		if err != nil {
			t.Fatal(err)
		}
		if got.Flags != c.want {
			t.Errorf("%s %v: %v, want %v", filepath.Base(c.profile), c.options, got.Flags, c.want)
		}
	}
}

func TestWhatIsUnloadedIsStillThere(t *testing.T) {
	before := sha256.Sum256(weirInit)
	sys.Unload(weirInit)
	if sha256.Sum256(weirInit) != before {
		t.Error("the embedded weir-init has changed")
	}
}
