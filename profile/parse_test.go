package profile_test

import (
	"testing"

	"github.com/weir-dev/weir/profile"
)

func BenchmarkParse(b *testing.B) {
	src := []byte(profile.Default().Source())
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := profile.Parse("default.json", src, profile.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Parsing is on the way of every container's start.
func TestParseAllocatesLittle(t *testing.T) {
	src := []byte(profile.Default().Source())
	n := testing.AllocsPerRun(10, func() { profile.Parse("default.json", src, profile.Options{}) })
	if n > 30 {
		t.Errorf("%.0f allocations for the default profile", n)
	}
}
