package container

import (
	"fmt"
	"os"
	"path"
	"runtime"
	"strings"
	"syscall"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/container/cgroup"
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// A Spec is a container to run. The zero value of each field is Docker's default,
// except for the capabilities and the filter, of which it grants and attaches none.
type Spec struct {
	Init *Init `json:"-"` // for where weir-init makes the container

	// The root file system: Layers (directories, the lowest first) under the
	// empty directories Upper and Work of one file system, or else Rootfs, a
	// directory that is the root as it is. Absolute paths.
	Layers      []string
	Upper, Work string
	Rootfs      string

	Args     []string       // the program, looked up in PATH if it has no slash, and its arguments
	Env      []string       // KEY=VALUE over Docker's PATH, HOSTNAME, TERM and HOME; KEY alone removes
	Cwd      string         // "/" if empty; made if missing
	User     string         // user, uid, user:group or uid:gid, by the files of the container
	Reaper   bool           // the first process only forwards signals and reaps; the program is its child
	Groups   []string       // groups or gids that the user has beside its own
	Stop     syscall.Signal // what the program gets when the launcher gets SIGTERM; SIGTERM if 0
	Hostname string         // 12 random hexadecimal digits if empty, the host's with HostNetwork

	ShmSize        int64 // of /dev/shm in bytes, 64 MiB if 0
	ReadonlyRootfs bool
	HostNetwork    bool    // the host's network in place of an own one with loopback alone
	Volumes        []Mount // bound over Docker's mounts
	Tmpfs          []Tmpfs // mounted over Docker's mounts
	// Privileged gives what Docker's --privileged gives beside capabilities and
	// unconfined calls: all devices, a writable /sys and /proc/sys, nothing masked.
	Privileged bool

	Rlimits []Rlimit      // of those not named the caller's
	Cgroup  *cgroup.Group `json:"-"` // to be closed after the run; nil for the caller's own

	Caps       seccomp.Caps // bounding; for uid 0 also permitted and effective
	NoNewPrivs bool
	Program    bpf.Program  // the filter; nil leaves the container unconfined
	Flags      seccomp.Flag // how the filter is attached
	// Filter, if not nil, gives Program and Flags in their place. It is asked when
	// the first process was started, so that a compiler can work beside that. Its error
	// is Run's.
	Filter func() (bpf.Program, seccomp.Flag, error) `json:"-"`

	// With TTY the container has a terminal of its own; Stdin, if not nil, must
	// be a terminal and is raw meanwhile, and Stderr is not used. Without, each
	// stream is copied through a pipe, whatever it is: no file, directory, socket
	// or terminal of the caller's is handed in. If Stdin is nil it is /dev/null.
	TTY                   bool
	Stdin, Stdout, Stderr *os.File

	// Reached, if not nil, is told when each stage of the run was over, by
	// [thread.Now], in the order in which they came.
	Reached func(stage string, at int64) `json:"-"`

	// Unheeded, if not nil, is told of a signal that asks to end and that the program
	// has no handler for: as the first process it does not end by it.
	Unheeded func(sig syscall.Signal) `json:"-"`
}

// A Mount binds a file or a directory of the host, with all that is mounted below
// it, into the container. Target is made if missing.
type Mount struct {
	Source, Target string // absolute
	ReadOnly       bool
}

// A Tmpfs is an empty memory file system. Target is made if missing; if not, the
// file system has its mode.
type Tmpfs struct {
	Target  string   // absolute
	Attrs   uint64   // MOUNT_ATTR_*
	Options []string // tmpfs(5): size=64m, mode=1777, ...
}

// An Rlimit is a limit on what a process may use, setrlimit(2).
type Rlimit struct {
	Name       string // as messages name it
	Resource   int    // RLIMIT_*
	Soft, Hard uint64 // RLIM_INFINITY for none
}

// ReaperCalls are the system calls that a filter has to allow for a Reaper, beside
// execve.
var ReaperCalls = []string{"rt_sigtimedwait", "wait4", "kill", "exit_group"}

// check finds what no container can be made of.
func (s *Spec) check() error {
	switch {
	case s.Init == nil:
		return fmt.Errorf("no weir-init given")
	case s.Reaper && runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64":
		return fmt.Errorf("no first process that reaps for %s: there is one for amd64 and arm64", runtime.GOARCH)
	case len(s.Args) == 0:
		return fmt.Errorf("no command given")
	case (len(s.Layers) == 0) == (s.Rootfs == ""):
		return fmt.Errorf("either layers or a root directory must be given")
	case s.Program != nil && s.Filter != nil:
		return fmt.Errorf("two filters given")
	case s.Stdout == nil || !s.TTY && s.Stderr == nil:
		return fmt.Errorf("no standard output given")
	}
	dirs := append([]string{}, s.Layers...)
	if s.Rootfs == "" {
		dirs = append(dirs, s.Upper, s.Work)
	} else {
		dirs = append(dirs, s.Rootfs)
	}
	for _, dir := range dirs {
		if !path.IsAbs(dir) {
			return fmt.Errorf("root file system %q: not an absolute path", dir)
		}
	}
	if s.Cwd != "" && !path.IsAbs(s.Cwd) {
		return fmt.Errorf("working directory %q: not an absolute path", s.Cwd)
	}
	return s.checkMounts()
}

func (s *Spec) checkMounts() error {
	seen := map[string]bool{}
	check := func(what, target string) error {
		err := checkTarget(target)
		if err == nil && seen[path.Clean(target)] {
			err = fmt.Errorf("duplicate mount point %s", path.Clean(target))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		seen[path.Clean(target)] = true
		return nil
	}
	for _, v := range s.Volumes {
		what := fmt.Sprintf("volume %s:%s", v.Source, v.Target)
		if !path.IsAbs(v.Source) {
			return fmt.Errorf("%s: the source must be an absolute path", what)
		}
		if err := check(what, v.Target); err != nil {
			return err
		}
	}
	for _, t := range s.Tmpfs {
		if err := check("tmpfs "+t.Target, t.Target); err != nil {
			return err
		}
		if !s.Privileged && t.Attrs&unix.MOUNT_ATTR_NODEV == 0 {
			return fmt.Errorf("tmpfs %s: devices on it would be out of control: only a privileged container may have them", t.Target)
		}
	}
	return nil
}

// checkFilter finds what cannot be attached.
func checkFilter(p bpf.Program, flags seccomp.Flag) error {
	switch {
	case p != nil && len(p) == 0:
		return fmt.Errorf("an empty filter")
	case flags&(seccomp.FlagNewListener|seccomp.FlagTSyncESRCH) != 0:
		return fmt.Errorf("filter flags %v: the launcher has no listener", flags)
	case len(p) > bpf.MaxLen:
		return fmt.Errorf("a filter of %d instructions: the kernel takes %d", len(p), bpf.MaxLen)
	}
	return nil
}

func checkTarget(text string) error {
	target := path.Clean(text)
	switch {
	case !path.IsAbs(text):
		return fmt.Errorf("the target must be an absolute path")
	case target == "/":
		return fmt.Errorf("the target cannot be /")
	case target == "/proc" || strings.HasPrefix(target, "/proc/"):
		return fmt.Errorf("nothing can be mounted inside /proc")
	}
	return nil
}
