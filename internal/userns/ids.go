package userns

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Range maps Count ids from Inside on, in the namespace, to those from Outside
// on, of the caller's.
type Range struct{ Inside, Outside, Count uint32 }

// IDs are what is mapped in a namespace: both lists begin with what is 0 there, the
// caller's own id, and go on without a gap inside.
type IDs struct{ UIDs, GIDs []Range }

// Needed reports whether this process needs a user namespace for what weir does: it is
// not root, or root of a user namespace and of nothing beyond, as in a container.
var Needed = sync.OnceValue(func() bool { return os.Geteuid() != 0 || !initial() })

// initial reports whether this is the first user namespace, in which all ids are
// mapped to themselves.
func initial() bool {
	b, err := os.ReadFile("/proc/self/uid_map")
	return err != nil || strings.Join(strings.Fields(string(b)), " ") == "0 0 4294967295"
}

// Mine returns the ids that this process can map.
var Mine = sync.OnceValues(func() (*IDs, error) {
	if os.Geteuid() == 0 {
		return inherited()
	}
	ids := OwnID()
	given, err := subordinate()
	if err != nil {
		return nil, err
	}
	if given.UIDs != nil && given.GIDs != nil && Helpers() == nil {
		ids.UIDs = append(ids.UIDs, given.UIDs...)
		ids.GIDs = append(ids.GIDs, given.GIDs...)
	}
	return ids, nil
})

// inherited is what root of a user namespace can map: what is mapped there, as it is,
// up to the first gap.
func inherited() (*IDs, error) {
	var ids IDs
	for _, f := range []struct {
		path string
		list *[]Range
	}{{"/proc/self/uid_map", &ids.UIDs}, {"/proc/self/gid_map", &ids.GIDs}} {
		b, err := os.ReadFile(f.path)
		if err != nil {
			return nil, fmt.Errorf("ids of this user namespace: %w", err)
		}
		*f.list = gapless(string(b))
	}
	return &ids, nil
}

// gapless reads a map and returns its ids as they are inside, up to the first gap. The
// kernel takes no range that is several in the namespace above.
func gapless(text string) (list []Range) {
	for line := range strings.Lines(text) {
		var r Range
		if _, err := fmt.Sscan(line, &r.Inside, &r.Outside, &r.Count); err == nil {
			list = append(list, Range{r.Inside, r.Inside, r.Count})
		}
	}
	slices.SortFunc(list, func(a, b Range) int { return cmp.Compare(a.Inside, b.Inside) })
	next := uint32(0)
	for i, r := range list {
		if r.Inside != next {
			return list[:i]
		}
		next += r.Count
	}
	return list
}

// OwnID is the one id that needs nobody's help to be mapped.
func OwnID() *IDs {
	return &IDs{
		UIDs: []Range{{0, uint32(os.Geteuid()), 1}},
		GIDs: []Range{{0, uint32(os.Getegid()), 1}},
	}
}

// One reports whether nothing but the caller's own id is mapped. The kernel then
// keeps the process from setting its supplementary groups.
func (ids *IDs) One() bool { return ids.Users() == 1 }

// Groups returns how many gids are mapped, from 0 on.
func (ids *IDs) Groups() uint32 { return count(ids.GIDs) }

// Users returns how many uids are mapped, from 0 on.
func (ids *IDs) Users() uint32 { return count(ids.UIDs) }

func count(ranges []Range) (n uint32) {
	for _, r := range ranges {
		n += r.Count
	}
	return n
}

// Inside returns what ids of the caller's namespace are inside: themselves if
// they are not mapped.
func (ids *IDs) Inside(uid, gid uint32) (uint32, uint32) {
	return inside(ids.UIDs, uid), inside(ids.GIDs, gid)
}

func inside(ranges []Range, id uint32) uint32 {
	for _, r := range ranges {
		if id >= r.Outside && id-r.Outside < r.Count {
			return r.Inside + id - r.Outside
		}
	}
	return id
}

