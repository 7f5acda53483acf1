package container

import (
	"encoding/binary"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

const (
	nosuid  = unix.MOUNT_ATTR_NOSUID
	nodev   = unix.MOUNT_ATTR_NODEV
	noexec  = unix.MOUNT_ATTR_NOEXEC
	rdonly  = unix.MOUNT_ATTR_RDONLY
	strict  = unix.MOUNT_ATTR_STRICTATIME
	nothing = nosuid | nodev | noexec
)

// plan writes the container down.
func (s *Spec) plan(size winsize) (*handover.Plan, error) {
	hostname, err := s.hostname()
	if err != nil {
		return nil, err
	}
	p := &handover.Plan{
		Layers: s.Layers, Upper: s.Upper, Work: s.Work, Rootfs: s.Rootfs,
		ReadonlyRoot: s.ReadonlyRootfs,
		Hostname:     hostname,
		Loopback:     !s.HostNetwork,
		OwnCgroup:    s.Cgroup != nil,
		Reaper:       s.Reaper,
		Terminal:     s.TTY, Rows: size.rows, Columns: size.columns,
		NullStdin: !s.TTY && s.Stdin == nil,
		Args:      s.Args, Env: environment(s.Env, hostname, s.TTY),
		Cwd: path.Clean("/" + s.Cwd), User: s.User, Groups: s.Groups,
		Caps:       uint64(s.Caps),
		NoNewPrivs: s.NoNewPrivs,
		Confined:   s.Filter != nil || s.Program != nil,
		Rlimits:    s.rlimits(),
		Links:      links(),
	}
	if p.Mounts, err = s.mounts(hostname); err != nil {
		return nil, err
	}
	if s.Privileged {
		if p.Devices, err = hostDevices("/dev"); err != nil {
			return nil, err
		}
	} else {
		// Docker keeps a container from the host's devices with the devices
		// cgroup, since its root may mknod. Here a node is worth nothing: no
		// file system of the container but devpts has devices, and the nodes
		// of /dev are bound from one that the container does not see.
		p.RootAttrs = nodev
		p.Devices = defaultDevices()
		p.Masked, p.Readonly = maskedPaths(), readonlyPaths[:]
		if s.Cgroup != nil {
			p.Readonly = append(p.Readonly[:len(p.Readonly):len(p.Readonly)], cgroupDir)
		}
	}
	for _, v := range s.Volumes {
		if path.Clean(v.Target) == "/dev" {
			overDev(p, v.Source)
		}
	}
	if !s.HostNetwork {
		p.Sysctls = []handover.Sysctl{
			{Path: "net/ipv4/ip_unprivileged_port_start", Value: "0"},
			{Path: pingGroups, Value: "0 2147483647"},
		}
	}
	return p, nil
}

// mounts lists what is mounted below the root, as Docker orders it: by depth, and
// what a volume covers not at all.
func (s *Spec) mounts(hostname string) ([]handover.Mount, error) {
	var sysRdonly, dev uint64 = rdonly, nodev
	sysOptions := []string{"ro"}
	if s.Privileged {
		sysRdonly, dev, sysOptions = 0, 0, nil
	}
	shm := s.ShmSize
	if shm == 0 {
		shm = 64 << 20
	}
	list := []handover.Mount{
		{Type: "proc", Source: "proc", Target: "/proc", Attrs: nothing},
		{Type: "tmpfs", Source: "tmpfs", Target: "/dev", Attrs: nosuid | dev | strict, Options: []string{"mode=755", "size=65536k"}},
		{Type: "devpts", Source: "devpts", Target: "/dev/pts", Attrs: nosuid | noexec, Options: []string{"newinstance", "ptmxmode=0666", "mode=0620", "gid=" + strconv.Itoa(ttyGroup)}},
		{Type: "sysfs", Source: "sysfs", Target: "/sys", Attrs: nothing | sysRdonly, Options: sysOptions},
		{Type: "mqueue", Source: "mqueue", Target: "/dev/mqueue", Attrs: nothing},
		{Type: "tmpfs", Source: "shm", Target: "/dev/shm", Attrs: nothing, Options: []string{"mode=1777", "size=" + strconv.FormatInt(shm, 10)}},
	}
	etc, err := s.etcFiles(hostname)
	if err != nil {
		return nil, err
	}
	list = append(list, etc...)
	list = append(list, s.cgroupMounts(sysRdonly)...)
	for _, v := range s.Volumes {
		m := handover.Mount{Kind: handover.KindBind, Source: v.Source, Target: path.Clean(v.Target), Attrs: dev}
		if v.ReadOnly {
			m.Attrs |= rdonly
		}
		list = instead(list, m)
	}
	for _, t := range s.Tmpfs {
		list = instead(list, handover.Mount{
			Kind: handover.KindOver, Type: "tmpfs", Source: "tmpfs",
			Target: path.Clean(t.Target), Attrs: t.Attrs, Options: t.Options,
		})
	}
	slices.SortStableFunc(list, func(a, b handover.Mount) int {
		return strings.Count(a.Target, "/") - strings.Count(b.Target, "/")
	})
	return list, nil
}

// instead adds a mount to a list, in the place of the one with its target.
func instead(list []handover.Mount, m handover.Mount) []handover.Mount {
	list = slices.DeleteFunc(list, func(d handover.Mount) bool { return d.Target == m.Target })
	return append(list, m)
}

func (s *Spec) rlimits() []handover.Rlimit {
	var list []handover.Rlimit
	for _, l := range s.Rlimits {
		list = append(list, handover.Rlimit{Name: l.Name, Resource: uint32(l.Resource), Soft: l.Soft, Hard: l.Hard})
	}
	return list
}

// readonlyPaths and maskedPaths are Docker's (moby daemon/pkg/oci/defaults.go).
var readonlyPaths = [...]string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}

func maskedPaths() []string {
	masked := []string{
		"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
		"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
		"/sys/devices/virtual/powercap", "/sys/firmware",
	}
	// One of each processor. The pattern is sound, so there is no error.
	throttles, _ := filepath.Glob("/sys/devices/system/cpu/cpu[0-9]*/thermal_throttle")
	return append(masked, throttles...)
}

func nativeOrder() seccomp.ByteOrder {
	return seccomp.ByteOrder(binary.NativeEndian.Uint16([]byte{0, 1}) == 1)
}
