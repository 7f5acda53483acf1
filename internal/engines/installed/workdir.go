//go:build linux

package installed

import (
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

const dirPrefix = "weir-ask-"

// workDir makes a directory for one container, whose id is its name. It is locked
// as long as this process lives: what is not has lost its owner.
func workDir(engine string) (dir string, unlock func(), err error) {
	sweep(engine)
	if dir, err = os.MkdirTemp("", dirPrefix); err != nil {
		return "", nil, err
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err == nil {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "engine"), []byte(engine), 0o600)
	}
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, err
	}
	return dir, func() { lock.Close() }, nil
}

// sweep removes containers that a killed weir has left behind with the engine.
func sweep(engine string) {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*"))
	for _, dir := range dirs {
		// Anybody can make a directory of that name.
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 || info.Sys().(*syscall.Stat_t).Uid != uint32(os.Geteuid()) {
			continue
		}
		lock, err := os.Open(filepath.Join(dir, "lock"))
		if err != nil {
			continue
		}
		made, err := os.ReadFile(filepath.Join(dir, "engine"))
		if err == nil && string(made) == engine && unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			container{engine: engine, dir: dir}.remove()
		}
		lock.Close()
	}
}
