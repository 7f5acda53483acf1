package profile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// MaxSize is the largest document that is read, in bytes. A program has at most
// 4096 instructions, so a profile that can be loaded is far smaller.
const MaxSize = 8 << 20

const tooLarge = "the document is larger than 8 MiB"

// ReadFile returns the text of a profile for [Parse]. A file larger than
// [MaxSize] is an error, and is not read to its end.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, readError(path, err)
	}
	defer f.Close()
	return Read(f, path)
}

// Read is [ReadFile] for what is open already, such as standard input. The name
// is for messages.
func Read(r io.Reader, name string) ([]byte, error) {
	src, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, readError(name, err)
	}
	if len(src) > MaxSize {
		return nil, readError(name, errors.New(tooLarge))
	}
	return src, nil
}

// readError names the file once.
func readError(name string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return fmt.Errorf("read profile %s: %w", name, err)
}
