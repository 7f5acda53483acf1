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
	busybox    = "/bin/busybox"
	reference  = "bench/true:latest"
	unconfined = ", unconfined" // ends the name of who starts without a filter
)

// starters prepares a root file system of busybox alone, an image of it in a
// store of weir's, and bundles for the other engines, all under dir.
func starters(dir, weir, runc string) ([]starter, error) {
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
		{name: "busybox, no container", alone: true, cmd: func(int) *exec.Cmd { return exec.Command(busybox, "true") }},
		{name: "weir", cmd: run(reference, "true"), waiting: func() *exec.Cmd { return run("-i", reference, "busybox", "cat")(0) }},
		{name: "weir" + unconfined, alone: true, cmd: run("--security-opt", "seccomp=unconfined", reference, "true")},
		{name: "weir, --rootfs", alone: true, cmd: run("--rootfs", rootfs, "true")},
	}
	for _, engine := range []struct{ name, file string }{{"runc", runc}, {"crun", "crun"}} {
		for _, filtered := range []bool{true, false} {
			s, err := bundle(dir, rootfs, engine.name, engine.file, filtered)
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

// bundle writes two bundles of the OCI for an engine, one of true and one of cat.
func bundle(dir, rootfs, name, engine string, filtered bool) (starter, error) {
	state := filepath.Join(dir, name+"-state")
	if !filtered {
		name += unconfined
	}
	if err := writeBundle(filepath.Join(dir, name), ociConfig(rootfs, filtered, "/bin/true")); err != nil {
		return starter{}, err
	}
	if err := writeBundle(filepath.Join(dir, name+", cat"), ociConfig(rootfs, filtered, "/bin/busybox", "cat")); err != nil {
		return starter{}, err
	}
	run := func(bundle string, round int) *exec.Cmd {
		return exec.Command(engine, "--root", state, "run", "--bundle", filepath.Join(dir, bundle),
			fmt.Sprintf("weir-bench-%d-%d", os.Getpid(), round+1))
	}
	s := starter{name: name, alone: !filtered, cmd: func(round int) *exec.Cmd { return run(name, round) }}
	if filtered {
		s.waiting = func() *exec.Cmd { return run(name+", cat", -1) }
	}
	return s, nil
}

func writeBundle(at string, config object) error {
	if err := os.Mkdir(at, 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(at, "config.json"), text, 0o600)
}

// object spares the types of the OCI's configuration, which no other code here
// reads.
type object = map[string]any

// ociConfig is Docker's container without its cgroup mount: namespaces, mounts
// and capabilities as weir has them.
func ociConfig(rootfs string, filtered bool, args ...string) object {
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
			"args": args,
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
