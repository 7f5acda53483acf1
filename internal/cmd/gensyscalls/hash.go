package main

// hash spreads names over 64 bits. It reads the length and at most eight bytes
// at either end and in the middle, in which no two system calls agree: the
// generator makes sure.
func hash(s string) uint64 {
	n := len(s)
	var a, b uint64
	switch {
	case n >= 8:
		a, b = load64(s), load64(s[n-8:])+load64(s[n/2-4:])<<1
	case n >= 4:
		a, b = load32(s), load32(s[n-4:])
	case n > 0:
		a, b = uint64(s[0]), uint64(s[n-1])<<8|uint64(s[n/2])
	}
	h := (a ^ uint64(n)) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32 ^ b) * 0xbf58476d1ce4e5b9
	return h ^ h>>29
}

func load64(s string) uint64 {
	return load32(s) | load32(s[4:8])<<32
}

func load32(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

// The names lie in a perfect hash table: the low bits of the hash choose a
// bucket, whose multiplier sends its few names to slots that no other has.
const (
	buckets  = 256
	slotBits = 10
)

func slot(h uint64, multiplier uint8) uint64 {
	return h * (2*uint64(multiplier) + 1) >> (64 - slotBits)
}
