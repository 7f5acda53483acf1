//go:build linux

package running

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	ended   = "its first process has ended"
	created = "it is created and not started"
)

// runtimes lists the containers of a state directory of runc or crun.
func runtimes(root string) ([]Container, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var list []Container
	for _, e := range entries {
		dir := filepath.Join(root, e.Name())
		for _, read := range []func(dir, id string) (Container, error){runc, crun} {
			c, err := read(dir, e.Name())
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return list, err
			}
			if _, err := os.Stat(filepath.Join(dir, "exec.fifo")); err == nil && c.PID != 0 {
				c.PID, c.State = 0, created
			}
			list = append(list, c)
		}
	}
	return list, nil
}

// runc reads state.json (libcontainer, State).
func runc(dir, id string) (Container, error) {
	var state struct {
		PID   int    `json:"init_process_pid"`
		Start uint64 `json:"init_process_start"`
	}
	err := readJSON(filepath.Join(dir, "state.json"), &state)
	return process("runc", id, state.PID, state.Start), err
}

// crun reads status (libcrun, status.c).
func crun(dir, id string) (Container, error) {
	var status struct {
		PID   int    `json:"pid"`
		Start uint64 `json:"process-start-time"`
	}
	err := readJSON(filepath.Join(dir, "status"), &status)
	return process("crun", id, status.PID, status.Start), err
}

func readJSON(file string, v any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

// process makes a container of a process, if that runs and began when it is said
// to, in clock ticks after boot; 0 is unknown.
func process(engine, id string, pid int, start uint64) Container {
	c := Container{Engine: engine, ID: id, State: ended}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return c
	}
	// The name, in parentheses, may have any bytes. State is the 3rd field,
	// starttime the 22nd (proc_pid_stat(5)).
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return c
	}
	if began, err := strconv.ParseUint(fields[19], 10, 64); err != nil || start != 0 && began != start {
		return c
	}
	c.PID = pid
	return c
}

// containerd lists its tasks: directories by namespace and id, with the number of
// the first process in init.pid.
func (p Places) containerd() ([]Container, error) {
	var list []Container
	for _, root := range p.Containerd {
		tasks, err := filepath.Glob(filepath.Join(root, "*", "*"))
		if err == nil {
			_, err = os.ReadDir(root) // Glob says nothing of what it may not read
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return list, err
		}
		for _, task := range tasks {
			engine, id := "containerd "+filepath.Base(filepath.Dir(task)), filepath.Base(task)
			b, err := os.ReadFile(filepath.Join(task, "init.pid"))
			if errors.Is(err, fs.ErrNotExist) {
				list = append(list, Container{Engine: engine, ID: id, State: created})
				continue
			}
			if err != nil {
				return list, err
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
			if err != nil {
				return list, fmt.Errorf("the process of container %s: %w", id, err)
			}
			list = append(list, process(engine, id, pid, 0))
		}
	}
	return list, nil
}
