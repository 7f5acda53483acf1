//go:build linux

package running

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// A Container is one that an engine knows.
type Container struct {
	Engine string // Docker, Podman, containerd, runc or crun: whom its user asked for it
	ID     string
	Name   string // "" if it has none beside its id
	PID    int    // of its first process; 0 if it does not run
	State  string // why it does not
}

// String names the container and its engine.
func (c *Container) String() string {
	if c.Name != "" {
		return fmt.Sprintf("%s (%s)", c.Name, c.Engine)
	}
	return fmt.Sprintf("%s (%s)", c.ID, c.Engine)
}

// An Error is why a container is not found.
type Error struct {
	Msg  string
	Hint string // may be empty
}

func (e *Error) Error() string { return e.Msg }

// Find returns the running container with a name or an id, or with an id that
// begins so, if that is only one. The error is an [*Error].
func Find(name string) (*Container, error) { return Host().Find(name) }

// Find is the function of that name.
func (p Places) Find(name string) (*Container, error) {
	if name == "" || strings.ContainsAny(name, "/\x00") {
		return nil, &Error{Msg: fmt.Sprintf("%q is no name of a container", name)}
	}
	all, unread, denied := p.containers(name)
	exact := func(c *Container) bool { return c.ID == name || c.Name == name }
	prefix := func(c *Container) bool { return strings.HasPrefix(c.ID, name) }
	for _, is := range []func(*Container) bool{exact, prefix} {
		var found []*Container
		for i := range all {
			if is(&all[i]) {
				found = append(found, &all[i])
			}
		}
		switch {
		case len(found) > 1:
			var list []string
			for _, c := range found {
				list = append(list, c.Engine+" "+c.ID)
			}
			slices.Sort(list)
			return nil, &Error{fmt.Sprintf("%d containers are called %s: %s", len(found), name, strings.Join(list, ", ")), "give one's whole id, or its process with --pid"}
		case len(found) == 1 && found[0].PID == 0:
			return nil, &Error{fmt.Sprintf("container %s is not running: %s", found[0], found[0].State), ""}
		case len(found) == 1:
			return found[0], nil
		}
	}
	e := &Error{Msg: fmt.Sprintf("no container of Docker, Podman, containerd, runc or crun is called %s", name)}
	if len(unread) > 0 {
		e.Msg += "; not all could be asked: " + strings.Join(unread, "; ")
	} else {
		e.Hint = "one that an engine keeps in a directory of its own is found by its process: --pid"
	}
	if denied {
		e.Hint = "engines keep what they run from other users: try as root"
	}
	return nil, e
}

// A source is where containers are listed. A place that is not there lists none.
type source func() ([]Container, error)

// containers asks all sources and joins what they say about one container: the
// engine that its user knows comes first. It says which sources did not answer,
// and whether one was for lack of permission.
func (p Places) containers(name string) (all []Container, unread []string, denied bool) {
	sources := []source{
		func() ([]Container, error) { return p.docker(name) },
		p.podman,
		p.containerd,
	}
	for _, root := range p.Runtimes {
		sources = append(sources, func() ([]Container, error) { return runtimes(root) })
	}
	for _, from := range sources {
		list, err := from()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			unread = append(unread, err.Error())
			denied = denied || errors.Is(err, fs.ErrPermission)
		}
		for _, c := range list {
			i := slices.IndexFunc(all, func(known Container) bool {
				return known.ID == c.ID && (known.PID == c.PID || known.PID == 0 || c.PID == 0)
			})
			if i < 0 {
				all = append(all, c)
			} else if all[i].PID == 0 { // such as Podman's, which are runc's or crun's
				all[i].PID, all[i].State = c.PID, c.State
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Container) int { return cmp.Compare(a.ID, b.ID) })
	return all, unread, denied
}
