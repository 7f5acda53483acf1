package container

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/userns"
	"golang.org/x/sys/unix"
)

// enterUserNS changes the plan of a plain user's container to what the kernel lets
// a user namespace do, and has its first process start in one. It returns the ids
// to map there, nil for root.
func (s *Spec) enterUserNS(p *handover.Plan, attr *syscall.SysProcAttr) (*userns.IDs, error) {
	if !userns.Needed() {
		return nil, nil
	}
	ids, err := userns.Mine()
	if err != nil {
		return nil, err
	}
	if ids.One() && len(s.Groups) > 0 {
		return nil, fmt.Errorf("supplementary groups %q: you have no ids for them; %w", s.Groups, errOneID)
	}
	userns.Attributes(attr, userns.AllCaps())
	p.UserNS, p.OneID = true, ids.One()
	p.Mounts = append(p.Mounts, bindDevices(p)...)
	p.Devices = nil
	for i := range p.Mounts {
		m := &p.Mounts[i]
		switch {
		case m.Type == "devpts" && ids.Groups() <= ttyGroup:
			m.Options = slices.DeleteFunc(m.Options, func(o string) bool { return o == "gid="+strconv.Itoa(ttyGroup) })
		case m.Type == "sysfs" && s.HostNetwork:
			// A new one would show the network, which is not this namespace's.
			*m = handover.Mount{Kind: handover.KindBind, Source: "/sys", Target: m.Target, Attrs: nothing | rdonly}
		}
	}
	for i := range p.Sysctls {
		if c := &p.Sysctls[i]; c.Path == pingGroups {
			c.Value = "0 " + strconv.Itoa(int(ids.Groups()-1)) // the kernel takes mapped ones alone
		}
	}
	return ids, nil
}

var errOneID = errors.New("newuidmap (package uidmap) and lines for you in /etc/subuid and /etc/subgid give ids: weir check shows what is there")

// ttyGroup is the group of terminals everywhere.
const ttyGroup = 5

const pingGroups = "net/ipv4/ping_group_range"

// bindDevices lists the devices of the plan as mounts of the host's: a user
// namespace cannot make nodes. They come after /dev, the only one above them.
func bindDevices(p *handover.Plan) []handover.Mount {
	var list []handover.Mount
	for _, d := range p.Devices {
		target := path.Join("/dev", d.Path)
		list = append(list, handover.Mount{Kind: handover.KindBind, Source: target, Target: target})
	}
	return list
}

// mapIDs lets the first process have its ids, and begin.
func (c *child) mapIDs(ids *userns.IDs) error {
	if ids == nil {
		return nil
	}
	if err := ids.Map(c.pid); err != nil {
		return userns.Explain(err)
	}
	if _, err := c.control.Write([]byte{handover.Mapped}); err != nil && !errors.Is(err, unix.EPIPE) {
		return fmt.Errorf("let the container begin: %w", err)
	}
	return nil
}

// explainSetup adds to what weir-init said of a call that it was denied, why this
// machine may deny it to a plain user.
func explainSetup(text string) string {
	denied := strings.Contains(text, unix.EPERM.Error()) || strings.Contains(text, unix.EACCES.Error())
	if reason := userns.Forbidden(); denied && reason != "" && userns.Needed() {
		return text + " (" + reason + ")"
	}
	return text
}
