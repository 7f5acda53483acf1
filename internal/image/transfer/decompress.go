package transfer

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// zstdWindow bounds the memory that a zstd frame may ask for: 128 MiB is what zstd -d itself allows.
const zstdWindow = 128 << 20

// What a stream is compressed with is seen by its first bytes, not by what its media type says: Docker's
// archives say nothing.
type format int

const (
	plain format = iota
	gzipped
	zstandard
	bzipped
	xz
)

// magicLen is how many bytes detect wants to see.
const magicLen = 6

func detect(magic []byte) format {
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b\x08")):
		return gzipped
	case bytes.HasPrefix(magic, []byte("\x28\xb5\x2f\xfd")),
		len(magic) >= 4 && magic[0]&0xf0 == 0x50 && string(magic[1:4]) == "\x2a\x4d\x18": // a frame to skip, RFC 8878 3.1.2
		return zstandard
	case bytes.HasPrefix(magic, []byte("BZh")):
		return bzipped
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ\x00")):
		return xz
	}
	return plain
}

// decompress gives the plain bytes of r. The result must be closed; r is not.
func decompress(r io.Reader) (io.ReadCloser, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	magic, err := b.Peek(magicLen)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch detect(magic) {
	case gzipped:
		return gzip.NewReader(b)
	case zstandard:
		z, err := zstd.NewReader(b, zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case bzipped:
		return io.NopCloser(bzip2.NewReader(b)), nil
	case xz:
		return nil, errors.New("it is compressed with xz, which weir does not read; decompress it with xz -d first")
	}
	return io.NopCloser(b), nil
}

// readAhead runs r in a goroutine of its own, a few buffers ahead of the reader, so that decompressing and
// writing files go on at the same time. close ends the goroutine and waits for it.
func readAhead(r io.Reader) (ahead io.Reader, close func()) {
	pr, pw := io.Pipe()
	done := make(chan struct{})
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{pw}, struct{ io.Reader }{r}, make([]byte, 256<<10))
		pw.CloseWithError(err)
		done <- struct{}{}
	}()
	return bufio.NewReaderSize(pr, 256<<10), func() {
		pr.Close()
		<-done
	}
}

// explain says what io.ErrUnexpectedEOF means where a stream is what ended.
func explain(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it is cut short: %w", err)
	}
	return err
}
