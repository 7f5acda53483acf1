package syscalls

import (
	"strings"

	"github.com/weir-dev/weir/internal/spell"
)

// library holds the functions of the C library that people take for system
// calls, with the call that does their work.
var library = [...]struct{ function, call string }{
	{"exec", "execve"},
	{"execl", "execve"},
	{"execv", "execve"},
	{"execvp", "execve"},
	{"fexecve", "execveat"},
	{"fstatat", "newfstatat"},
	{"fstatvfs", "fstatfs"},
	{"mkfifo", "mknod"},
	{"opendir", "openat"},
	{"posix_fadvise", "fadvise64"},
	{"posix_fallocate", "fallocate"},
	{"posix_spawn", "clone"},
	{"pthread_create", "clone"},
	{"raise", "tgkill"},
	{"remove", "unlink"},
	{"sem_wait", "futex"},
	{"shm_open", "openat"},
	{"sigqueue", "rt_sigqueueinfo"},
	{"sigtimedwait", "rt_sigtimedwait"},
	{"sigwait", "rt_sigtimedwait"},
	{"sigwaitinfo", "rt_sigtimedwait"},
	{"sleep", "nanosleep"},
	{"statvfs", "statfs"},
	{"usleep", "nanosleep"},
	{"wait", "wait4"},
	{"wait3", "wait4"},
}

// Suggest returns the name that the author of an unknown one may have meant: the
// call behind a function of the C library, or the closest spelling. It reports
// false where nothing is close, and for a name that exists.
func Suggest(name string) (string, bool) {
	if _, known := Lookup(name); known {
		return "", false
	}
	bare := strings.ToLower(strings.TrimSpace(name))
	for _, prefix := range []string{"__nr_", "sys_", "__x64_sys_", "__"} {
		bare = strings.TrimPrefix(bare, prefix)
	}
	if c, ok := Lookup(bare); ok {
		return c.String(), true
	}
	for _, l := range library {
		if l.function == bare {
			return l.call, true
		}
	}
	// No slip in the shortest names, one in short, two in longer ones: beyond
	// that a suggestion misleads more often than it helps.
	best, limit := "", 1
	switch {
	case len(bare) >= 8:
		limit = 3
	case len(bare) >= 4:
		limit = 2
	}
	for c := range Calls() {
		if d := spell.Distance(bare, c.String(), limit); d < limit {
			best, limit = c.String(), d
		}
	}
	return best, best != ""
}
