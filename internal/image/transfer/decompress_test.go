package transfer

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// A frame of zstd says at its start how much memory its reader needs: RFC 8878, 3.1.1.1.2.
func TestAFrameThatAsksForTooMuchMemoryIsRefused(t *testing.T) {
	frame := func(exponent byte) string {
		const empty = "\x01\x00\x00" // the last block, of nothing
		return "\x28\xb5\x2f\xfd\x00" + string([]byte{exponent << 3}) + empty
	}
	read := func(s string) error {
		r, err := decompress(strings.NewReader(s))
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	}
	if err := read(frame(17)); err != nil {
		t.Errorf("128 MiB: %v", err)
	}
	if err := read(frame(18)); !errors.Is(err, zstd.ErrWindowSizeExceeded) {
		t.Errorf("256 MiB: got %v", err)
	}
}
