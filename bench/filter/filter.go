// Package filter attaches programs and makes calls under them, in processes that
// are forked for it, and says how long each took. Go cannot fork, so it is C.
package filter

/*
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// A job lies in memory that the processes share.
struct job {
	struct sock_fprog program; // of length 0 for none
	long nr, arg0;
	int calls, times, at;
	int error;
	int64_t ns[]; // of each of the times
};

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// pin keeps a process and those that it forks where it is: a processor that must
// wake up first would be part of what is measured.
static int pin(void) {
	cpu_set_t here;
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	return sched_setaffinity(0, sizeof here, &here) ? errno : 0;
}

// in_child does work in a process of its own and returns the errno of what went
// wrong with it.
static int in_child(int (*work)(struct job *), struct job *j) {
	pid_t pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0) {
		j->error = work(j);
		_exit(0);
	}
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return status ? ECHILD : j->error;
}

static int attach(struct job *j) {
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &j->program) ? errno : 0;
}

static int attach_once(struct job *j) {
	int64_t begin = now();
	int error = attach(j);
	j->ns[j->at] = now() - begin;
	return error;
}

// attach_times has a process for each time, which it forks itself: a fork of Go's
// process, with its threads and pages, is slower for a while in all that it does.
static int attach_times(struct job *j) {
	int error = pin();
	if (error == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		error = errno;
	for (j->at = 0; error == 0 && j->at < j->times; j->at++)
		error = in_child(attach_once, j);
	return error;
}

// call_times makes its calls again and again under one filter.
static int call_times(struct job *j) {
	int error = pin();
	if (error == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		error = errno;
	if (error == 0 && j->program.len > 0)
		error = attach(j);
	for (j->at = 0; error == 0 && j->at < j->times; j->at++) {
		int64_t begin = now();
		for (int i = 0; i < j->calls; i++)
			syscall(j->nr, j->arg0, 0, 0, 0, 0, 0);
		j->ns[j->at] = now() - begin;
	}
	return error;
}

static int measure(int (*work)(struct job *), const struct job *task, int64_t *ns) {
	size_t size = sizeof *task + task->times * sizeof *ns;
	struct job *j = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (j == MAP_FAILED)
		return errno;
	*j = *task;
	int error = in_child(work, j);
	for (int i = 0; i < task->times; i++)
		ns[i] = j->ns[i];
	munmap(j, size);
	return error;
}

static int measure_attach(void *program, int length, int times, int64_t *ns) {
	struct job j = { .program = { length, program }, .times = times };
	return measure(attach_times, &j, ns);
}

static int measure_calls(void *program, int length, long nr, long arg0, int calls, int times, int64_t *ns) {
	struct job j = { .program = { length, program }, .nr = nr, .arg0 = arg0, .calls = calls, .times = times };
	return measure(call_times, &j, ns);
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
	return measure(p, times, func(mem unsafe.Pointer, ns *C.int64_t) C.int {
		return C.measure_attach(mem, C.int(len(p)), C.int(times), ns)
	})
}

// Calls returns how long n calls take under a program, or under none if it is
// empty, a number of times in a row, all in one process.
func Calls(p bpf.Program, nr seccomp.Nr, arg0 uint32, n, times int) ([]time.Duration, error) {
	return measure(p, times, func(mem unsafe.Pointer, ns *C.int64_t) C.int {
		return C.measure_calls(mem, C.int(len(p)), C.long(nr), C.long(arg0), C.int(n), C.int(times), ns)
	})
}

func measure(p bpf.Program, times int, do func(mem unsafe.Pointer, ns *C.int64_t) C.int) ([]time.Duration, error) {
	mem := C.CBytes(append(p.Raw(seccomp.ArchX86_64.ByteOrder()), 0))
	defer C.free(mem)
	ns := make([]C.int64_t, times)
	if errno := do(mem, &ns[0]); errno != 0 {
		return nil, fmt.Errorf("a process under a program of %d instructions: %w", len(p), syscall.Errno(errno))
	}
	list := make([]time.Duration, times)
	for i := range ns {
		list[i] = time.Duration(ns[i])
	}
	return list, nil
}
