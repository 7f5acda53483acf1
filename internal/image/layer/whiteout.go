package layer

import (
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// The names by which a layer's tar removes files of lower layers: OCI image-spec, layer.md, "Whiteouts".
const (
	whiteoutPrefix = ".wh."
	opaqueName     = ".wh..wh..opq"
	aufsPrefix     = ".wh..wh."
)

type entryKind int

const (
	ordinary     entryKind = iota
	whiteout               // .wh.NAME: lower layers' NAME is gone
	opaqueMark             // .wh..wh..opq: all that lower layers have in this directory is gone
	aufsMetadata           // .wh..wh.plnk and its like: aufs's own bookkeeping, of no meaning here
)

// classify tells what the local name stands for. ".wh." is reserved at the start of every component, so
// a directory by such a name is an error.
func classify(name string) (entryKind, error) {
	if name == opaqueName || strings.HasSuffix(name, "/"+opaqueName) {
		name = path.Dir(name)
		if kind, err := classify(name); kind != ordinary || err != nil {
			return kind, err
		}
		return opaqueMark, nil
	}
	for rest, more := name, true; more; {
		var component string
		component, rest, more = strings.Cut(rest, "/")
		removed, reserved := strings.CutPrefix(component, whiteoutPrefix)
		switch {
		case !reserved:
		case strings.HasPrefix(component, aufsPrefix):
			return aufsMetadata, nil
		case more:
			return ordinary, fmt.Errorf("a directory cannot be called %q, names in %s are reserved: %w", component, whiteoutPrefix, ErrHostile)
		case removed == "" || removed == "." || removed == "..":
			return ordinary, fmt.Errorf("whiteout of %q: %w", removed, ErrHostile)
		default:
			return whiteout, nil
		}
	}
	return ordinary, nil
}

// whiteout hides base in lower layers, and never what this very layer has (layer.md: "Whiteout files
// MUST only apply to resources in lower/parent layers"): a directory that is already here becomes opaque, any
// other file hides the lower one by being there.
func (u *unpacker) whiteout(parent int, base string) error {
	err := unix.Mknodat(parent, base, unix.S_IFCHR, 0)
	if err != unix.EEXIST {
		return call("mknodat", err)
	}
	var st unix.Stat_t
	if err := lstatat(parent, base, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return u.setOpaque(parent, base)
	}
	return nil
}

func isWhiteout(st *unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0
}
