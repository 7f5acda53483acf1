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

// reap waits for a process and returns the errno of what went wrong with it.
static int reap(pid_t pid) {
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return status ? ECHILD : 0;
}

// measure_one forks a process that attaches a program, unless it is empty, and
// makes n calls under it.
static int measure_one(void *program, int length, long nr, long arg0, int n, struct result *shared) {
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
	int rc = reap(pid);
	return rc ? rc : shared->error;
}

// measure does so a number of times, one after the other, from a process that is
// forked for it: this one has threads that may run meanwhile, and pages of which
// each fork would take a share back.
static int measure(void *program, int length, long nr, long arg0, int n, int times, struct result *results) {
	size_t size = times * sizeof *results;
	struct result *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return errno;
	pid_t pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0) {
		for (int i = 0; i < times; i++) {
			int rc = measure_one(program, length, nr, arg0, n, shared + i);
			if (rc)
				_exit(1);
		}
		_exit(0);
	}
	int rc = reap(pid);
	for (int i = 0; i < times; i++) {
		results[i] = shared[i];
		if (rc && results[i].error)
			rc = results[i].error;
	}
	munmap(shared, size);
	return rc;
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

// Attach returns how long seccomp(2) takes for a program, a number of times in a
// row, each in a process of its own.
func Attach(p bpf.Program, times int) ([]time.Duration, error) {
	results, err := measure(p, 0, 0, 0, times)
	if err != nil {
		return nil, err
	}
	attach := make([]time.Duration, times)
	for i, r := range results {
		attach[i] = time.Duration(r.attach)
	}
	return attach, nil
}

// Calls returns how long n calls take under a program; under none if it is empty.
func Calls(p bpf.Program, nr seccomp.Nr, arg0 uint32, n int) (time.Duration, error) {
	results, err := measure(p, nr, arg0, n, 1)
	if err != nil {
		return 0, err
	}
	return time.Duration(results[0].calls), nil
}

func measure(p bpf.Program, nr seccomp.Nr, arg0 uint32, n, times int) ([]C.struct_result, error) {
	raw := p.Raw(seccomp.ArchX86_64.ByteOrder())
	mem := C.CBytes(append(raw, 0))
	defer C.free(unsafe.Pointer(mem))
	results := make([]C.struct_result, times)
	if errno := C.measure(mem, C.int(len(p)), C.long(nr), C.long(arg0), C.int(n), C.int(times), &results[0]); errno != 0 {
		return nil, fmt.Errorf("a process under a program of %d instructions: %w", len(p), syscall.Errno(errno))
	}
	return results, nil
}
