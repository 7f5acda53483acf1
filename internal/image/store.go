package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/userns"
)

var (
	ErrNotFound  = errors.New("not found")          // no image by that name or ID
	ErrAmbiguous = errors.New("ambiguous image ID") // the prefix of several
	ErrInUse     = errors.New("in use")             // a container runs on it
	ErrDamaged   = errors.New("damaged")            // a file is missing, or not what weir wrote
)

// Store is an open store. It holds no descriptors and no locks, and may be used by several goroutines.
type Store struct {
	dir    string      // absolute, links resolved
	mapped *userns.IDs // whose files are in it, nil for root's
}

// DefaultDir is where the caller's store is: $WEIR_ROOT, or /var/lib/weir for root, or else
// weir in $XDG_DATA_HOME, which is ~/.local/share unless set.
func DefaultDir() (string, error) {
	if dir := os.Getenv("WEIR_ROOT"); dir != "" {
		return dir, nil
	}
	if os.Geteuid() == 0 {
		return "/var/lib/weir", nil
	}
	// The specification has relative paths ignored.
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "weir"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the image store: %w (set WEIR_ROOT to its directory)", err)
	}
	return filepath.Join(home, ".local/share/weir"), nil
}

// The parts of a store, each a directory of mode 0700.
const (
	layersDir  = "layers"
	imagesDir  = "images"
	refsDir    = "refs"
	tmpDir     = "tmp"
	scratchDir = "scratch"

	newFile = "new" // a file on its way to images/ or refs/
)

// Open opens the store at dir, making it if it is not there, and removes what processes that no longer live
// have left in it. A directory that somebody else owns or may write to is an error: who can put files there
// decides what containers run.
func Open(dir string) (*Store, error) {
	s, err := open(dir)
	if err == nil {
		_ = s.sweepScratch(nil)
	}
	return s, err
}

// OpenToRun is Open for a process that is about to run a container: what others have left is removed beside that.
// swept waits for it, but not for all the scratch layers in which nothing is, such as Leave leaves.
func OpenToRun(dir string) (s *Store, swept func(), err error) {
	if s, err = open(dir); err != nil {
		return nil, nil, err
	}
	enough, done := make(chan struct{}), make(chan struct{})
	go func() {
		_ = s.sweepScratch(enough)
		close(done)
	}()
	return s, func() { close(enough); <-done }, nil
}

func open(dir string) (*Store, error) {
	s, err := openParts(dir)
	if err != nil {
		return nil, fmt.Errorf("open image store %s: %w", dir, advise(err))
	}
	// What cannot be removed (something is mounted in it, say) costs disk space and nothing else, and
	// must not keep containers from starting.
	_ = s.sweep(tmpDir, remove)
	s.sweepNew()
	return s, nil
}

func openParts(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return nil, &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	if int(st.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("it belongs to user %d, not to you (user %d); name another one with WEIR_ROOT", st.Uid, os.Geteuid())
	}
	if st.Mode&0o022 != 0 {
		return nil, fmt.Errorf("others may write to it (mode %04o); chmod go-w it or name another one with WEIR_ROOT", st.Mode&0o7777)
	}
	s := &Store{dir: dir}
	for _, part := range []string{layersDir, imagesDir, refsDir, tmpDir, scratchDir} {
		if err := os.Mkdir(s.path(part), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
	}
	if err := s.checkIDs(); err != nil {
		return nil, err
	}
	return s, nil
}

// sweepNew removes the file that a dead process was about to put into its place. While the lock is held,
// it is a living one's.
func (s *Store) sweepNew() {
	if _, err := os.Lstat(s.path(newFile)); err != nil {
		return
	}
	lock, err := openLocked(s.path(imagesDir), unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return
	}
	defer lock.Close()
	_ = os.Remove(s.path(newFile))
}

// advise adds what to do about a file system that takes nothing more.
func advise(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return fmt.Errorf("%w; `weir prune` and `weir rmi` make room", err)
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("%w; mount it read-write, or name another store with WEIR_ROOT", err)
	}
	return err
}

// Dir is the store's directory.
func (s *Store) Dir() string { return s.dir }

func (s *Store) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// lock waits for the right to change images/, refs/ and which layers there are.
func (s *Store) lock() (unlock func(), err error) {
	f, err := openLocked(s.path(imagesDir), unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	return func() { f.Close() }, nil
}

// flock locks f; the lock ends when f is closed. With LOCK_NB, EWOULDBLOCK says that another one has it.
func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
		return nil
	}
}

// isAt tells whether path still names the file f, which may have been removed or moved while its lock
// was waited for.
func isAt(f *os.File, path string) bool {
	var a, b unix.Stat_t
	return unix.Fstat(int(f.Fd()), &a) == nil && unix.Lstat(path, &b) == nil && a.Dev == b.Dev && a.Ino == b.Ino
}

// writeFile makes the file path with these bytes, whole or not at all, also if the machine loses power.
// The caller holds the lock, so one name serves all files on their way.
func (s *Store) writeFile(path string, data []byte) error {
	f, err := os.OpenFile(s.path(newFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
