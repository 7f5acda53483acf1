package container

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/weir-dev/weir/internal/container/handover"
)

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment puts env over what every container has. As in Docker a later entry
// replaces an earlier one where that stands, and a name alone removes it.
func environment(env []string, hostname string, tty bool) []string {
	all := []string{defaultPath, "HOSTNAME=" + hostname}
	if tty {
		all = append(all, "TERM=xterm")
	}
	for _, e := range env {
		key, _, has := strings.Cut(e, "=")
		at := -1
		for i, a := range all {
			if k, _, _ := strings.Cut(a, "="); k == key {
				at = i
			}
		}
		switch {
		case at < 0 && has:
			all = append(all, e)
		case at >= 0 && has:
			all[at] = e
		case at >= 0:
			all = append(all[:at], all[at+1:]...)
		}
	}
	return all
}

func (s *Spec) hostname() (string, error) {
	if s.Hostname != "" {
		return s.Hostname, nil
	}
	if s.HostNetwork {
		name, err := os.Hostname()
		if err != nil {
			return "", fmt.Errorf("ask for the host's name: %w", err)
		}
		return name, nil
	}
	var id [6]byte
	rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:]), nil
}

// loopbackHosts is the /etc/hosts of a container with no other network.
const loopbackHosts = `127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
fe00::0	ip6-localnet
ff00::0	ip6-mcastprefix
ff02::1	ip6-allnodes
ff02::2	ip6-allrouters
`

// etcFiles are the three files that Docker provides. With a network of its own or
// without, the container has the host's resolv.conf, as under --network none.
func (s *Spec) etcFiles(hostname string) ([]handover.Mount, error) {
	hosts := loopbackHosts
	if s.HostNetwork {
		var err error
		if hosts, err = hostFile("/etc/hosts"); err != nil {
			return nil, err
		}
	}
	resolv, err := hostFile("/etc/resolv.conf")
	if err != nil {
		return nil, err
	}
	var attrs uint64
	if s.ReadonlyRootfs {
		attrs = rdonly
	}
	file := func(target, content string) handover.Mount {
		return handover.Mount{Kind: handover.KindFile, Source: "file", Target: target, Attrs: attrs, Content: content}
	}
	return []handover.Mount{
		file("/etc/resolv.conf", resolv),
		file("/etc/hostname", hostname+"\n"),
		file("/etc/hosts", hosts),
	}, nil
}

// hostFile reads a file of the host's; one that is missing is empty.
func hostFile(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return "", fmt.Errorf("copy the host's file: %w", err)
	}
	return string(b), nil
}
