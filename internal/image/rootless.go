package image

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image/layer"
	"github.com/weir-dev/weir/internal/userns"
)

// idsFile has the ids of a plain user's store.
const idsFile = "ids"

// checkIDs keeps a store to whom its files are of: to those ids, and to an overlay in a user namespace or to one of
// root's, which read different marks. With others in their place, a container would have other files.
func (s *Store) checkIDs() error {
	theirs, err := os.ReadFile(s.path(idsFile))
	known := err == nil
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case !userns.Needed():
		if known {
			return errors.New("it was made in a user namespace, and its layers are read differently there; name another one with WEIR_ROOT")
		}
		return nil
	}
	if s.mapped, err = userns.Mine(); err != nil {
		return err
	}
	mine, err := json.Marshal(s.mapped)
	if err != nil || bytes.Equal(theirs, mine) {
		return err
	}
	if known {
		err = s.checkBefore(theirs)
	} else if layers, _ := os.ReadDir(s.path(layersDir)); len(layers) > 0 {
		err = errors.New("it was made by root, and its layers are read differently in a user namespace; name another one with WEIR_ROOT")
	}
	if err != nil {
		return err
	}
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	return s.writeFile(s.path(idsFile), mine)
}

// checkBefore refuses ids with which the files that are there would be somebody else's.
func (s *Store) checkBefore(theirs []byte) error {
	var before userns.IDs
	if err := json.Unmarshal(theirs, &before); err != nil {
		return fmt.Errorf("%s: %w", s.path(idsFile), err)
	}
	if !s.mapped.Cover(&before) {
		return fmt.Errorf("its files have ids that you could map (%v) and cannot now (%v): give them back in /etc/subuid and /etc/subgid, or have root remove the store", &before, s.mapped)
	}
	return nil
}

// Owner tells which ids files of this machine have in a container, nil if that is those that they have.
func (s *Store) Owner() func(uid, gid uint32) (uint32, uint32) {
	if s.mapped == nil {
		return nil
	}
	return s.mapped.Inside
}

// givenFile is in a layer that was unpacked where one id was mapped, and has files of others.
const givenFile = "given"

func markGivenAway(dir string, r layer.Result) error {
	if r.Owners == 0 {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, givenFile), strconv.AppendInt(nil, int64(r.Owners), 10), 0o600)
}

// checkOwners refuses an image that was unpacked when one id was mapped, now that there are more: in its
// containers everything would be root's.
func (s *Store) checkOwners(name string, diffIDs []Digest) error {
	if s.mapped == nil || s.mapped.One() {
		return nil
	}
	for _, id := range diffIDs {
		if _, err := os.Lstat(s.layerPath(id, givenFile)); err == nil {
			return fmt.Errorf("image %s: it was unpacked when you could map no id but your own, and all its files were given to root: remove it by weir rmi, with all images that share its layers, and fetch it again", name)
		}
	}
	return nil
}

// HelperName is what a program calls itself when it starts itself again to unpack or remove files of other ids. Its
// main then calls Helper, and exits with what that returns.
const HelperName = "weir-layers"

// Helper is the process in the user namespace. Its arguments are an operation and a directory. It returns the exit
// code: the errno that an error wraps, or that the stream was cut short, which is all that gets back of it beside the
// text.
func Helper(args []string) int {
	err := help(args)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	var errno unix.Errno
	switch {
	case errors.As(err, &errno) && errno < cutShort:
		return int(errno)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return cutShort
	}
	return noErrno
}

// The exit codes above all errnos.
const (
	cutShort = 254 // io.ErrUnexpectedEOF
	noErrno  = 255
)

// helperError is an error of a helper.
type helperError struct {
	said  string
	cause error
}

func (e *helperError) Error() string { return e.said }
func (e *helperError) Unwrap() error { return e.cause }

func help(args []string) error {
	if len(args) != 2 {
		return errors.New("weir starts this program, and nobody else")
	}
	if err := userns.Await(); err != nil {
		return err
	}
	switch dir := args[1]; args[0] {
	case "nothing":
		return nil
	case "remove":
		return removePatiently(dir)
	case unpackOp(layer.UserNS), unpackOp(layer.OneID):
		as := layer.UserNS
		if args[0] == unpackOp(layer.OneID) {
			as = layer.OneID
		}
		result, err := layer.Unpack(dir, os.Stdin, as)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(result)
	}
	return fmt.Errorf("unknown operation %q", args[0])
}

func unpackOp(as layer.Privilege) string { return "unpack-" + strconv.Itoa(int(as)) }

// Unpack unpacks a layer's tar into dir, with as much of its owners as the store can keep.
func (s *Store) Unpack(dir string, r io.Reader) (layer.Result, error) {
	if s.mapped == nil {
		return layer.Unpack(dir, r, layer.Root)
	}
	as := layer.UserNS
	if s.mapped.One() {
		as = layer.OneID
	}
	var out bytes.Buffer
	source := &source{r: r}
	err := runHelper(s.mapped, source, &out, unpackOp(as), dir)
	if source.err != nil { // the helper has seen nothing of it but an end
		err = source.err
	}
	var result layer.Result
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &result)
	}
	return result, err
}

// source keeps why reading ended before the end.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// remove removes the tree at path. What a plain user's containers have left may be other ids'.
func remove(path string) error {
	if !userns.Needed() {
		return layer.Remove(path)
	}
	err := removePatiently(path)
	if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EPERM) {
		return err
	}
	ids, err := userns.Mine()
	if err != nil {
		return err
	}
	return runHelper(ids, nil, nil, "remove", path)
}

// removePatiently removes a tree in which a helper may still be at work whose parent was killed: it gets a
// signal for that, and is about to end.
func removePatiently(path string) error {
	err := layer.Remove(path)
	for tries := 0; errors.Is(err, unix.ENOTEMPTY) && tries < 100; tries++ {
		time.Sleep(time.Millisecond)
		err = layer.Remove(path)
	}
	return err
}

// TryHelper starts a helper that has nothing to do, and tells why there is none.
func TryHelper(ids *userns.IDs) error { return runHelper(ids, nil, nil, "nothing", "") }

func runHelper(ids *userns.IDs, stdin io.Reader, stdout io.Writer, args ...string) error {
	var said bytes.Buffer
	err := ids.Run(HelperName, args, stdin, stdout, &said)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || said.Len() == 0 {
		return err
	}
	switch code := exit.ExitCode(); {
	case code == cutShort:
		err = io.ErrUnexpectedEOF
	case code > 0 && code < cutShort:
		err = unix.Errno(code)
	}
	return &helperError{strings.TrimSpace(said.String()), err}
}
