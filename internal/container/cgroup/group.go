package cgroup

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Group is the cgroup of one container: a directory in each hierarchy that its
// limits need.
type Group struct {
	dirs   []dir
	late   *Late
	record record
}

// A Late is a limit that is still to be set: the text to write to a file. It would
// hinder what starts the program of the container, and so is set last.
type Late struct {
	File *os.File // closed with the group
	Text string
}

// A dir is a cgroup of one hierarchy. Its lock tells that the process that made it
// lives.
type dir struct {
	hierarchy
	path string
	own  string // the container's: path itself, of v2 one below it
	lock *os.File
}

// A Mount is a hierarchy that the container may see, with its own cgroup as the
// root, read-only.
type Mount struct {
	Type    string // cgroup or cgroup2
	Name    string // of v1 the directory below /sys/fs/cgroup
	Options []string
}

// ErrSwap is of a kernel that counts no swap, so that memory can be limited only
// beside any amount of it: a Swap of -1.
var ErrSwap = errors.New("this kernel does not count the swap that a cgroup uses")

// New makes a cgroup with the limits, of which there must be one.
func New(l Limits) (*Group, error) { return newGroup(l, "/proc/self") }

func newGroup(l Limits, proc string) (_ *Group, err error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	all, err := hierarchies(proc)
	if err != nil {
		return nil, err
	}
	var id [8]byte
	rand.Read(id[:]) // never fails
	name := prefix + hex.EncodeToString(id[:])
	g := &Group{record: newRecord(recordsDir(), name)}
	defer func() {
		if err != nil {
			g.Close()
		}
	}()
	needed := l.controllers()
	for _, h := range all {
		var here []string
		needed = slices.DeleteFunc(needed, func(c string) bool {
			in := h.v2 || slices.Contains(h.controllers, c)
			if in {
				here = append(here, c)
			}
			return in
		})
		if len(here) == 0 {
			continue
		}
		d, err := h.make(name, here, g.record)
		if err != nil {
			return nil, err
		}
		if h.v2 {
			err = d.hold(here)
		}
		g.dirs = append(g.dirs, d)
		if err != nil {
			return nil, err
		}
		if err := g.limit(d, l, here); err != nil {
			return nil, err
		}
	}
	if len(needed) > 0 {
		return nil, fmt.Errorf("no cgroup hierarchy with the controller %s is mounted", needed[0])
	}
	return g, nil
}

// limit writes the limits of the given controllers to a cgroup.
func (g *Group) limit(d dir, l Limits, controllers []string) error {
	for _, s := range l.settings(d.v2) {
		if !slices.Contains(controllers, s.controller) {
			continue
		}
		if s.late {
			f, err := s.open(d.own)
			if err != nil {
				return err
			}
			g.late = &Late{f, s.value}
			continue
		}
		err := s.write(d.own)
		switch {
		case err == nil:
		case s.swap && errors.Is(err, fs.ErrNotExist) && l.Swap < 0:
		case s.swap && errors.Is(err, fs.ErrNotExist):
			return ErrSwap
		default:
			return err
		}
	}
	return nil
}

// prefix begins the names of cgroups that are this package's to remove.
const prefix = "weir-run-"

// make makes a cgroup with the given controllers.
func (h hierarchy) make(name string, controllers []string, r record) (dir, error) {
	if !h.v2 {
		sweep(h.own)
		return h.makeIn(h.own, name, r)
	}
	for parent := h.own; ; parent = path.Dir(parent) {
		err := h.passOn(parent, controllers)
		if err == nil {
			sweep(parent)
			var d dir
			if d, err = h.makeIn(parent, name, r); err == nil {
				return d, nil
			}
		}
		if parent == h.mount {
			return dir{}, err
		}
	}
}

