//go:build !amd64 && !arm64

package first

// Exists tells whether there is the program for this processor.
const Exists = false

// ELF returns nothing.
func ELF() []byte { return nil }
