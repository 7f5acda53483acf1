package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// hybrid is where systems with both versions of cgroups mount the second. crun
// refuses to work there if a controller belongs to it, so it is taken away from
// the namespace in which all are measured.
const hybrid = "/sys/fs/cgroup/unified"

// A starter starts true once and returns after its end.
type starter struct {
	name    string
	cmd     func(round int) *exec.Cmd
	alone   bool             // not among many at once
	waiting func() *exec.Cmd // runs cat in a container; nil where that is not measured

	// engine returns the process that stays while the container runs, by default
	// the command's.
	engine func() (pid int, err error)
}

// containers measures starts of containers, where that is possible.
func containers(o options, figures *table) error {
	if os.Geteuid() != 0 {
		return unable("starts of containers need root")
	}
	weir, err := filepath.Abs(o.weir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(weir); err != nil {
		return unable(fmt.Sprintf("starts of containers need weir: %v (make builds it)", err))
	}
	if _, err := os.Stat(hybrid); err == nil {
		if err := syscall.Unmount(hybrid, syscall.MNT_DETACH); err != nil && err != syscall.EINVAL {
			return fmt.Errorf("unmounting %s: %w", hybrid, err)
		}
	}
	dir := os.Getenv(insideEnv)
	all, err := starters(dir, weir, o.runc)
	if err != nil {
		return err
	}
	dockers, stop, err := docker(filepath.Join(dir, "docker"), filepath.Join(dir, "rootfs"))
	if err == nil {
		defer stop()
		all = append(all, dockers...)
	} else if err := unable(fmt.Sprintf("docker: %v", err)); err != nil {
		return err
	}
	var able []starter
	for _, s := range all {
		if _, err := startOnce(s, -1); err != nil {
			if err := unable(fmt.Sprintf("%s: %v", s.name, err)); err != nil {
				return err
			}
			continue
		}
		able = append(able, s)
	}
	t := newTimes()
	turns := make(map[string][]time.Duration) // the medians of each turn
	number := 0
	for range o.starts {
		for _, s := range able {
			before := len(t.all[s.name])
			err := turn(func(counts bool) error {
				number++
				start := time.Now()
				cpu, err := startOnce(s, number)
				if counts {
					t.add(s.name, time.Since(start))
					t.cpu[s.name] = append(t.cpu[s.name], cpu)
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			turns[s.name] = append(turns[s.name], median(t.all[s.name][before:]))
		}
	}
	t.print(fmt.Sprintf("start to exit of true; %d rounds", o.starts), "weir")
	t.fill(&figures.start)
	for _, s := range subjects {
		if len(turns[s]) > 0 && len(turns[s+unconfined]) > 0 {
			figures.share.set(s, ms(added(turns[s], turns[s+unconfined])))
		}
	}
	if err := memory(able, figures); err != nil {
		return err
	}
	if o.crowd == 0 {
		return nil
	}
	return crowd(able, o.crowd, figures)
}

// startOnce returns the CPU time of the engine and of what it waited for.
func startOnce(s starter, round int) (cpu time.Duration, err error) {
	cmd := s.cmd(round)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%w %s", err, strings.TrimSpace(stderr.String()))
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