// passOn makes sure that the children of a v2 cgroup have the controllers, which the
// cgroups above it are asked for if it has not got them itself. A cgroup with
// processes in it passes none on, unless it is the root: so that of this process is
// not the one, but the next above it may be.
//
// The kernel says so for itself only of some controllers. With the others it would
// make the cgroup one of threads, and its children useless.
func (h hierarchy) passOn(parent string, controllers []string) error {
	kind, err := os.ReadFile(path.Join(parent, "cgroup.type"))
	if err == nil {
		procs, err := os.ReadFile(path.Join(parent, "cgroup.procs"))
		if err != nil {
			return err
		}
		if len(procs) > 0 || strings.TrimSpace(string(kind)) != "domain" {
			return fmt.Errorf("%s has processes in it, or is of threads, and can have no cgroup with limits below it", parent)
		}
	} else if !errors.Is(err, fs.ErrNotExist) { // the root has none
		return err
	}
	on, err := words(parent, "cgroup.subtree_control")
	if err != nil {
		return err
	}
	has, err := words(parent, "cgroup.controllers")
	if err != nil {
		return err
	}
	for _, c := range controllers {
		switch {
		case slices.Contains(on, c):
			continue
		case slices.Contains(has, c):
		case parent == h.mount:
			return fmt.Errorf("%s does not have the controller %s", parent, c)
		default:
			if err := h.passOn(path.Dir(parent), []string{c}); err != nil {
				return err
			}
		}
		if err := (setting{file: "cgroup.subtree_control", value: "+" + c}).write(parent); err != nil {
			return err
		}
	}
	return nil
}

// words reads a file of a cgroup that lists names.
func words(dir, file string) ([]string, error) {
	b, err := os.ReadFile(path.Join(dir, file))
	return strings.Fields(string(b)), err
}

func (h hierarchy) makeIn(parent, name string, r record) (dir, error) {
	name = path.Join(parent, name)
	r.add(name)
	for {
		if err := os.Mkdir(name, 0o755); err != nil {
			return dir{}, err
		}
		lock, err := locked(name, unix.LOCK_EX)
		if errors.Is(err, fs.ErrNotExist) {
			continue // swept away before it was locked
		}
		if err != nil {
			unix.Rmdir(name)
		}
		return dir{h, name, name, lock}, err
	}
}

// hold makes a v2 cgroup below this one for the container, with the controllers. What
// manages those above, as systemd does, takes from them the controllers that it needs
// none of, and with them the limits; the kernel does not let it while a cgroup passes
// them on.
func (d *dir) hold(controllers []string) error {
	for _, c := range controllers {
		if err := (setting{file: "cgroup.subtree_control", value: "+" + c}).write(d.path); err != nil {
			return err
		}
	}
	d.own = path.Join(d.path, "container")
	return os.Mkdir(d.own, 0o755)
}

// sweep removes the cgroups that killed processes have left. What it cannot remove
// is none's business now: the next one tries again.
func sweep(parent string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		if ours(e.Name()) {
			sweepDir(path.Join(parent, e.Name()))
		}
	}
}

// ours reports whether a cgroup has a name as New gives it.
func ours(name string) bool {
	id, ok := strings.CutPrefix(name, prefix)
	return ok && len(id) == 16
}

// remove removes a cgroup, and what a privileged container has made below it.
func remove(name string) error {
	entries, err := os.ReadDir(name)
	for _, e := range entries {
		if err == nil && e.IsDir() {
			err = remove(path.Join(name, e.Name()))
		}
	}
	if err == nil {
		err = unix.Rmdir(name)
	}
	return err
}

// locked opens and locks a directory that must still be there then.
func locked(name string, how int) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), how)
	if err == nil {
		_, err = os.Stat(name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Add puts a process into the cgroup.
func (g *Group) Add(pid int) error {
	for _, d := range g.dirs {
		if err := (setting{file: "cgroup.procs", value: strconv.Itoa(pid)}).write(d.own); err != nil {
			return err
		}
	}
	return nil
}

// Late returns the limit that is still to be set, nil if there is none.
func (g *Group) Late() *Late { return g.late }

// Mounts lists the hierarchies in which a process of the group sees its own cgroup
// as the root, once it is in a cgroup namespace of its own.
func (g *Group) Mounts() []Mount {
	var list []Mount
	for _, d := range g.dirs {
		if d.v2 {
			list = append(list, Mount{Type: "cgroup2"})
			continue
		}
		list = append(list, Mount{Type: "cgroup", Name: path.Base(d.mount), Options: d.controllers})
	}
	return list
}

// Close removes the cgroup, whose processes have ended. The kernel may take a
// moment to see that.
func (g *Group) Close() error {
	if g.late != nil {
		g.late.File.Close()
	}
	var errs error
	for _, d := range g.dirs {
		end := time.Now().Add(2 * time.Second)
		err := remove(d.path)
		for ; err == unix.EBUSY && time.Now().Before(end); err = remove(d.path) {
			time.Sleep(5 * time.Millisecond)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = errors.Join(errs, fmt.Errorf("remove the cgroup %s: %w", d.path, err))
		}
		if d.lock != nil {
			d.lock.Close()
		}
	}
	g.dirs = nil
	g.record.close(errs != nil)
	return errs
}
