package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path"
	"runtime"
	"strconv"
)

// Limits are what a container is kept to. The zero value is no limit.
type Limits struct {
	Memory int64 // bytes
	Swap   int64 // bytes of memory and swap together, -1 for any amount; 0 is twice Memory
	CPUs   int64 // billionths of a processor
	Pids   int64 // processes and threads
}

// minMemory is the least that Memory may be, as in Docker: with less no program
// starts.
const minMemory = 6 << 20

// Check finds what no kernel would keep, or Docker would not take.
func (l Limits) Check() error {
	switch processors := int64(runtime.NumCPU()); {
	case l.Memory < 0 || l.Memory > 0 && l.Memory < minMemory:
		return errors.New("the limit of memory must be 6m at least")
	case l.Swap != 0 && l.Memory == 0:
		return errors.New("a limit of memory and swap needs one of memory")
	case l.Swap > 0 && l.Swap < l.Memory:
		return errors.New("the limit of memory and swap is below that of memory")
	case l.CPUs != 0 && (l.CPUs < 1e7 || l.CPUs > processors*1e9):
		return fmt.Errorf("the limit of processors must be between 0.01 and %d, the number that there are", processors)
	case l.Pids < 0:
		return errors.New("the limit of processes is below one")
	}
	return nil
}

// A setting is a file of a cgroup and what is written to it.
type setting struct {
	controller, file, value string
	swap                    bool // not every kernel has the file
	late                    bool // what makes the container would run into it
}

// settings lists what the limits are, in the order in which the kernel takes them.
func (l Limits) settings(v2 bool) []setting {
	var list []setting
	add := func(controller, file, value string) {
		list = append(list, setting{controller: controller, file: file, value: value, late: controller == "pids"})
	}
	addSwap := func(file, value string) {
		list = append(list, setting{controller: "memory", file: file, value: value, swap: true})
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	swap := l.Swap
	if swap == 0 {
		swap = 2 * l.Memory
	}
	const period = 100_000 // microseconds
	quota := number(l.CPUs * period / 1e9)
	if l.Memory > 0 {
		switch {
		case v2 && swap < 0:
			add("memory", "memory.max", number(l.Memory))
			addSwap("memory.swap.max", "max")
		case v2: // counts swap alone
			add("memory", "memory.max", number(l.Memory))
			addSwap("memory.swap.max", number(swap-l.Memory))
		default:
			add("memory", "memory.limit_in_bytes", number(l.Memory))
			addSwap("memory.memsw.limit_in_bytes", number(swap))
		}
	}
	if l.CPUs > 0 {
		if v2 {
			add("cpu", "cpu.max", quota+" "+number(period))
		} else {
			add("cpu", "cpu.cfs_period_us", number(period))
			add("cpu", "cpu.cfs_quota_us", quota)
		}
	}
	if l.Pids > 0 {
		add("pids", "pids.max", number(l.Pids))
	}
	return list
}

// controllers lists what must be had to keep the limits.
func (l Limits) controllers() []string {
	var list []string
	for _, s := range l.settings(true) {
		if len(list) == 0 || list[len(list)-1] != s.controller {
			list = append(list, s.controller)
		}
	}
	return list
}

// open opens the file of a setting in a cgroup's directory. It makes none: what is
// not there the kernel does not have.
func (s setting) open(dir string) (*os.File, error) {
	return os.OpenFile(path.Join(dir, s.file), os.O_WRONLY, 0)
}

// write writes a setting in a cgroup's directory.
func (s setting) write(dir string) error {
	f, err := s.open(dir)
	if err != nil {
		return err
	}
	_, err = f.WriteString(s.value)
	return errors.Join(err, f.Close())
}
