//go:build linux

package inside

import (
	"errors"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// A Root is the root directory of the container, and what waits to be mounted in it.
type Root struct {
	fd     int
	dir    int // the host's directory that it is, detached; -1 for layers
	mounts []pending
	nodes  []pending // device nodes that are bound below /dev
	plan   *handover.Plan
	user   user
	slave  string // the path of the terminal, if there is one

	// Master and Slave are the terminal, -1 if there is none. They are the caller's, who
	// keeps Slave until the first process has opened the terminal, too: it ends with the
	// last that has.
	Master, Slave int
}

// Close closes the descriptors of the root that are left, the terminal's too.
func (r *Root) Close() {
	for _, fd := range []*int{&r.fd, &r.dir, &r.Master, &r.Slave} {
		closeFd(fd)
	}
	for _, list := range []*[]pending{&r.mounts, &r.nodes} {
		for m, ok := next(list); ok; m, ok = next(list) {
			closeFd(&m.fd)
		}
	}
}

// closeFd closes a descriptor that its owner has no more then.
func closeFd(fd *int) {
	if *fd >= 0 {
		unix.Close(*fd)
		*fd = -1
	}
}

// next takes the first of a list.
func next(list *[]pending) (m pending, ok bool) {
	if len(*list) == 0 {
		return m, false
	}
	m, *list = (*list)[0], (*list)[1:]
	return m, true
}

// A pending mount is detached: it was made, or taken from the host, while the host
// could still be reached. In a user namespace not even a new /proc can be made once
// the host's is out of sight.
type pending struct {
	handover.Mount
	fd int
}

// enter mounts the container's root file system, takes what the plan binds
// from the host, makes that file system the root and lets go of the host's.
//
// All of it happens on a memory file system over the host's root directory, where
// only descriptors reach it, in a mount namespace that passes nothing on: not one
// path of the host is covered, and nothing outlives the container. What is bound of
// the host is taken before, or that of "/" would have the memory file system over it.
func (r *Root) enter(proc func() (int, error)) error {
	p := r.plan
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return Doing("make the mounts private", err)
	}
	if err := r.takeBinds(p); err != nil {
		return err
	}
	staging, err := newMount("tmpfs", "weir", 0, []string{"mode=0700"})
	if err != nil {
		return Doing("mount a memory file system", err)
	}
	defer unix.Close(staging)
	if err := attach(staging, unix.AT_FDCWD, "/"); err != nil {
		return Doing("mount a memory file system", err)
	}
	if err := unix.Fchdir(staging); err != nil {
		return Doing("enter the memory file system", err)
	}
	if err := unix.Mkdirat(staging, "root", 0o755); err != nil {
		return Doing("make a mount point for the root", err)
	}
	if len(p.Layers) > 0 {
		err = mountLayers(p)
	} else {
		err = r.bindRoot(staging, p.Rootfs)
	}
	if err != nil {
		return err
	}
	if err := r.take(staging, p, proc); err != nil {
		return err
	}
	if err := unix.Chdir("root"); err != nil {
		return Doing("enter the new root", err)
	}
	if p.RootAttrs != 0 {
		if err := setAttrs(unix.AT_FDCWD, ".", p.RootAttrs, unix.AT_RECURSIVE); err != nil {
			return Doing("set the options of the root", err)
		}
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return Doing("pivot_root", err)
	}
	if err := LeaveHost(); err != nil {
		return Doing("let go of the host's root", err)
	}
	r.fd, err = unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return Doing("open the new root", err)
}

// LeaveHost unmounts what lies over the calling thread's new root: after pivot_root(".", ".") that
// is the host's root, and over it the memory file system, and whatever else the
// host had mounted over its own. "/.." leads to the top of that pile, where "/"
// does not.
func LeaveHost() error {
	for {
		root, err := mountID("/")
		if err != nil {
			return err
		}
		top, err := mountID("/..")
		if err != nil {
			return err
		}
		if root == top {
			return unix.Chdir("/")
		}
		if err := unix.Unmount("/..", unix.MNT_DETACH); err != nil {
			return err
		}
	}
}

func mountID(path string) (uint64, error) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_MNT_ID, &st); err != nil {
		return 0, err
	}
	return st.Mnt_id, nil
}

