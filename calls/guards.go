package calls

import "github.com/weir-dev/weir/seccomp"

// A guard is a row of the table: what the calls can do, the capabilities that
// the kernel asks for (capabilities(7) and the calls' own checks), and defects
// that are known by number.
type guard struct {
	calls      []string
	only       string
	what       string
	gates      []seccomp.Cap
	part       string // of the call, that the gates are before
	namespaced bool
	cves       []string
}

// Capabilities by number, so that the table is data and needs no work at start.
// The test spells them out.
const (
	capDACReadSearch seccomp.Cap = 2
	capSysModule     seccomp.Cap = 16
	capSysRawIO      seccomp.Cap = 17
	capSysChroot     seccomp.Cap = 18
	capSysPtrace     seccomp.Cap = 19
	capSysPacct      seccomp.Cap = 20
	capSysAdmin      seccomp.Cap = 21
	capSysBoot       seccomp.Cap = 22
	capSysNice       seccomp.Cap = 23
	capSysTime       seccomp.Cap = 25
	capSysTTYConfig  seccomp.Cap = 26
	capNetRaw        seccomp.Cap = 13
	capSyslog        seccomp.Cap = 34
	capPerfmon       seccomp.Cap = 38
	capBPF           seccomp.Cap = 39
)

var (
	admin  = []seccomp.Cap{capSysAdmin}
	nice   = []seccomp.Cap{capSysNice}
	module = []seccomp.Cap{capSysModule}
	clock  = []seccomp.Cap{capSysTime}
	boot   = []seccomp.Cap{capSysBoot}
	trace  = []seccomp.Cap{capSysPtrace}
)

