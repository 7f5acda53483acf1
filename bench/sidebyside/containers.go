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

// startsArg makes a child, in a mount namespace of its own, measure starts.
const startsArg = "measure-starts"

// hybrid is where systems with both versions of cgroups mount the second. crun
// refuses to work there if a controller belongs to it, so it is taken away from
// the namespace in which all are measured.
const hybrid = "/sys/fs/cgroup/unified"

// containers measures starts of containers, where that is possible.
func containers(rounds, size int, weir string) error {
	if os.Geteuid() != 0 {
		return unable("starts of containers need root")
	}
	if _, err := os.Stat(weir); err != nil {
		return unable(fmt.Sprintf("starts of containers need weir: %v (make builds it)", err))
	}
	cmd := exec.Command("/proc/self/exe", startsArg, strconv.Itoa(rounds), strconv.Itoa(size), weir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	return cmd.Run()
}

// unable says what is not measured; where everything must run, it is an error.
func unable(why string) error {
	if os.Getenv("WEIR_TEST_MUST_RUN") == "1" {
		return errors.New(why)
	}
	fmt.Println("left out:", why)
	return nil
}

// A starter starts true once and returns after its end.
type starter struct {
	name    string
	cmd     func(round int) *exec.Cmd
	alone   bool             // not among many at once
	waiting func() *exec.Cmd // runs cat in a container; nil where that is not measured
}

func measureStarts(args []string) error {
	rounds, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	weir, err := filepath.Abs(args[2])
	if err != nil {
		return err
	}
	if _, err := os.Stat(hybrid); err == nil {
		if err := syscall.Unmount(hybrid, syscall.MNT_DETACH); err != nil && err != syscall.EINVAL {
			return fmt.Errorf("unmounting %s: %w", hybrid, err)
		}
	}
	dir, err := os.MkdirTemp("", "weir-sidebyside-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	all, err := starters(dir, weir)
	if err != nil {
		return err
	}
	var able []starter
	for _, s := range all {
		if _, err := startOnce(s, -1); err != nil {
			fmt.Printf("left out: %s: %v\n", s.name, err)
			if os.Getenv("WEIR_TEST_MUST_RUN") == "1" {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			continue
		}
		able = append(able, s)
	}
	t := newTimes()
	for round := range rounds {
		for _, s := range able {
			for i := range inRow {
				start := time.Now()
				cpu, err := startOnce(s, round*inRow+i)
				if err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
				t.add(s.name, time.Since(start))
				t.cpu[s.name] = append(t.cpu[s.name], cpu)
			}
		}
	}
	t.print(fmt.Sprintf("start to exit of true, %d rounds of %d in a row", rounds, inRow), baseStarter)
	if err := memory(able); err != nil {
		return err
	}
	if size == 0 {
		return nil
	}
	return crowd(able, size)
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
