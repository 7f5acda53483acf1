package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/container"
)

// mountFlags are Docker's three ways to say what is mounted in a container.
type mountFlags struct {
	volumes, mounts, tmpfs []string
}

func (f *mountFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.volumes, "volume", "v", nil, "mount SOURCE:TARGET[:ro], a path of the host")
	flags.StringArrayVar(&f.mounts, "mount", nil, "type=bind,src=PATH,dst=PATH[,ro] or type=tmpfs,dst=PATH[,tmpfs-size=64m]")
	flags.StringArrayVar(&f.tmpfs, "tmpfs", nil, "mount an empty memory file system: TARGET[:size=64m,exec,...]")
}

func (f *mountFlags) apply(spec *container.Spec) error {
	for _, v := range f.volumes {
		m, err := parseVolume(v)
		if err != nil {
			return fmt.Errorf("-v: %w", err)
		}
		spec.Volumes = append(spec.Volumes, m)
	}
	for _, text := range f.mounts {
		if err := parseMount(spec, text); err != nil {
			return fmt.Errorf("--mount: %w", err)
		}
	}
	for _, text := range f.tmpfs {
		target, list, has := strings.Cut(text, ":")
		var options []string
		if has {
			options = strings.Split(list, ",")
		}
		t, err := newTmpfs(target, options)
		if err != nil {
			return fmt.Errorf("--tmpfs: %q: %w", text, err)
		}
		spec.Tmpfs = append(spec.Tmpfs, t)
	}
	return nil
}

// parseVolume reads SOURCE:TARGET[:OPTION,...].
func parseVolume(text string) (container.Mount, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || !path.IsAbs(parts[1]) {
		return container.Mount{}, fmt.Errorf("%q is not SOURCE:TARGET[:ro], with an absolute path as the target", text)
	}
	m := container.Mount{Source: parts[0], Target: parts[1]}
	if len(parts) == 3 {
		for option := range strings.SplitSeq(parts[2], ",") {
			switch option {
			case "ro":
				m.ReadOnly = true
			case "rw":
				m.ReadOnly = false
			default:
				if err := propagation(option); err != nil {
					return m, fmt.Errorf("%q: %w", text, err)
				}
			}
		}
	}
	if !path.IsAbs(m.Source) && !strings.HasPrefix(m.Source, ".") {
		return m, hintf(fmt.Errorf("%q names a volume, and weir keeps none", text), "name a path of the host: /%s or ./%s", m.Source, m.Source)
	}
	return m, hostPath(&m)
}

// propagation accepts what weir's mounts always are: what is mounted on either
// side later does not appear on the other.
func propagation(option string) error {
	switch option {
	case "private", "rprivate":
		return nil
	case "shared", "rshared", "slave", "rslave":
		return fmt.Errorf("%s is not to be had: mounts pass neither into a container of weir's nor out of it", option)
	}
	return fmt.Errorf("unknown option %q: ro, rw and rprivate are known", option)
}

// hostPath makes the source absolute. It must exist: weir makes no directories of
// the host.
func hostPath(m *container.Mount) (err error) {
	if m.Source, err = filepath.Abs(m.Source); err != nil {
		return err
	}
	if _, err := os.Stat(m.Source); err != nil {
		return hintf(err, "make it first: weir makes no directories of the host")
	}
	return nil
}

// parseMount reads KEY=VALUE,..., with CSV's quotes as in Docker, and adds what it
// says to the spec.
func parseMount(spec *container.Spec, text string) error {
	fields, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	var m mountFields
	m.kind = "volume" // as in Docker
	for _, field := range fields {
		if err := m.set(field); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
	}
	if err := m.apply(spec); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	return nil
}

// mountFields are the fields of --mount.
type mountFields struct {
	kind string
	container.Mount
	tmpfs             []string // options
	bindKey, tmpfsKey string   // a key that was given and only fits that type
}

