//go:build linux

package inside

import (
	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// populateDev makes the nodes and the links of /dev.
func (r *Root) populateDev(p *handover.Plan) error {
	for _, d := range p.Devices {
		if d.Bind {
			continue
		}
		dir, name := split("/dev/" + d.Path)
		fd, err := r.create(dir, true, unix.RESOLVE_NO_SYMLINKS)
		if err == nil {
			err = makeNode(fd, name, d)
			unix.Close(fd)
		}
		if err != nil {
			return Doing("make the device "+d.Path, err)
		}
	}
	for node, ok := next(&r.nodes); ok; node, ok = next(&r.nodes) {
		if err := r.mount(node); err != nil {
			return Doing("bind the device "+node.Target, err)
		}
	}
	dev, err := r.open("/dev", unix.O_PATH|unix.O_DIRECTORY, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return Doing("open /dev", err)
	}
	defer unix.Close(dev)
	for _, l := range p.Links {
		if err := unix.Symlinkat(l.Target, dev, l.Path); err != nil {
			return Doing("make the link /dev/"+l.Path, err)
		}
	}
	return nil
}

// makeNode makes a device node. The umask is 0, so its mode is exact.
func makeNode(dir int, name string, d handover.Device) error {
	if err := unix.Mknodat(dir, name, d.Mode, int(d.Rdev)); err != nil {
		return err
	}
	if d.Uid == 0 && d.Gid == 0 {
		return nil
	}
	return unix.Fchownat(dir, name, int(d.Uid), int(d.Gid), unix.AT_SYMLINK_NOFOLLOW)
}
