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

// attach_times has a process for each time.
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

static void transfer(ssize_t (*io)(int, void *, size_t), int fd, void *data, size_t n) {
	for (char *p = data; n > 0;) {
		ssize_t done = io(fd, p, n);
		if (done <= 0)
			_exit(1);
		p += done, n -= done;
	}
}

static ssize_t put(int fd, void *data, size_t n) { return write(fd, data, n); }

// A task comes by standard input, and the program after it.
struct task {
	int64_t attaching, length, nr, arg0, calls, times;
};

// measurer is the process that measures, before Go begins in it. A fork of one with
// Go's threads and pages takes long itself, and leaves nothing in the caches.
__attribute__((constructor)) static void measurer(void) {
	if (getenv("WEIR_BENCH_MEASURER") == NULL)
		return;
	struct task t;
	transfer(read, 0, &t, sizeof t);
	struct sock_filter program[BPF_MAXINSNS];
	if (t.length > BPF_MAXINSNS)
		_exit(1);
	transfer(read, 0, program, t.length * sizeof *program);
	struct job *j = mmap(NULL, sizeof *j + t.times * sizeof *j->ns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (j == MAP_FAILED)
		_exit(1);
	*j = (struct job){ .program = { t.length, program }, .nr = t.nr, .arg0 = t.arg0, .calls = t.calls, .times = t.times };
	int64_t error = t.attaching ? attach_times(j) : in_child(call_times, j);
	transfer(put, 1, &error, sizeof error);
	transfer(put, 1, j->ns, t.times * sizeof *j->ns);
	_exit(0);
}
*/
import "C"

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
)

// Attach returns how long seccomp(2) takes for a program, a number of times in a
// row, each in a process of its own.
func Attach(p bpf.Program, times int) ([]time.Duration, error) {
	return measure(p, task{Attaching: 1, Times: int64(times)})
}

// Calls returns how long n calls take under a program, or under none if it is
// empty, a number of times in a row, all in one process.
func Calls(p bpf.Program, nr seccomp.Nr, arg0 uint32, n, times int) ([]time.Duration, error) {
	return measure(p, task{Nr: int64(nr), Arg0: int64(arg0), Calls: int64(n), Times: int64(times)})
}

// A task is struct task of the measurer's.
type task struct {
	Attaching, Length, Nr, Arg0, Calls, Times int64
}

func measure(p bpf.Program, t task) ([]time.Duration, error) {
	t.Length = int64(len(p))
	var in bytes.Buffer
	binary.Write(&in, binary.NativeEndian, t)
	in.Write(p.Raw(seccomp.ArchX86_64.ByteOrder()))
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{"WEIR_BENCH_MEASURER=1"}
	cmd.Stdin = &in
	out, err := cmd.Output()
	result := make([]int64, 1+t.Times)
	if err == nil {
		err = binary.Read(bytes.NewReader(out), binary.NativeEndian, result)
	}
	if err == nil && result[0] != 0 {
		err = syscall.Errno(result[0])
	}
	if err != nil {
		return nil, fmt.Errorf("a process under a program of %d instructions: %w", len(p), err)
	}
	list := make([]time.Duration, t.Times)
	for i := range list {
		list[i] = time.Duration(result[1+i])
	}
	return list, nil
}
