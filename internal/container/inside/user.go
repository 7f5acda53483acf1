//go:build linux

package inside

import (
	"errors"
	"strconv"
	"strings"
)

// A user is who the program runs as.
type user struct {
	uid, gid uint32
	groups   []uint32 // with gid
	home     string
}

// maxID is the highest id that Docker accepts.
const maxID = 1<<31 - 1

var errRange = errors.New("uids and gids must be in range 0-2147483647")

// lookupUser resolves what is given with --user, by the files of the container
// and by Docker's rules: a number is always an id, and one that the files do not
// know will do; the first entry of a name counts; supplementary groups come with
// a user that is known, unless a group is given.
//
// The groups of more are added, each a name or a gid.
func (r *Root) lookupUser(spec string, more []string) (user, error) {
	u, err := r.lookupIDs(spec)
	for _, name := range more {
		if err != nil {
			break
		}
		var gid uint32
		if gid, err = r.lookupGroup(name); err == nil && !contains(u.groups, gid) {
			u.groups = append(u.groups, gid)
		}
	}
	return u, err
}

func (r *Root) lookupIDs(spec string) (user, error) {
	name, group, _ := strings.Cut(spec, ":")
	u := user{home: "/"}
	known := ""
	uid, numeric, err := number(name)
	if err != nil {
		return u, err
	}
	found, err := r.scan("/etc/passwd", func(f []string) bool {
		// name:password:uid:gid:gecos:home:shell
		if len(f) < 4 {
			return false
		}
		id, ok1, _ := number(f[2])
		gid, ok2, _ := number(f[3])
		if !ok1 || !ok2 || !(name == "" && id == 0 || numeric && id == uid || !numeric && name != "" && f[0] == name) {
			return false
		}
		known, u.uid, u.gid = f[0], id, gid
		if len(f) > 5 && f[5] != "" {
			u.home = f[5]
		}
		return true
	})
	switch {
	case found:
	case name == "": // root, of whom the image does not tell
	case numeric:
		u.uid = uid
	case err != nil:
		return u, errors.New("unable to find user " + name + ": " + err.Error())
	default:
		return u, errors.New("unable to find user " + name + ": no matching entries in passwd file")
	}
	if group != "" {
		if u.gid, err = r.lookupGroup(group); err != nil {
			return u, err
		}
		u.groups = []uint32{u.gid}
		return u, nil
	}
	u.groups = []uint32{u.gid}
	if known == "" {
		return u, nil
	}
	_, err = r.scan("/etc/group", func(f []string) bool {
		// name:password:gid:member,member
		if len(f) < 4 {
			return false
		}
		gid, ok, _ := number(f[2])
		if ok && !contains(u.groups, gid) && contains(strings.Split(f[3], ","), known) {
			u.groups = append(u.groups, gid)
		}
		return len(u.groups) > maxGroups
	})
	if err == nil && len(u.groups) > maxGroups {
		err = errors.New("more than " + strconv.Itoa(maxGroups) + " groups")
	}
	return u, Doing("unable to find groups for user "+known, err)
}

// maxGroups is how many supplementary groups the kernel takes, NGROUPS_MAX.
const maxGroups = 65536

// lookupGroup resolves the part of --user behind the colon.
func (r *Root) lookupGroup(name string) (uint32, error) {
	gid, numeric, err := number(name)
	if err != nil || numeric {
		return gid, err
	}
	found, err := r.scan("/etc/group", func(f []string) bool {
		if len(f) < 3 || f[0] != name {
			return false
		}
		id, ok, _ := number(f[2])
		gid = id
		return ok
	})
	if err != nil {
		return 0, errors.New("unable to find group " + name + ": " + err.Error())
	}
	if !found {
		return 0, errors.New("unable to find group " + name + ": no matching entries in group file")
	}
	return gid, nil
}

// number reads an id. It is an error for a number to be out of range.
func number(s string) (id uint32, numeric bool, err error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if errors.Is(err, strconv.ErrRange) || err == nil && (n < 0 || n > maxID) {
		return 0, false, errRange
	}
	return uint32(n), err == nil, nil
}

func contains[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}
