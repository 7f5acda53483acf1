package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience is how long the daemon may take to answer, and to end.
const patience = 30 * time.Second

// docker starts a daemon of its own under dir, which leaves the host's network
// alone, and imports the root file system. stop ends the daemon.
func docker(dir, rootfs string) (list []starter, stop func(), err error) {
	client := func(args ...string) *exec.Cmd {
		return exec.Command("docker", append([]string{"-H", "unix://" + filepath.Join(dir, "socket")}, args...)...)
	}
	var log bytes.Buffer
	daemon := exec.Command("dockerd", "--host", "unix://"+filepath.Join(dir, "socket"), "--data-root", filepath.Join(dir, "data"),
		"--exec-root", filepath.Join(dir, "exec"), "--pidfile", filepath.Join(dir, "pid"),
		"--bridge=none", "--iptables=false", "--ip-forward=false")
	daemon.Stdout, daemon.Stderr = &log, &log
	daemon.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := daemon.Start(); err != nil {
		return nil, nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	stop = func() {
		daemon.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			daemon.Process.Kill()
		}
		syscall.Unmount(filepath.Join(dir, "exec/netns/default"), syscall.MNT_DETACH)
	}
	for end := time.Now().Add(patience); client("version").Run() != nil; time.Sleep(50 * time.Millisecond) {
		select {
		case <-ended:
			return nil, nil, fmt.Errorf("dockerd has ended: %s", &log)
		default:
		}
		if time.Now().After(end) {
			stop()
			return nil, nil, fmt.Errorf("dockerd does not answer: %s", &log)
		}
	}
	tar := exec.Command("tar", "-C", rootfs, "-c", ".")
	load := client("import", "-", reference)
	if load.Stdin, err = tar.StdoutPipe(); err == nil {
		err = errors.Join(tar.Start(), load.Run(), tar.Wait())
	}
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("docker import: %w", err)
	}
	run := func(args ...string) func(int) *exec.Cmd {
		return func(int) *exec.Cmd { return client(append([]string{"run", "--rm", "--network", "none"}, args...)...) }
	}
	return []starter{
		{name: "docker", alone: true, cmd: run(reference, "true"),
			waiting: func() *exec.Cmd { return run("-i", reference, "busybox", "cat")(0) },
			engine:  func() (int, error) { return shim(dir) }},
		{name: "docker" + unconfined, alone: true, cmd: run("--security-opt", "seccomp=unconfined", reference, "true")},
	}, stop, nil
}

// removeGroups removes the cgroups that Docker leaves behind, if they are empty.
func removeGroups() {
	groups, _ := filepath.Glob("/sys/fs/cgroup/*/docker")
	for _, group := range groups {
		syscall.Rmdir(group)
	}
}

// shim finds the process that containerd keeps for a container of the daemon
// under dir.
func shim(dir string) (pid int, err error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err == nil && bytes.Contains(line, []byte("containerd-shim")) && bytes.Contains(line, []byte(dir)) {
			return strconv.Atoi(strings.Split(file, "/")[2])
		}
	}
	return 0, errors.New("no containerd-shim runs")
}
