package engines

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// An Init is what the first process of a container calls between the filter and
// execve: found by denying one call at a time, with an errno and with a kill, on
// x86_64 with a static program. With no_new_privs the filter comes later.
type Init struct {
	Engine      string
	From, To    Version // those it holds for, both included
	Plain, Late Needs
}

// Needs are lists of calls, with a space between.
type Needs struct {
	Must  string // without them it does not start
	Also  string // called each time, but one of them may fail
	Maybe string // called now and then: the runtime of Go, or special cases
}

const goRuntime = "clone clone3 epoll_pwait fchown madvise mmap munmap nanosleep rt_sigprocmask rt_sigreturn sched_yield sigaltstack tgkill"

// Newest returns what the newest version of each engine calls.
func Newest() []Init {
	var list []Init
	for _, in := range inits {
		if n := len(list); n > 0 && list[n-1].Engine == in.Engine {
			list[n-1] = in
		} else {
			list = append(list, in)
		}
	}
	return list
}

// inits has the versions of an engine together, the newest last.
var inits = [...]Init{
	{
		Engine: "runc", From: Version{1, 1, 0}, To: Version{1, 1, 99},
		Plain: Needs{
			Must:  "capget capset chdir close execve fstat fstatfs getcwd getdents64 getppid newfstatat openat prctl read setgid setgroups setuid write",
			Also:  "epoll_ctl faccessat2 fcntl getpid",
			Maybe: "futex " + goRuntime,
		},
		Late: Needs{
			Must:  "close execve fstatfs getdents64 openat write",
			Also:  "epoll_ctl getpid",
			Maybe: "futex " + goRuntime,
		},
	},
	{
		Engine: "runc", From: Version{1, 2, 0}, To: Version{1, 2, 99},
		Plain: Needs{
			Must:  "capget capset chdir close execve fstat fstatfs getcwd getdents64 getppid newfstatat openat prctl read setgid setgroups setuid write",
			Also:  "close_range epoll_ctl faccessat2 fcntl getpid",
			Maybe: "futex " + goRuntime,
		},
		Late: Needs{
			Must:  "close execve fstatfs getdents64 openat write",
			Also:  "epoll_ctl fcntl getpid",
			Maybe: "futex " + goRuntime,
		},
	},
	{
		Engine: "runc", From: Version{1, 3, 0}, To: Version{1, 3, 99},
		Plain: Needs{
			Must:  "capget capset chdir close execve fstat fstatfs getcwd getdents64 getppid newfstatat openat prctl read setgid setgroups setuid write",
			Also:  "close_range epoll_ctl faccessat2 fcntl getpid",
			Maybe: "futex " + goRuntime,
		},
		Late: Needs{
			Must:  "close execve fstatfs getdents64 openat write",
			Also:  "epoll_ctl fcntl",
			Maybe: "futex " + goRuntime,
		},
	},
	{
		Engine: "runc", From: Version{1, 4, 0}, To: Version{1, 5, 99},
		Plain: Needs{
			Must:  "capget capset chdir close execve fstat fstatfs futex getcwd getdents64 getppid newfstatat openat prctl read setgid setgroups setuid statx write",
			Also:  "close_range epoll_ctl faccessat2 fcntl getpid openat2",
			Maybe: goRuntime,
		},
		Late: Needs{
			Must:  "close execve fstat fstatfs getdents64 openat statx write",
			Also:  "fcntl openat2",
			Maybe: "futex " + goRuntime,
		},
	},
	{
		Engine: "crun", From: Version{1, 8, 0}, To: Version{1, 8, 99},
		Plain: Needs{Must: "capset execve prctl rt_sigaction rt_sigprocmask setresgid setresuid write", Also: "close"},
		Late:  Needs{Must: "execve", Also: "close"},
	},
}

// A Start is whether a container starts, and why not or why that is not certain.
type Start struct {
	Answer string   `json:"answer"` // yes, no, or depends
	Why    []string `json:"why,omitempty"`
}

const (
	yes     = "yes"
	no      = "no"
	depends = "depends"
)