// mountLayers mounts the overlay at "root" in the current directory. The layers
// are named by symbolic links there, 0, 1, ...: so neither their number (the
// options must fit in one page) nor their names (a colon) are limited, and the
// container's mountinfo does not tell of the host's paths.
func mountLayers(p *handover.Plan) error {
	var lower strings.Builder
	for i := len(p.Layers) - 1; i >= 0; i-- { // the kernel takes the highest first
		name := strconv.Itoa(i)
		if err := unix.Symlink(p.Layers[i], name); err != nil {
			return Doing("name the layer "+p.Layers[i], err)
		}
		if lower.Len() > 0 {
			lower.WriteByte(':')
		}
		lower.WriteString(name)
	}
	for _, link := range []struct{ name, dir string }{{"upper", p.Upper}, {"work", p.Work}} {
		if err := unix.Symlink(link.dir, link.name); err != nil {
			return Doing("name "+link.dir, err)
		}
	}
	// The upper directory does not outlive the container, so nothing waits for the
	// disk: neither fsync in it nor the end of the mount, which would write out the
	// host's file system.
	options := "lowerdir=" + lower.String() + ",upperdir=upper,workdir=work,volatile"
	if p.UserNS {
		options += ",userxattr" // the others are root's
	}
	err := unix.Mount("overlay", "root", "overlay", 0, options)
	if err != nil {
		if p.UserNS {
			err = errors.New(err.Error() + " (a plain user's images need Linux 5.11 and a file system that keeps extended attributes of users)")
		}
		return Doing("mount "+strconv.Itoa(len(p.Layers))+" layers under "+p.Upper, err)
	}
	return nil
}

// takeBinds takes from the host what the plan binds, and its root directory.
func (r *Root) takeBinds(p *handover.Plan) (err error) {
	if p.Rootfs != "" {
		if r.dir, err = cloneTree(unix.AT_FDCWD, p.Rootfs); err != nil {
			return Doing("take "+p.Rootfs+" as the root", err)
		}
	}
	for _, m := range p.Mounts {
		fd := -1
		if m.Kind == handover.KindBind {
			if fd, err = cloneTree(unix.AT_FDCWD, m.Source); err != nil {
				return Doing("mount "+m.Source+" at "+m.Target, err)
			}
		}
		r.mounts = append(r.mounts, pending{m, fd})
	}
	return nil
}

// bindRoot binds the directory that was taken for it at "root" in staging.
func (r *Root) bindRoot(staging int, name string) error {
	defer closeFd(&r.dir)
	return Doing("take "+name+" as the root", attach(r.dir, staging, "root"))
}

// take makes the plan's other file systems and its devices, for which the host, too,
// must be in sight. The /proc of another process comes last, for that may still be making
// it; but first where the cgroup namespace, which is seen in what is made, comes with it.
func (r *Root) take(staging int, p *handover.Plan, proc func() (int, error)) error {
	made := -1 // until a mount of r.mounts has it
	defer func() { closeFd(&made) }()
	if proc != nil && p.OwnCgroup {
		var err error
		if made, err = proc(); err != nil {
			return err
		}
	}
	var theirs *pending
	for i := range r.mounts {
		m := &r.mounts[i]
		var err error
		switch {
		case m.Kind == handover.KindNew && m.Type == "proc" && proc != nil:
			theirs = m
		case m.Kind == handover.KindNew:
			m.fd, err = newMount(m.Type, m.Source, m.Attrs, m.Options)
		case m.Kind == handover.KindFile:
			_, name := split(m.Target)
			m.fd, err = newFile(staging, name, m.Content)
		}
		if err == unix.EPERM && p.UserNS && m.Kind == handover.KindNew {
			err = errors.New("operation not permitted: in a user namespace the kernel mounts it only where all of the one that is there can be seen, which is not so in most containers")
		}
		if err != nil {
			return Doing("mount "+m.Source+" at "+m.Target, err)
		}
	}
	for _, d := range p.Devices {
		if !d.Bind {
			continue
		}
		if err := makeNode(staging, d.Path, d); err != nil {
			return Doing("make the device "+d.Path, err)
		}
		fd, err := cloneTree(staging, d.Path)
		if err != nil {
			return Doing("bind the device "+d.Path, err)
		}
		r.nodes = append(r.nodes, pending{handover.Mount{Kind: handover.KindBind, Target: "/dev/" + d.Path}, fd})
	}
	if proc != nil && !p.OwnCgroup {
		var err error
		if made, err = proc(); err != nil {
			return err
		}
	}
	if theirs != nil {
		theirs.fd, made = made, -1
	}
	return nil
}

// newFile makes a file in the directory dir and returns a detached mount of it.
func newFile(dir int, name, content string) (int, error) {
	f, err := unix.Openat(dir, name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return -1, err
	}
	defer unix.Close(f)
	for b := []byte(content); len(b) > 0; {
		n, err := unix.Write(f, b)
		if err != nil {
			return -1, err
		}
		b = b[n:]
	}
	return cloneTree(dir, name)
}

var errSymlink = errors.New("the image has a symbolic link there")
