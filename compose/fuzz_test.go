package compose_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
)

// Whatever two files hold, of which the one may extend the other: there is a
// profile with a meaning, or a problem with a place. Written again, the first
// file is the same.
func FuzzParse(f *testing.F) {
	ref := "oci://x@sha256:" + strings.Repeat("0", 64)
	for _, src := range []string{
		doc(ref, "ERRNO", "read,@pkey ALLOW", `clone ERRNO 0 MASKED_EQ "CLONE_NEWUSER" "CLONE_NEWUSER"`),
		doc(ref+",builtin", "KILL", `mmap ALLOW 3 EQ "~MAP_32BIT"`),
		doc("b.json", "ERRNO", `socket ALLOW 0 NE "AF_ALG|1<<3"`),
		doc("", "ALLOW", "@mount ERRNO:5"),
	} {
		f.Add(src, doc("builtin", "ERRNO", `personality ALLOW 0 EQ "ADDR_NO_RANDOMIZE"`))
		f.Add(src, doc("", "ALLOW", "@debug ERRNO"))
		f.Add(src, doc(ref, "ERRNO", "read ALLOW"))
	}
	if err := os.Chdir(f.TempDir()); err != nil { // where there are no files to find
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src, below string) {
		for _, lenient := range []bool{false, true} {
			o := compose.Options{
				Options:  profile.Options{Lenient: lenient},
				Artifact: func(string) ([]byte, error) { return []byte(below), nil },
			}
			p, err := compose.Parse("a.json", []byte(src), o)
			if err != nil {
				var e *profile.Error
				if !errors.As(err, &e) || len(e.Problems) == 0 || len(e.Problems) > 20 {
					t.Fatalf("not an error of a profile: %v", err)
				}
				for _, problem := range e.Problems {
					if problem.Pos.Line == 0 || problem.Msg == "" {
						t.Fatalf("a problem without a place or a message: %+v", problem)
					}
				}
				continue
			}
			if p.Pending() {
				t.Fatal("there is something left to look up")
			}
			policy.Resolve(p, amd64, policy.Options{Lenient: lenient})
			again, err := compose.Parse("a.json", p.Marshal(), o)
			if err != nil {
				t.Fatalf("written again: %v\n%s", err, p.Marshal())
			}
			if string(again.Marshal()) != string(p.Marshal()) {
				t.Fatalf("%s\nbecomes\n%s", p.Marshal(), again.Marshal())
			}
		}
	})
}
