package layer

import (
	"archive/tar"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Privilege is what the unpacker may do, which decides what becomes of a layer.
type Privilege int

const (
	// Root keeps everything that a layer says.
	Root Privilege = iota

	// UserNS is user 0 of a user namespace. Owners are kept: one that is not mapped there is an error. Device
	// nodes are left out, and so are the extended attributes that are root's alone (trusted.*, and of security.* all
	// but security.capability). Opaque directories are marked by user.overlay.opaque, which an overlay reads
	// that is mounted with userxattr.
	UserNS

	// OneID is UserNS where no id is mapped but 0. What belongs to any other is given to 0, without its setuid and
	// setgid bits, which would make a program root's.
	OneID
)

// Result is what Unpack made, and how often it did otherwise than the layer says.
type Result struct {
	Size       int64 // bytes of regular files
	Owners     int   // files given to user and group 0, OneID's alone
	Devices    int   // device nodes left out
	Attributes int   // extended attributes left out
}

// OpaqueXattr is the attribute that marks an opaque directory, for an overlay that is mounted in a user
// namespace, or by root.
func OpaqueXattr(userNS bool) string {
	if userNS {
		return "user.overlay.opaque"
	}
	return "trusted.overlay.opaque"
}

// chown gives base its owner.
func (u *unpacker) chown(parent int, base string, hdr *tar.Header) error {
	uid, gid := hdr.Uid, hdr.Gid
	if u.as == OneID && (uid != 0 || gid != 0) {
		u.result.Owners++
		if hdr.Typeflag == tar.TypeReg {
			hdr.Mode &^= unix.S_ISUID | unix.S_ISGID
		}
		uid, gid = 0, 0
	}
	err := unix.Fchownat(parent, base, uid, gid, unix.AT_SYMLINK_NOFOLLOW)
	if u.as == UserNS && err == unix.EINVAL {
		return fmt.Errorf("its owner %d:%d is not mapped: /etc/subuid and /etc/subgid give you fewer ids", uid, gid)
	}
	if err != nil {
		return call("fchownat", privilege(err))
	}
	return nil
}

// rootsXattr holds for attributes that a user namespace cannot set.
func rootsXattr(name string) bool {
	return strings.HasPrefix(name, "trusted.") || strings.HasPrefix(name, "security.") && name != "security.capability"
}
