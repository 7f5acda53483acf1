package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Digest is the name of some bytes by their SHA-256: "sha256:" and 64 lower-case hex digits. A Digest made by
// ParseDigest or DigestOf is safe as part of a path.
type Digest string

const digestPrefix = "sha256:"

// ParseDigest checks s. SHA-256 is the one algorithm that image IDs and diff IDs have in practice.
func ParseDigest(s string) (Digest, error) {
	digits, ok := strings.CutPrefix(s, digestPrefix)
	if !ok || len(digits) != 64 || !isHex(digits) {
		return "", fmt.Errorf("digest %q: want sha256: and 64 lower-case hexadecimal digits", s)
	}
	return Digest(s), nil
}

// DigestOf computes the digest of b.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest(digestPrefix + hex.EncodeToString(sum[:]))
}

// Hex is the digest without its algorithm.
func (d Digest) Hex() string { return strings.TrimPrefix(string(d), digestPrefix) }

// Short is how people see an ID: the first twelve digits.
func (d Digest) Short() string { return d.Hex()[:min(12, len(d.Hex()))] }

// isHex holds for lower-case hexadecimal digits only.
func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
