//go:build linux

package inside

import (
	"bytes"
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// The image's files are hostile, so their size is bounded: what lies beyond is
// an error and not looked at. 100,000 users take up 6 MB.
const maxEtcFile = 16 << 20

var (
	errNotRegular = errors.New("not a regular file")
	errTooLarge   = errors.New("larger than 16 MiB")
)

// scan calls each with the fields of every line of a file in the style of
// /etc/passwd until it returns true, and reports whether it did. A file that is
// missing has no lines.
func (r *Root) scan(path string, each func(fields []string) bool) (bool, error) {
	b, err := r.read(path)
	if err != nil {
		return false, Doing(path, err)
	}
	for line := range bytes.Lines(b) {
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		if each(strings.Split(text, ":")) {
			return true, nil
		}
	}
	return false, nil
}

// read returns a file of the container. To open a FIFO or a device could block
// or do something, so it is looked at first; nothing else runs in here that
// could put another file in its place.
func (r *Root) read(path string) ([]byte, error) {
	fd, err := r.open(path, unix.O_PATH, 0)
	if err == unix.ENOENT {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, errNotRegular
	}
	if st.Size > maxEtcFile {
		return nil, errTooLarge
	}
	f, err := r.open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(f)
	b := make([]byte, st.Size)
	size := 0
	for size < len(b) {
		n, err := unix.Read(f, b[size:])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		size += n
	}
	return b[:size], nil
}
