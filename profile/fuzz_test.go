package profile_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// seed adds documents that between them have every key.
func seed(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no profiles: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	for _, src := range []string{
		`{}`, `[[[`, `{"defaultAction": "SCMP_ACT_KILL", "x": [1.5e-3, {"y": null}, true, "\u00e9\ud83d\ude00"]}`,
		top(`"extends": ["builtin", "b.json"], "syscalls": [{"names": ["@pkey"], "action": "SCMP_ACT_ALLOW"}]`),
		allow(`"args": [{"index": 0, "value": "AF_ALG|1<<3", "valueTwo": "X", "op": "SCMP_CMP_MASKED_EQ"}]`),
		top(`"archMap": [{"x": {"y": [}}]`), top(`"syscalls": [{"names": ["read"], "action": "SCMP_ACT_TRACE", "errno": "12"}]`),
		allow(`"NAMES": ["x"], "errnoRet": 99999, "excludes": {"caps": ["SYS_ADMIN", "CAP_X"], "arches": ["x86_64"], "minKernel": ""}`),
		allow(`"args": [{"index": 0, "value": 0, "op": "SCMP_CMP_MASKED_EQ"}, {"index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_GE"}]`),
	} {
		f.Add(src)
	}
}

// Whatever bytes come: no panic, every problem has a place, and what is accepted
// is JSON that loses nothing when it is written again.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src string) {
		for _, o := range []profile.Options{{}, {Lenient: true}, {Dialect: profile.OCI}} {
			p, err := profile.Parse("p", []byte(src), o)
			if err != nil {
				problems := err.(*profile.Error).Problems
				if len(problems) == 0 || len(problems) > 20 {
					t.Fatalf("%d problems", len(problems))
				}
				for _, problem := range problems {
					if problem.Pos.Line == 0 || problem.Msg == "" {
						t.Fatalf("a problem without a place or a message: %+v", problem)
					}
				}
				continue
			}
			if !json.Valid([]byte(src)) {
				t.Fatal("encoding/json does not read this, weir does")
			}
			wantSame(t, p, profile.Options{Lenient: o.Lenient})
			if !p.Plain() {
				continue
			}
			facts := seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 18}, Caps: seccomp.DefaultCaps}
			plain := p.MarshalOCI(facts)
			if _, err := profile.Parse("oci", plain, profile.Options{Dialect: profile.OCI, Lenient: o.Lenient}); err != nil {
				t.Fatalf("%v\n%s", err, plain)
			}
		}
	})
}