var guards = []guard{
	// Namespaces
	{calls: []string{"clone", "unshare"}, only: "CLONE_NEWUSER",
		what: "creates a user namespace, in which any process holds every capability and reaches kernel code that is otherwise root's alone",
		cves: []string{"CVE-2022-0185", "CVE-2021-22555", "CVE-2024-1086"}},
	{calls: []string{"clone", "unshare"}, only: "CLONE_NEWNS",
		what: "creates a mount namespace, in which what the runtime has masked in /proc and /sys can be uncovered", gates: admin, namespaced: true},
	{calls: []string{"clone", "unshare"}, only: "CLONE_NEWCGROUP",
		what: "creates a cgroup namespace, from which a writable cgroup hierarchy can be mounted", gates: admin, namespaced: true,
		cves: []string{"CVE-2022-0492"}},
	{calls: []string{"clone", "unshare"}, only: "CLONE_NEWNET",
		what: "creates a network namespace, and with it the right to configure netfilter, routes and devices", gates: admin, namespaced: true},
	{calls: []string{"clone3"},
		what: "creates processes and namespaces by a structure behind a pointer, so that a filter cannot tell the one from the other; ENOSYS makes the C library use clone"},
	{calls: []string{"setns"},
		what: "enters another namespace by a descriptor of it, the host's among them", gates: admin, namespaced: true},

	// Mounts
	{calls: []string{"mount"},
		what: "mounts file systems: uncovers what is masked, or opens a device or a kernel interface", gates: admin, namespaced: true,
		cves: []string{"CVE-2022-0492"}},
	{calls: []string{"umount", "umount2"},
		what: "unmounts what hides a part of the host, such as the masks over /proc", gates: admin, namespaced: true},
	{calls: []string{"fsopen", "fsconfig", "fsmount", "fspick", "move_mount", "open_tree", "open_tree_attr", "mount_setattr"},
		what: "mounts file systems step by step, past a rule on mount", gates: admin, namespaced: true, cves: []string{"CVE-2022-0185"}},
	{calls: []string{"pivot_root"},
		what: "changes the root of the mount namespace", gates: admin, namespaced: true},
	{calls: []string{"chroot"},
		what: "changes the root directory; who may do so again leaves a root that chroot alone has made", gates: []seccomp.Cap{capSysChroot}, namespaced: true},
	{calls: []string{"open_by_handle_at"},
		what: "opens a file by a handle that can be guessed, whatever directory the process is confined to: the 2014 escape from Docker", gates: []seccomp.Cap{capDACReadSearch}},
	{calls: []string{"name_to_handle_at"},
		what: "returns handles for open_by_handle_at, and tells mounts apart"},
	{calls: []string{"quotactl", "quotactl_fd"},
		what: "turns disk quotas on and off, and sets them", gates: admin, part: "to change them"},
	{calls: []string{"swapon", "swapoff"},
		what: "starts and stops swapping to a file or device of the host", gates: admin},
	{calls: []string{"sysfs", "ustat"},
		what: "is an old interface to file system types and disks that nothing needs"},
	{calls: []string{"lookup_dcookie"},
		what: "turns a profiler's cookie into a path, also outside of the container; gone since Linux 6.7", gates: admin},
	{calls: []string{"fanotify_init"},
		what: "watches what processes do with the files of a mount, or stops them", gates: admin, part: "to stop them, and before Linux 5.13 for all of it"},

	// Code in the kernel
	{calls: []string{"bpf"},
		what:  "loads programs into the kernel, where a gap in the verifier is a way to all of its memory",
		gates: []seccomp.Cap{capBPF, capSysAdmin}, part: "where kernel.unprivileged_bpf_disabled is set",
		cves: []string{"CVE-2017-16995", "CVE-2020-8835", "CVE-2021-3490", "CVE-2022-23222"}},
	{calls: []string{"init_module", "finit_module", "delete_module", "create_module"},
		what: "loads code into the kernel or removes it", gates: module},
	{calls: []string{"query_module", "get_kernel_syms"},
		what: "listed modules and addresses of the kernel; gone since Linux 2.6"},
	{calls: []string{"kexec_load", "kexec_file_load"},
		what: "loads a kernel to replace the running one", gates: boot},
	{calls: []string{"reboot"},
		what: "restarts or halts the machine; in a PID namespace it ends the processes of that one", gates: boot, namespaced: true},
	{calls: []string{"io_uring_setup", "io_uring_enter", "io_uring_register"},
		what: "opens files, connects and sends on a queue that no filter sees, by code that has had many defects",
		cves: []string{"CVE-2021-41073", "CVE-2022-29582", "CVE-2022-2602", "CVE-2023-2598"}},
	{calls: []string{"perf_event_open"},
		what: "measures the processor, the kernel and other processes: a side channel, and a large amount of code", gates: []seccomp.Cap{capPerfmon, capSysAdmin}, part: "for more than kernel.perf_event_paranoid permits",
		cves: []string{"CVE-2013-2094"}},
	{calls: []string{"userfaultfd"},
		what: "holds the kernel at a page fault for as long as the program likes, which wins races in other code", gates: trace, part: "for faults of the kernel, unless vm.unprivileged_userfaultfd is set"},
	{calls: []string{"uselib"},
		what: "loads a shared library of the a.out age", cves: []string{"CVE-2004-1235"}},
	{calls: []string{"nfsservctl"},
		what: "controlled the kernel's NFS server; gone since Linux 3.1"},
	{calls: []string{"_sysctl"},
		what: "read and wrote kernel settings by number; gone since Linux 5.5"},
	{calls: []string{"modify_ldt"},
		what: "installs segment descriptors, for 16-bit code and the like: old code of the kernel that few test"},
	{calls: []string{"vm86", "vm86old"},
		what: "runs 16-bit code in virtual 8086 mode"},

	// Keys
	{calls: []string{"add_key", "keyctl", "request_key"},
		what: "uses the kernel's keyrings, which containers of one user share",
		cves: []string{"CVE-2016-0728", "CVE-2017-7472"}},

	// Other processes
	{calls: []string{"ptrace"},
		what: "reads and changes other processes; before Linux 4.8 also a call after the filter has allowed it", gates: trace, part: "for processes of other users", namespaced: true,
		cves: []string{"CVE-2019-13272"}},
	{calls: []string{"process_vm_readv", "process_vm_writev"},
		what: "reads and writes the memory of other processes", gates: trace, part: "for processes of other users", namespaced: true},
	{calls: []string{"process_madvise"},
		what: "gives advice about the memory of another process", gates: []seccomp.Cap{capSysNice}, namespaced: true},
	{calls: []string{"pidfd_getfd"},
		what: "takes a descriptor out of another process", gates: trace, part: "for processes of other users", namespaced: true},
	{calls: []string{"kcmp"},
		what: "tells whether two processes share an object, which gives away the order of kernel addresses", gates: trace, part: "for processes of other users", namespaced: true},
	{calls: []string{"move_pages", "migrate_pages"},
		what: "moves the memory of a process between nodes, and tells where it lies", gates: nice, part: "for pages that others use too", cves: []string{"CVE-2017-14140"}},
	{calls: []string{"mbind", "set_mempolicy", "get_mempolicy", "set_mempolicy_home_node"},
		what: "chooses the node of memory, which bears on other containers of the machine"},

	// The machine
	{calls: []string{"acct"},
		what: "writes an entry for every process that ends, into any file", gates: []seccomp.Cap{capSysPacct}},
	{calls: []string{"clock_settime", "clock_settime64", "settimeofday", "stime", "clock_adjtime", "clock_adjtime64", "adjtimex"},
		what: "reads, sets or slews the clock, which all containers share", gates: clock, part: "to change it"},
	{calls: []string{"iopl", "ioperm"},
		what: "gives direct access to the machine's I/O ports", gates: []seccomp.Cap{capSysRawIO}},
	{calls: []string{"syslog"},
		what: "reads and clears the kernel's log, which holds addresses and the news of other containers", gates: []seccomp.Cap{capSyslog}, part: "to clear it, and to read it where kernel.dmesg_restrict is set"},
	{calls: []string{"sethostname", "setdomainname"},
		what: "sets the name of the machine, which is the host's without a UTS namespace", gates: admin, namespaced: true},
	{calls: []string{"vhangup"},
		what: "hangs up the terminal under other processes", gates: []seccomp.Cap{capSysTTYConfig}},

	// Arguments
	{calls: []string{"personality"}, only: "ADDR_NO_RANDOMIZE",
		what: "turns off the randomisation of addresses, which makes defects of the program easier to use"},
	{calls: []string{"personality"}, only: "READ_IMPLIES_EXEC",
		what: "makes memory that can be read executable, so that data can be run"},
	{calls: []string{"socket", "socketpair"}, only: "AF_ALG",
		what: "reaches the kernel's cryptography by sockets, a large amount of code that few programs need", cves: []string{"CVE-2026-31431"}},
	{calls: []string{"socket"}, only: "AF_VSOCK",
		what: "talks to the hypervisor or to other virtual machines; network namespaces did not confine it for years", cves: []string{"CVE-2021-26708"}},
	{calls: []string{"socket"}, only: "AF_PACKET",
		what: "sends and receives raw frames", gates: []seccomp.Cap{capNetRaw}, namespaced: true,
		cves: []string{"CVE-2016-8655", "CVE-2017-7308"}},
	{calls: []string{"ioctl"}, only: "TIOCSTI",
		what: "types into the terminal as if from its keyboard: commands for the shell that the container was started from; Linux 6.2 can switch it off",
		cves: []string{"CVE-2017-5226", "CVE-2019-10063"}},
	{calls: []string{"ioctl"}, only: "TIOCLINUX",
		what: "selects and pastes text on a console, which types it into the shell of another", cves: []string{"CVE-2023-28100"}},
}
