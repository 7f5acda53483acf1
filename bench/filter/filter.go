// Package filter attaches programs, each in a process that is forked for it and
// does nothing else, and says how long that and the calls under it take. Go
// cannot fork, so it is C.
package filter

/*
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

struct result { int64_t attach, calls; int error; };

// measure forks a process that attaches a program, unless it is empty, and makes
// n calls under it.
static int measure(void *program, int length, long nr, long arg0, int n, struct result *r) {
	struct result *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return errno;
	shared->error = ECHILD;
	pid_t pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0) {
		struct sock_fprog prog = { length, program };
		shared->error = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : 0;
		int64_t begin = now();
		if (length > 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
			shared->error = errno;
		int64_t attached = now();
		for (int i = 0; i < n; i++)
			syscall(nr, arg0, 0, 0, 0, 0, 0);
		shared->calls = now() - attached;
		shared->attach = attached - begin;
		_exit(0);
	}
	int status, rc = 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) { rc = errno; break; }
	*r = *shared;
	munmap(shared, sizeof *shared);
	if (rc == 0 && status != 0)
		rc = ECHILD;
	return rc ? rc : r->error;
}
*/
import "C"

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
)

// Attach returns how long seccomp(2) takes for a program.
func Attach(p bpf.Program) (time.Duration, error) {
	attach, _, err := measure(p, 0, 0, 0)
	return attach, err
}

// Calls returns how long n calls take under a program; under none if it is empty.
func Calls(p bpf.Program, nr seccomp.Nr, arg0 uint32, n int) (time.Duration, error) {
	_, calls, err := measure(p, nr, arg0, n)
	return calls, err
}

func measure(p bpf.Program, nr seccomp.Nr, arg0 uint32, n int) (attach, calls time.Duration, err error) {
	raw := p.Raw(seccomp.ArchX86_64.ByteOrder())
	mem := C.CBytes(append(raw, 0))
	defer C.free(unsafe.Pointer(mem))
	var r C.struct_result
	if errno := C.measure(mem, C.int(len(p)), C.long(nr), C.long(arg0), C.int(n), &r); errno != 0 {
		return 0, 0, fmt.Errorf("a process under a program of %d instructions: %w", len(p), syscall.Errno(errno))
	}
	return time.Duration(r.attach), time.Duration(r.calls), nil
}