// Helpers returns why more than one id cannot be mapped, nil if newuidmap and
// newgidmap are there.
func Helpers() error {
	for _, name := range []string{newuidmap, newgidmap} {
		if _, err := exec.LookPath(name); err != nil {
			return err
		}
	}
	return nil
}

const (
	newuidmap = "newuidmap"
	newgidmap = "newgidmap"
)

// subordinate returns what /etc/subuid and /etc/subgid give the caller, as it is
// mapped: from 1 on inside, in the order of the files. A file that is missing has
// nothing.
func subordinate() (*IDs, error) {
	uid := uint32(os.Geteuid())
	var ids IDs
	for _, f := range []struct {
		path string
		list *[]Range
	}{{"/etc/subuid", &ids.UIDs}, {"/etc/subgid", &ids.GIDs}} {
		b, err := os.ReadFile(f.path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("subordinate ids: %w", err)
		}
		if len(b) == 0 {
			continue
		}
		if *f.list, err = parse(string(b), userName(uid), uid); err != nil {
			return nil, fmt.Errorf("subordinate ids: %s:%w", f.path, err)
		}
	}
	return &ids, nil
}

// parse reads the lines NAME:START:COUNT, or UID:START:COUNT, of one user. Both
// files are by the user's name: subgid(5).
func parse(text, name string, uid uint32) ([]Range, error) {
	var list []Range
	next := uint32(1)
	n := 0
	for line := range strings.Lines(text) {
		n++
		fields := strings.Split(strings.TrimSpace(line), ":")
		if strings.HasPrefix(line, "#") || fields[0] == "" || fields[0] != name && fields[0] != strconv.Itoa(int(uid)) {
			continue
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("%d: want NAME:START:COUNT", n)
		}
		start, err := strconv.ParseUint(fields[1], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%d: start %q: want a number below 2^32", n, fields[1])
		}
		count, err := strconv.ParseUint(fields[2], 10, 32)
		if err != nil || start+count > 1<<32-1 || uint64(next)+count > 1<<32-1 {
			return nil, fmt.Errorf("%d: count %q: want a number, and no id above 2^32-2", n, fields[2])
		}
		if count > 0 {
			list = append(list, Range{next, uint32(start), uint32(count)})
			next += uint32(count)
		}
	}
	return list, nil
}

// userName returns the caller's name, by which the files know it. Where
// /etc/passwd does not have it, a directory service may, and $USER tells; what is
// wrong with that, newuidmap refuses.
func userName(uid uint32) string {
	b, _ := os.ReadFile("/etc/passwd")
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(line, ":"); len(f) > 2 && f[2] == strconv.Itoa(int(uid)) {
			return f[0]
		}
	}
	return os.Getenv("USER")
}

// Cover reports whether everything that before maps is mapped to the same ids.
func (ids *IDs) Cover(before *IDs) bool {
	return cover(ids.UIDs, before.UIDs) && cover(ids.GIDs, before.GIDs)
}

func cover(ranges, before []Range) bool {
	for _, b := range before {
		for b.Count > 0 {
			i := slices.IndexFunc(ranges, func(r Range) bool {
				return b.Inside >= r.Inside && b.Inside-r.Inside < r.Count && b.Outside-b.Inside == r.Outside-r.Inside
			})
			if i < 0 {
				return false
			}
			n := min(b.Count, ranges[i].Count-(b.Inside-ranges[i].Inside))
			b = Range{b.Inside + n, b.Outside + n, b.Count - n}
		}
	}
	return true
}

// String says which ids are mapped, for people.
func (ids *IDs) String() string { return "users " + list(ids.UIDs) + ", groups " + list(ids.GIDs) }

func list(ranges []Range) string {
	var all []string
	for _, r := range ranges {
		text := strconv.Itoa(int(r.Outside))
		if r.Count > 1 {
			text += "-" + strconv.Itoa(int(r.Outside+r.Count-1))
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}
