package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

const (
	baseStarter = "weir, image"
	busybox     = "/bin/busybox"
	reference   = "bench/true:latest"
)

// starters prepares a root file system of busybox alone, an image of it in a
// store of weir's, and bundles for the other engines, all under dir.
func starters(dir, weir string) ([]starter, error) {
	rootfs := filepath.Join(dir, "rootfs")
	if err := makeRoot(rootfs); err != nil {
		return nil, err
	}
	os.Setenv("WEIR_ROOT", filepath.Join(dir, "store"))
	if out, err := exec.Command(weir, "import", rootfs, reference).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("weir import: %w: %s", err, out)
	}
	run := func(args ...string) func(int) *exec.Cmd {
		return func(int) *exec.Cmd { return exec.Command(weir, append([]string{"run"}, args...)...) }
	}
	all := []starter{
		{"busybox, no container", func(int) *exec.Cmd { return exec.Command(busybox, "true") }},
		{baseStarter, run(reference, "true")},
		{"weir, image, unconfined", run("--security-opt", "seccomp=unconfined", reference, "true")},
		{"weir, --rootfs", run("--rootfs", rootfs, "true")},
	}
	for _, engine := range []string{"runc", "crun"} {
		for _, filtered := range []bool{true, false} {
			s, err := bundle(dir, rootfs, engine, filtered)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// makeRoot makes a root file system whose only program is busybox.
func makeRoot(rootfs string) error {
	for _, d := range []string{"bin", "dev", "proc", "sys", "etc", "tmp"} {
		if err := os.MkdirAll(filepath.Join(rootfs, d), 0o755); err != nil {
			return err
		}
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		return fmt.Errorf("%w (Debian has it in busybox-static)", err)
	}
	if err := os.WriteFile(filepath.Join(rootfs, "bin/busybox"), program, 0o755); err != nil {
		return err
	}
	return os.Symlink("busybox", filepath.Join(rootfs, "bin/true"))
}

// bundle writes a bundle of the OCI for an engine.
func bundle(dir, rootfs, engine string, filtered bool) (starter, error) {
	name := engine
	if !filtered {
		name += ", unconfined"
	}
	at := filepath.Join(dir, name)
	if err := os.Mkdir(at, 0o700); err != nil {
		return starter{}, err
	}
	config, err := json.Marshal(ociConfig(rootfs, filtered))
	if err != nil {
		return starter{}, err
	}
	if err := os.WriteFile(filepath.Join(at, "config.json"), config, 0o600); err != nil {
		return starter{}, err
	}
	return starter{name, func(round int) *exec.Cmd {
		return exec.Command(engine, "--root", filepath.Join(dir, engine+"-state"), "run", "--bundle", at, fmt.Sprintf("weir-bench-%d-%d", os.Getpid(), round+1))
	}}, nil
}

// object spares the types of the OCI's configuration, which no other code here
// reads.
type object = map[string]any

// ociConfig is Docker's container without its cgroup mount: namespaces, mounts
// and capabilities as weir has them.
func ociConfig(rootfs string, filtered bool) object {
	var caps []string
	for _, c := range seccomp.DefaultCaps.List() {
		caps = append(caps, c.String())
	}
	mount := func(target, kind string, options ...string) object {
		return object{"destination": target, "type": kind, "source": kind, "options": options}
	}
	var namespaces []object
	for _, n := range []string{"pid", "network", "ipc", "uts", "mount", "cgroup"} {
		namespaces = append(namespaces, object{"type": n})
	}
	linux := object{
		"namespaces":    namespaces,
		"maskedPaths":   []string{"/proc/kcore", "/proc/keys", "/proc/timer_list"},
		"readonlyPaths": []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
	}
	if filtered {
		linux["seccomp"] = json.RawMessage(profile.Default().MarshalOCI(setting))
	}
	return object{
		"ociVersion": "1.0.2",
		"root":       object{"path": rootfs},
		"hostname":   "bench",
		"process": object{
			"user": object{"uid": 0, "gid": 0},
			"args": []string{"/bin/true"},
			"env":  []string{"PATH=/bin"},
			"cwd":  "/",
			"capabilities": object{
				"bounding": caps, "effective": caps, "permitted": caps,
			},
		},
		"mounts": []object{
			mount("/proc", "proc", "nosuid", "noexec", "nodev"),
			mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
			mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
			mount("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
			mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"),
			mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
		},
		"linux": linux,
	}
}