// Starts says whether the container's program begins.
func (p *Prediction) Starts(noNewPrivs bool) Start {
	if len(p.refusals) > 0 {
		return Start{no, p.refusals}
	}
	if len(p.doubts) > 0 {
		return Start{depends, p.doubts}
	}
	var older *Init
	for i := range inits {
		in := &inits[i]
		switch {
		case in.Engine != p.Engine.Name:
		case !p.Engine.Version.before(in.From) && !in.To.before(p.Engine.Version):
			return p.starts(in, noNewPrivs)
		case in.To.before(p.Engine.Version):
			older = in
		}
	}
	if older == nil {
		older = &inits[slices.IndexFunc(inits[:], func(in Init) bool { return in.Engine == p.Engine.Name })]
	}
	s := p.starts(older, noNewPrivs)
	if s.Answer != depends {
		s.Why = append(s.Why, fmt.Sprintf("what %s %v needs was not looked at; %v: %s", p.Engine.Name, p.Engine.Version, older.To, s.Answer))
		s.Answer = depends
	}
	return s
}

func (p *Prediction) starts(in *Init, noNewPrivs bool) Start {
	n := in.Plain
	if noNewPrivs {
		n = in.Late
	}
	if p.Native != seccomp.ArchX86_64 {
		return Start{depends, []string{"what the init of " + in.Engine + " calls is known of x86_64"}}
	}
	var missing, open []string
	failing := 0
	for _, name := range strings.Fields(n.Must) {
		switch p.verdict(name) {
		case runs:
		case fails, dies:
			missing = append(missing, name)
		default:
			open = append(open, name)
		}
	}
	for _, name := range strings.Fields(n.Also) {
		switch p.verdict(name) {
		case runs:
		case dies:
			missing = append(missing, name)
		case fails:
			failing++
			open = append(open, name)
		default:
			open = append(open, name)
		}
	}
	if failing == 1 && len(open) == 1 {
		open = nil // it does without one, as was tried
	}
	for _, name := range strings.Fields(n.Maybe) {
		if p.verdict(name) != runs {
			open = append(open, name)
		}
	}
	switch {
	case len(missing) > 0:
		return Start{no, []string{"its init needs " + strings.Join(missing, ", ")}}
	case len(open) > 0:
		return Start{depends, []string{"its init may need " + strings.Join(open, ", ")}}
	}
	return Start{Answer: yes}
}

// threadFlags are those with which threads are made: CLONE_VM and so on.
const threadFlags = 0x3d0f00

// What becomes of a call over all its arguments.
const (
	runs = iota
	fails
	dies
	varies
)

func (p *Prediction) verdict(name string) int {
	call, _ := syscalls.Lookup(name)
	nr, ok := call.Nr(p.Native)
	if !ok {
		return runs
	}
	if _, ok := p.Unsure(p.Native.Audit(), nr); ok {
		return varies
	}
	rules := p.Policy.ABI(p.Native.Audit()).Row(nr).Rules
	if name == "clone" {
		_, rule := p.Policy.Eval(&seccomp.Data{Arch: p.Native.Audit(), Nr: nr, Args: [6]uint64{threadFlags}})
		return effect(name, rule)
	}
	first := effect(name, &rules[0])
	for i := range rules {
		if effect(name, &rules[i]) != first {
			return varies
		}
	}
	return first
}

func effect(name string, r *policy.Rule) int {
	switch r.Return.Action() {
	case seccomp.ActAllow, seccomp.ActLog:
		return runs
	case seccomp.ActErrno:
		switch seccomp.Errno(r.Return.Data()) {
		case 0:
			return varies // it seems to succeed
		case seccomp.ENOSYS:
			switch name {
			case "clone3":
				return runs // the C library then takes clone
			case "statx", "openat2", "close_range", "faccessat2":
				return varies // there are older calls for the same
			}
		}
		return fails
	case seccomp.ActTrace, seccomp.ActNotify: // without a tracer or a supervisor
		return effect(name, &policy.Rule{Return: seccomp.ReturnErrno(seccomp.ENOSYS)})
	}
	return dies
}
