// Package corpus makes profiles of the shapes that people write: cut-down copies of
// Docker's default, allowlists of one program, denylists, profiles that log, that
// answer with several errnos, that look at arguments. The same ones every time.
package corpus

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A Profile is one of the corpus.
type Profile struct {
	Name string
	JSON []byte
}

type doc struct {
	Default  string   `json:"defaultAction"`
	Errno    int      `json:"defaultErrnoRet,omitempty"`
	Archs    []string `json:"architectures"`
	Syscalls []rule   `json:"syscalls"`
}

type rule struct {
	Names  []string `json:"names"`
	Action string   `json:"action"`
	Errno  int      `json:"errnoRet,omitempty"`
	Args   []arg    `json:"args,omitempty"`
}

type arg struct {
	Index    int    `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo,omitempty"`
	Op       string `json:"op"`
}

const (
	allow, errno, log, kill = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_LOG", "SCMP_ACT_KILL_PROCESS"
	equal, masked           = "SCMP_CMP_EQ", "SCMP_CMP_MASKED_EQ"
)

// start is what every program needs to start and to end.
var start = []string{"execve", "exit", "exit_group", "read", "write", "close", "brk", "mmap", "munmap", "mprotect",
	"fstat", "newfstatat", "openat", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "rt_sigaction",
	"rt_sigprocmask", "rt_sigreturn", "prlimit64", "getrandom", "futex"}

// dangerous is what denylists name.
var dangerous = []string{"acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "delete_module", "finit_module",
	"init_module", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "mount", "move_mount",
	"name_to_handle_at", "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "process_vm_readv",
	"process_vm_writev", "ptrace", "quotactl", "reboot", "request_key", "setns", "settimeofday", "swapoff", "swapon",
	"sysfs", "umount2", "unshare", "userfaultfd", "vhangup"}

// Profiles returns the corpus: 48 profiles, 8 of each shape, from small to large.
func Profiles() []Profile {
	var all []Profile
	for size := range 8 {
		for _, shape := range []struct {
			name string
			make func(size int, r *rand.Rand) doc
		}{
			{"allowlist", allowlist},
			{"denylist", denylist},
			{"logging", logging},
			{"several errnos", errnos},
			{"arguments", arguments},
			{"less than default", lessThanDefault},
		} {
			d := shape.make(size, rand.New(rand.NewPCG(uint64(size), 7)))
			d.Archs = []string{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}[:1+size%3]
			text, err := json.MarshalIndent(d, "", "\t")
			if err != nil {
				panic(err) // it is made of strings and numbers
			}
			all = append(all, Profile{fmt.Sprintf("%s %d", shape.name, size+1), text})
		}
	}
	return all
}

// some returns n names of x86_64 that are not among others.
func some(n int, r *rand.Rand, others ...string) []string {
	var names []string
	calls := syscalls.On(seccomp.ArchX86_64)
	for _, i := range r.Perm(len(calls)) {
		if name := calls[i].String(); len(names) < n && !slices.Contains(others, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// allowlist is what a recorder writes for one program.
func allowlist(size int, r *rand.Rand) doc {
	names := append(some(5+35*size, r, start...), start...)
	slices.Sort(names)
	return doc{Default: errno, Syscalls: []rule{{Names: names, Action: allow}}}
}

// denylist allows all but what breaks out.
func denylist(size int, r *rand.Rand) doc {
	d := doc{Default: allow, Syscalls: []rule{{Names: dangerous[:4+4*size], Action: errno, Errno: 1}}}
	if size%2 == 1 {
		d.Syscalls = append(d.Syscalls, rule{Names: some(size, r, append(dangerous, start...)...), Action: kill})
	}
	return d
}

// logging is a profile on trial: what it would deny is logged.
func logging(size int, r *rand.Rand) doc {
	d := allowlist(size, r)
	d.Default = log
	d.Syscalls = append(d.Syscalls, rule{Names: some(1+size, r, d.Syscalls[0].Names...), Action: errno, Errno: 1})
	return d
}

// errnos answers with what the program knows how to handle.
func errnos(size int, r *rand.Rand) doc {
	d := allowlist(size, r)
	d.Errno = 38
	named := d.Syscalls[0].Names
	for _, e := range []int{1, 13, 22, 95, 38}[:2+size%4] {
		names := some(2+size, r, named...)
		named = append(named, names...)
		d.Syscalls = append(d.Syscalls, rule{Names: names, Action: errno, Errno: e})
	}
	return d
}

// arguments guards calls by their arguments: families of sockets, requests of
// ioctl and prctl, flags of clone and mmap.
func arguments(size int, r *rand.Rand) doc {
	guarded := []string{"socket", "ioctl", "prctl", "clone", "mmap", "personality", "fcntl"}
	free := slices.DeleteFunc(slices.Clone(start), func(n string) bool { return slices.Contains(guarded, n) })
	d := doc{Default: errno, Syscalls: []rule{{Names: append(free, some(10*size, r, append(guarded, start...)...)...), Action: allow}}}
	one := func(name string, args ...arg) {
		d.Syscalls = append(d.Syscalls, rule{Names: []string{name}, Action: allow, Args: args})
	}
	for _, family := range []uint64{1, 2, 10, 16, 17}[:2+size%4] {
		one("socket", arg{Index: 0, Value: family, Op: equal})
	}
	for range 2 + 3*size {
		one("ioctl", arg{Index: 1, Value: 0x5400 + r.Uint64N(0x80), Op: equal})
	}
	for range 1 + size {
		one("prctl", arg{Index: 0, Value: 1 + r.Uint64N(60), Op: equal})
	}
	one("clone", arg{Index: 0, Value: 0x7e02_0000, ValueTwo: 0, Op: masked})
	one("mmap", arg{Index: 2, Value: 4, ValueTwo: 0, Op: masked})
	one("mmap", arg{Index: 2, Value: 2, ValueTwo: 0, Op: masked}, arg{Index: 3, Value: 1, ValueTwo: 1, Op: masked})
	one("fcntl", arg{Index: 1, Value: uint64(4 + size), Op: "SCMP_CMP_LE"})
	for _, persona := range []uint64{0, 8, 0xffff_ffff} {
		one("personality", arg{Index: 0, Value: persona, Op: equal})
	}
	return d
}

// lessThanDefault is Docker's profile without what a service does not need.
func lessThanDefault(size int, r *rand.Rand) doc {
	var d doc
	text := profile.Default().MarshalOCI(seccomp.Facts{
		Arch:   seccomp.ArchX86_64,
		Kernel: seccomp.KernelVersion{Major: 6, Minor: 18},
		Caps:   seccomp.DefaultCaps,
	})
	if err := json.Unmarshal(text, &d); err != nil {
		panic(err) // weir wrote it
	}
	gone := some(30*size, r, start...)
	for i := range d.Syscalls {
		d.Syscalls[i].Names = slices.DeleteFunc(d.Syscalls[i].Names, func(n string) bool { return slices.Contains(gone, n) })
	}
	d.Syscalls = slices.DeleteFunc(d.Syscalls, func(r rule) bool { return len(r.Names) == 0 })
	return d
}
