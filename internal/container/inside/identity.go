//go:build linux

package inside

import (
	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

// identity gives the container its name, its loopback interface and its kernel
// settings.
func identity(r *Root, p *handover.Plan) error {
	if err := unix.Sethostname([]byte(p.Hostname)); err != nil {
		return Doing("set the hostname "+p.Hostname, err)
	}
	if p.Loopback {
		if err := raiseLoopback(); err != nil {
			return Doing("bring the loopback interface up", err)
		}
	}
	for _, s := range p.Sysctls {
		if err := r.writeSysctl(s); err != nil {
			return Doing("write "+s.Value+" to /proc/sys/"+s.Path, err)
		}
	}
	return nil
}

func raiseLoopback() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(s, unix.SIOCGIFFLAGS, lo); err != nil {
		return err
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}

// writeSysctl writes a setting, if this kernel has it.
func (r *Root) writeSysctl(s handover.Sysctl) error {
	fd, err := r.open("/proc/sys/"+s.Path, unix.O_WRONLY, unix.RESOLVE_NO_SYMLINKS)
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte(s.Value))
	return err
}
