package probe

// An entry is a row of the table. Each says above it what keeps the call from
// changing anything, with all capabilities and no filter: the checks in the order
// in which the kernel makes them. The functions are those of Linux 6.12; what older
// kernels do otherwise, from 5.12 on, is said where it matters. On top of that,
// each call is made in a process that does nothing else and ends.
type entry struct {
	name  string
	args  [6]uint64
	shown string
	why   string
}

const (
	// nowhere is an address in the first page, where nothing is mapped: reading a
	// string or a structure from it fails with EFAULT.
	nowhere = 8

	minus1 = ^uint64(0) // no descriptor, no process, and every flag at once

	cloneFS         = 0x00000200 // include/uapi/linux/sched.h
	cloneNewUTS     = 0x04000000
	cloneNewUser    = 0x10000000
	addrNoRandomize = 0x00040000 // include/uapi/linux/personality.h

	// kexecFlags are none of kexec_load's (the lower half) nor of
	// kexec_file_load's, and above all not KEXEC_ON_CRASH: see kexecCounted.
	kexecFlags = 0x7fff8000
)

// table has the calls of Docker's documentation ("Significant syscalls blocked by
// the default profile"), by name.
var table = [...]entry{
	// kernel/sys_ni.c: the call left with Linux 5.5; ENOSYS.
	{name: "_sysctl", args: [6]uint64{nowhere}, why: "wrote kernel parameters by number, the old way around /proc/sys"},

	// kernel/acct.c: without CAP_SYS_PACCT EPERM, then getname: EFAULT. NULL, which
	// would turn accounting off, is not passed.
	{name: "acct", args: [6]uint64{nowhere}, why: "turns the accounting of processes on and off, into any file"},

	// security/keys/keyctl.c: key_get_type_from_user comes first: EFAULT.
	{name: "add_key", args: [6]uint64{nowhere}, why: "puts a key into the kernel's keyrings, which are not the container's own"},

	// kernel/bpf/syscall.c, __sys_bpf: the structure is copied first (EFAULT), and
	// there is no such command. Before Linux 6.4, and with
	// kernel.unprivileged_bpf_disabled, without CAP_BPF EPERM.
	{name: "bpf", args: [6]uint64{minus1, nowhere, 1}, why: "loads programs into the kernel that watch and change the host"},

	// kernel/time/posix-timers.c: struct timex is copied first: EFAULT. There is no
	// such clock either.
	{name: "clock_adjtime", args: [6]uint64{1<<31 - 1, nowhere}, why: "slews the host's clock; to read its state needs no privilege"},

	// kernel/time/posix-timers.c: there is no such clock: EINVAL.
	{name: "clock_settime", args: [6]uint64{1<<31 - 1, nowhere}, why: "sets the host's clock, which has no namespace"},

	// kernel/fork.c, copy_process: a user namespace of its own and a shared root
	// directory contradict each other: EINVAL, before anything is made.
	{name: "clone", args: [6]uint64{cloneNewUser | cloneFS}, shown: "CLONE_NEWUSER|CLONE_FS",
		why: "makes namespaces; in its own user namespace a process has all capabilities"},

	// The call left with Linux 2.6; ENOSYS.
	{name: "create_module", args: [6]uint64{nowhere}, why: "made room for a kernel module"},

	// kernel/module/main.c: without CAP_SYS_MODULE EPERM, then the name is copied:
	// EFAULT.
	{name: "delete_module", args: [6]uint64{nowhere}, why: "takes a module out of the host's kernel"},

	// kernel/module/main.c: without CAP_SYS_MODULE EPERM, then no such flags: EINVAL.
	// There is no such descriptor either.
	{name: "finit_module", args: [6]uint64{minus1, nowhere, minus1}, why: "loads code into the host's kernel, from a file"},

	// The call left with Linux 2.6; ENOSYS.
	{name: "get_kernel_syms", args: [6]uint64{nowhere}, why: "listed the addresses of the kernel's symbols"},

	// mm/mempolicy.c, do_get_mempolicy: no such flags: EINVAL. It only reads.
	{name: "get_mempolicy", args: [6]uint64{0, 0, 0, 0, minus1}, why: "reads on which memory nodes the host placed pages"},

	// kernel/module/main.c: without CAP_SYS_MODULE EPERM, then copy_module_from_user:
	// nothing is too short for a module: ENOEXEC. CONFIG_MODULE_STATS counts it.
	{name: "init_module", args: [6]uint64{nowhere, 0, nowhere}, why: "loads code into the host's kernel, from memory"},

	// arch/x86/kernel/ioport.c: there is no such port: EINVAL. And none would be
	// turned on. Without CONFIG_X86_IOPL_IOPERM ENOSYS.
	{name: "ioperm", args: [6]uint64{minus1, 1, 0}, why: "opens ports of the hardware to the process"},

	// arch/x86/kernel/ioport.c: there are levels up to 3: EINVAL.
	{name: "iopl", args: [6]uint64{4}, why: "opens all ports of the hardware to the process"},

	// kernel/kcmp.c: no such process: ESRCH. It only compares.
	{name: "kcmp", args: [6]uint64{minus1, minus1, minus1}, why: "compares kernel objects of processes, which tells of their addresses"},

	// kernel/kexec_file.c: without CAP_SYS_BOOT EPERM, then no such flags: EINVAL.
	// There are no such descriptors either. See kexecCounted.
	{name: "kexec_file_load", args: [6]uint64{minus1, minus1, 0, nowhere, kexecFlags}, why: "loads another kernel to boot, from a file"},

	// kernel/kexec.c, kexec_load_check: without CAP_SYS_BOOT EPERM, then no such
	// flags, and too many segments: EINVAL. See kexecCounted.
	{name: "kexec_load", args: [6]uint64{0, minus1, nowhere, kexecFlags}, why: "loads another kernel to boot, from memory"},

	// security/keys/keyctl.c: there is no such operation: EOPNOTSUPP.
	{name: "keyctl", args: [6]uint64{minus1}, why: "works on the kernel's keyrings, which are not the container's own"},

	// The call left with Linux 6.7: ENOSYS. Before, fs/dcookies.c: without
	// CAP_SYS_ADMIN EPERM, then no cookie is live: EINVAL. It only reads.
	{name: "lookup_dcookie", args: [6]uint64{minus1, nowhere, 0}, why: "turned a profiler's cookie into a path of the host"},

	// mm/mempolicy.c, sanitize_mpol_flags: there is no such mode: EINVAL.
	{name: "mbind", args: [6]uint64{0, 0, minus1, 0, 0, minus1}, why: "chooses on which memory nodes pages lie, and can move them"},

	// fs/namespace.c: the type is copied first: EFAULT.
	{name: "mount", args: [6]uint64{nowhere, nowhere, nowhere}, why: "mounts file systems, around all that is masked or read-only"},

	// mm/migrate.c: no such flags: EINVAL.
	{name: "move_pages", args: [6]uint64{minus1, 0, 0, 0, 0, minus1}, why: "moves pages of a process to other memory nodes"},

	// fs/fhandle.c: no such flags: EINVAL. It only reads.
	{name: "name_to_handle_at", args: [6]uint64{minus1, nowhere, nowhere, nowhere, minus1}, why: "makes the handle of a file, for open_by_handle_at"},

	// The call left with Linux 3.1; ENOSYS.
	{name: "nfsservctl", args: [6]uint64{minus1, nowhere, nowhere}, why: "spoke to the kernel's NFS server"},

	// fs/fhandle.c: the handle is copied, EFAULT, and the directory is no descriptor,
	// EBADF; kernels differ in which comes first. Before Linux 6.11 without
	// CAP_DAC_READ_SEARCH EPERM before both.
	{name: "open_by_handle_at", args: [6]uint64{minus1, nowhere, 0}, why: "opens a file by its handle, outside of the container's root too"},

	// kernel/events/core.c: no such flags: EINVAL.
	{name: "perf_event_open", args: [6]uint64{nowhere, minus1, minus1, minus1, minus1}, why: "measures processor and kernel, and tells of other processes"},

	// kernel/exec_domain.c: it succeeds, and changes the process that ends with it.
	{name: "personality", args: [6]uint64{addrNoRandomize}, shown: "ADDR_NO_RANDOMIZE",
		why: "turns on old ABIs, or turns random addresses off"},

	// fs/namespace.c: without CAP_SYS_ADMIN EPERM, then the path is copied: EFAULT.
	{name: "pivot_root", args: [6]uint64{nowhere, nowhere}, why: "makes another directory the root of the mount namespace"},

	// mm/process_vm_access.c: no such flags: EINVAL.
	{name: "process_vm_readv", args: [6]uint64{minus1, nowhere, 0, nowhere, 0, minus1}, why: "reads the memory of another process"},
	{name: "process_vm_writev", args: [6]uint64{minus1, nowhere, 0, nowhere, 0, minus1}, why: "writes the memory of another process"},

	// kernel/ptrace.c: no such process: ESRCH.
	{name: "ptrace", args: [6]uint64{minus1, minus1}, why: "controls another process; before Linux 4.8, past the filter"},

	// The call left with Linux 2.6; ENOSYS.
	{name: "query_module", args: [6]uint64{nowhere, minus1}, why: "listed kernel modules and their symbols"},

	// fs/quota/quota.c: there is no such type of quota: EINVAL.
	{name: "quotactl", args: [6]uint64{0xff, 0}, why: "sets the disk quotas of the host's file systems"},

	// kernel/reboot.c: without CAP_SYS_BOOT EPERM, then the magic numbers are wrong:
	// EINVAL.
	{name: "reboot", why: "restarts the machine, or ends the container's init"},

	// security/keys/keyctl.c: the type is copied first: EFAULT.
	{name: "request_key", args: [6]uint64{nowhere}, why: "asks for a key, by a program that runs outside of the container"},

	// mm/mempolicy.c, sanitize_mpol_flags: there is no such mode: EINVAL.
	{name: "set_mempolicy", args: [6]uint64{minus1}, why: "chooses on which memory nodes the process allocates"},

	// kernel/nsproxy.c: no such descriptor: EBADF.
	{name: "setns", args: [6]uint64{minus1}, why: "enters a namespace of another process"},

	// kernel/time/time.c: struct timeval is copied first: EFAULT.
	{name: "settimeofday", args: [6]uint64{nowhere, nowhere}, why: "sets the host's clock, which has no namespace"},

	// kernel/time/time.c: the time is copied first: EFAULT.
	{name: "stime", args: [6]uint64{nowhere}, why: "sets the host's clock, the old way"},

	// mm/swapfile.c: without CAP_SYS_ADMIN EPERM, then the path is copied: EFAULT.
	{name: "swapoff", args: [6]uint64{nowhere}, why: "takes swap space away from the host"},

	// mm/swapfile.c: no such flags: EINVAL.
	{name: "swapon", args: [6]uint64{nowhere, minus1}, why: "gives the host swap space"},

	// fs/filesystems.c: there are options 1 to 3: EINVAL. Without
	// CONFIG_SYSFS_SYSCALL ENOSYS. It only reads.
	{name: "sysfs", args: [6]uint64{0}, why: "lists file system types, as /proc/filesystems does"},

	// fs/namespace.c, ksys_umount: the path is copied first: EFAULT. Before Linux
	// 5.9 without CAP_SYS_ADMIN EPERM.
	{name: "umount", args: [6]uint64{nowhere}, why: "unmounts file systems, and with them what they mask"},

	// fs/namespace.c, ksys_umount: no such flags: EINVAL.
	{name: "umount2", args: [6]uint64{nowhere, minus1}, why: "unmounts file systems, and with them what they mask"},

	// kernel/fork.c, ksys_unshare: without CAP_SYS_ADMIN EPERM; with it, a host name
	// of its own for the process that ends with it.
	{name: "unshare", args: [6]uint64{cloneNewUTS}, shown: "CLONE_NEWUTS",
		why: "makes namespaces; in its own user namespace a process has all capabilities"},

	// fs/exec.c: the path is copied first: EFAULT. Without CONFIG_USELIB ENOSYS.
	{name: "uselib", args: [6]uint64{nowhere}, why: "maps a library of a format that nothing uses any more"},

	// fs/userfaultfd.c: no such flags: EINVAL.
	{name: "userfaultfd", args: [6]uint64{minus1}, why: "holds the kernel at a page fault, which exploits lean on"},

	// fs/statfs.c, vfs_ustat: no file system has device 0: EINVAL. It only reads.
	{name: "ustat", args: [6]uint64{0, nowhere}, why: "tells the free space of a device, as statfs does"},

	// arch/x86/kernel/vm86_32.c: the question whether there is vm86: 0. On a kernel
	// of 64 bits ENOSYS.
	{name: "vm86", args: [6]uint64{0, 0}, why: "runs 16-bit code, through seldom used parts of the kernel"},

	// arch/x86/kernel/vm86_32.c: without CAP_SYS_RAWIO below vm.mmap_min_addr EPERM,
	// then the registers are copied: EFAULT. On a kernel of 64 bits ENOSYS.
	{name: "vm86old", args: [6]uint64{nowhere}, why: "runs 16-bit code, through seldom used parts of the kernel"},
}
