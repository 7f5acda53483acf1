//go:build linux

package installed

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/seccomp"
)

// adoptOrphans makes this process the parent of what its children leave behind:
// of a container, when the engine has ended. The function returned ends that.
func adoptOrphans() (leave func(), err error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("becoming the parent of orphans: %w", err)
	}
	return func() { unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }, nil
}

// orphans returns the children of this process that have not ended, and reaps
// those that have. It is called while no child of its own is waited for.
func orphans() []int {
	var pids []int
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, task := range tasks {
		list, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		for _, field := range strings.Fields(string(list)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				continue
			}
			if ended, _ := unix.Wait4(pid, nil, unix.WNOHANG, nil); ended != pid {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func errNoProgram(arch seccomp.Arch) error {
	return fmt.Errorf("there is no program for %s", arch.Name())
}
