package container

import (
	"fmt"
	"path"

	"github.com/weir-dev/weir/internal/container/cgroup"
	"github.com/weir-dev/weir/internal/container/handover"
	"golang.org/x/sys/unix"
)

const cgroupDir = "/sys/fs/cgroup"

// cgroupMounts lists what the container sees of cgroups: its own if it has one. If
// not, there is none that it should see.
func (s *Spec) cgroupMounts(sysRdonly uint64) []handover.Mount {
	memory := handover.Mount{Type: "tmpfs", Source: "tmpfs", Target: cgroupDir, Attrs: nothing | rdonly, Options: []string{"mode=755"}}
	if s.Cgroup == nil {
		return []handover.Mount{memory}
	}
	var list []handover.Mount
	for _, m := range s.Cgroup.Mounts() {
		mount := handover.Mount{Type: m.Type, Source: "cgroup", Target: path.Join(cgroupDir, m.Name), Attrs: nothing | sysRdonly, Options: m.Options}
		if m.Name != "" && len(list) == 0 {
			memory.Attrs = nothing // made read-only when there are the directories in it
			list = append(list, memory)
		}
		list = append(list, mount)
	}
	return list
}

// place puts the container into its cgroup, if it has one, and lets its first process go on.
func (c *child) place(g *cgroup.Group) error {
	if g == nil {
		return nil
	}
	if err := g.Add(c.pid); err != nil {
		return fmt.Errorf("put the container into its cgroup: %w", err)
	}
	message, rights := []byte{handover.Placed}, []byte(nil)
	if l := g.Late(); l != nil && c.builder == nil {
		message, rights = append(message, l.Text...), unix.UnixRights(int(l.File.Fd()))
	}
	if err := unix.Sendmsg(int(c.control.Fd()), message, rights, nil, 0); err != nil && !hasEnded(err) {
		return fmt.Errorf("tell the container of its cgroup: %w", err)
	}
	return nil
}

// limit sets the limit that is set last, if there is one, where weir itself does.
func limit(g *cgroup.Group) error {
	if g == nil || g.Late() == nil {
		return nil
	}
	if _, err := unix.Write(int(g.Late().File.Fd()), []byte(g.Late().Text)); err != nil {
		return fmt.Errorf("limit the processes: %w", err)
	}
	return nil
}
