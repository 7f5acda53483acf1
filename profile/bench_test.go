package profile

import "testing"

func BenchmarkDefault(b *testing.B) {
	b.SetBytes(int64(len(defaultJSON)))
	b.ReportAllocs()
	for b.Loop() {
		Default()
	}
}
