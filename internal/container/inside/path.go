//go:build linux

package inside

import (
	"errors"
	"strings"

	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// resolveInside keeps a path within the container's root at every step, and off
// the links of /proc, which lead to whatever a descriptor stands for.
const resolveInside = unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS

// maxLinks is how many dangling links in a row are followed, as in the kernel.
const maxLinks = 40

// open opens a path of the container.
func (r *Root) open(path string, flags, resolve uint64) (int, error) {
	how := unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: resolveInside | resolve}
	for {
		fd, err := unix.Openat2(r.fd, path, &how)
		if err != unix.EAGAIN && err != unix.EINTR { // EAGAIN: a rename elsewhere raced with a ".."
			return fd, err
		}
	}
}

// create opens a path of the container as O_PATH. What is missing of it is made:
// directories, and at its end a directory or an empty file.
func (r *Root) create(path string, dir bool, resolve uint64) (int, error) {
	return r.createAt(path, dir, resolve, 0)
}

func (r *Root) createAt(path string, dir bool, resolve uint64, links int) (int, error) {
	fd, err := r.open(path, unix.O_PATH, resolve)
	if err != unix.ENOENT {
		return fd, err
	}
	if links > maxLinks {
		return -1, unix.ELOOP
	}
	parentPath, name := split(path)
	if name == ".." {
		return -1, unix.ENOENT
	}
	parent, err := r.createAt(parentPath, true, resolve, links)
	if err != nil {
		return -1, err
	}
	defer unix.Close(parent)
	var fs unix.Statfs_t
	if err := unix.Fstatfs(parent, &fs); err != nil {
		return -1, err
	}
	if fs.Type == unix.PROC_SUPER_MAGIC {
		return -1, errInProc // nothing is made there, and what appears is not to be followed
	}
	if dir {
		err = unix.Mkdirat(parent, name, 0o755)
	} else {
		err = unix.Mknodat(parent, name, unix.S_IFREG|0o644, 0)
	}
	if err == unix.EEXIST {
		// A link to what does not exist, yet. It is resolved as any link is:
		// from the directory that it lies in, or from the root.
		var target string
		if target, err = readLink(parent, name); err != nil {
			return -1, err
		}
		if !strings.HasPrefix(target, "/") {
			target = parentPath + "/" + target
		}
		return r.createAt(target, dir, resolve, links+1)
	}
	if err != nil {
		return -1, Doing("make "+path, err)
	}
	return unix.Openat(parent, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

var errInProc = errors.New("no such file or directory in /proc")

// split cuts a path before its last element.
func split(path string) (dir, name string) {
	path = strings.TrimRight(path, "/")
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "/", path
	}
	return path[:i+1], path[i+1:]
}

func readLink(dir int, name string) (string, error) {
	b := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dir, name, b)
	if err != nil {
		return "", err
	}
	return string(b[:n]), nil
}

// makeCwd makes what is missing of the working directory, as Docker does, while
// the root can be written.
func (r *Root) makeCwd(path string) error {
	fd, err := r.create(path, true, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// enterCwd adds what makes the plan's working directory the process's, once everything
// is masked: it would stay a way to what lies beneath.
func (r *Root) enterCwd(s *thread.Script) {
	what := "enter the working directory " + r.plan.Cwd
	fd := open(s, what, r.plan.Cwd, unix.O_PATH|unix.O_DIRECTORY, 0)
	s.Call(what, unix.SYS_FCHDIR).From(fd)
	s.Call(what, unix.SYS_CLOSE).From(fd)
}