func (m *mountFields) set(field string) error {
	key, value, assigned := strings.Cut(field, "=")
	key = strings.ToLower(key)
	flag := key == "ro" || key == "readonly"
	if assigned && value == "" || !assigned && !flag {
		return fmt.Errorf("%q is not KEY=VALUE", field)
	}
	switch key {
	case "type":
		m.kind = strings.ToLower(value)
	case "source", "src":
		m.Source = value
	case "target", "dst", "destination":
		m.Target = value
	case "readonly", "ro":
		m.ReadOnly = true
		if assigned {
			ro, err := strconv.ParseBool(value)
			if err != nil {
				return fmt.Errorf("%s: %q is not true or false", key, value)
			}
			m.ReadOnly = ro
		}
	case "bind-propagation":
		m.bindKey = key
		if err := propagation(value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	case "tmpfs-size":
		m.tmpfsKey = key
		size, err := parseSize(value)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		m.tmpfs = append(m.tmpfs, "size="+strconv.FormatInt(size, 10))
	case "tmpfs-mode":
		m.tmpfsKey = key
		mode, err := strconv.ParseUint(value, 8, 12)
		if err != nil {
			return fmt.Errorf("%s: %q is not an octal mode such as 1777", key, value)
		}
		m.tmpfs = append(m.tmpfs, "mode="+strconv.FormatUint(mode, 8))
	case "consistency", "bind-recursive", "bind-nonrecursive", "bind-create-src",
		"volume-subpath", "volume-nocopy", "volume-label", "volume-driver", "volume-opt", "image-subpath":
		return fmt.Errorf("weir run has no %s: docker run does", key)
	default:
		return hintf(fmt.Errorf("unknown key %q", key), "type, src, dst, ro, bind-propagation, tmpfs-size and tmpfs-mode are known")
	}
	return nil
}

func (m *mountFields) apply(spec *container.Spec) error {
	if m.Target == "" {
		return errors.New("no target: dst=PATH names it")
	}
	switch m.kind {
	case "bind":
		if m.tmpfsKey != "" {
			return fmt.Errorf("%s is not for type=bind", m.tmpfsKey)
		}
		if m.Source == "" {
			return errors.New("no source: src=PATH names it")
		}
		if !path.IsAbs(m.Source) && !strings.HasPrefix(m.Source, ".") {
			return fmt.Errorf("the source %s must be an absolute path", m.Source)
		}
		if err := hostPath(&m.Mount); err != nil {
			return err
		}
		spec.Volumes = append(spec.Volumes, m.Mount)
		return nil
	case "tmpfs":
		if m.bindKey != "" {
			return fmt.Errorf("%s is not for type=tmpfs", m.bindKey)
		}
		if m.Source != "" {
			return errors.New("type=tmpfs has no source")
		}
		if m.ReadOnly {
			m.tmpfs = append(m.tmpfs, "ro")
		}
		t, err := newTmpfs(m.Target, m.tmpfs)
		spec.Tmpfs = append(spec.Tmpfs, t)
		return err
	case "volume":
		return hintf(errors.New("type=volume, the default: weir keeps no volumes"), "type=bind,src=PATH mounts a path of the host")
	}
	return hintf(fmt.Errorf("unknown type %q", m.kind), "bind and tmpfs are known")
}

// tmpfsAttrs are the options of a memory file system that are the mount's.
var tmpfsAttrs = [...]struct {
	option     string
	set, clear uint64
}{
	{"ro", unix.MOUNT_ATTR_RDONLY, 0},
	{"rw", 0, unix.MOUNT_ATTR_RDONLY},
	{"noexec", unix.MOUNT_ATTR_NOEXEC, 0},
	{"exec", 0, unix.MOUNT_ATTR_NOEXEC},
	{"nosuid", unix.MOUNT_ATTR_NOSUID, 0},
	{"suid", 0, unix.MOUNT_ATTR_NOSUID},
	{"nodev", unix.MOUNT_ATTR_NODEV, 0},
	{"dev", 0, unix.MOUNT_ATTR_NODEV},
	{"noatime", unix.MOUNT_ATTR_NOATIME, unix.MOUNT_ATTR__ATIME},
	{"relatime", 0, unix.MOUNT_ATTR__ATIME},
	{"strictatime", unix.MOUNT_ATTR_STRICTATIME, unix.MOUNT_ATTR__ATIME},
	{"nodiratime", unix.MOUNT_ATTR_NODIRATIME, 0},
	{"diratime", 0, unix.MOUNT_ATTR_NODIRATIME},
}

// newTmpfs returns a memory file system with Docker's options, changed by the
// given ones.
func newTmpfs(target string, options []string) (container.Tmpfs, error) {
	t := container.Tmpfs{
		Target: target,
		Attrs:  unix.MOUNT_ATTR_NOEXEC | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV,
	}
options:
	for _, option := range options {
		for _, a := range tmpfsAttrs {
			if a.option == option {
				t.Attrs = t.Attrs&^a.clear | a.set
				continue options
			}
		}
		key, _, assigned := strings.Cut(option, "=")
		if !assigned || !slices.Contains([]string{"size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"}, key) {
			return t, hintf(fmt.Errorf("unknown option %q", option),
				"size=, mode=, uid=, gid=, nr_inodes=, nr_blocks=, mpol=, ro, exec, suid, noatime and their opposites are known")
		}
		t.Options = append(t.Options, option)
	}
	return t, nil
}
