package calls

// A family is calls of which each does what the others do.
type family struct {
	same  bool // all take the same arguments
	calls []member
}

// A member is one of them, and how it differs.
type member struct{ call, how string }

var families = []family{
	{calls: []member{
		{"clone", "makes processes and namespaces"},
		{"clone3", "has its flags behind a pointer"},
		{"fork", "makes a process, no namespaces"},
		{"vfork", "makes a process, no namespaces"},
	}},
	{calls: []member{
		{"unshare", "moves the caller into new namespaces"},
		{"clone", "makes a process in new namespaces"},
		{"clone3", "has its flags behind a pointer"},
		{"setns", "enters namespaces that exist"},
	}},
	{calls: []member{
		{"openat", "opens from a directory"},
		{"open", "opens by a path"},
		{"openat2", "has its flags behind a pointer"},
		{"creat", "opens for writing"},
		{"open_by_handle_at", "opens by a handle instead of a path"},
	}},
	{calls: []member{
		{"mount", "mounts in one step"},
		{"fsopen", "mounts in steps, with fsconfig and fsmount"},
		{"fsmount", "makes a mount of what fsopen opened"},
		{"fspick", "changes a mount with fsconfig"},
		{"open_tree", "copies a mount"},
		{"move_mount", "attaches a mount"},
		{"mount_setattr", "changes the flags of a mount"},
	}},
	{calls: []member{
		{"execve", "by a path"},
		{"execveat", "by a path or a descriptor"},
	}},
	{calls: []member{
		{"ptrace", "reads and writes another process"},
		{"process_vm_readv", "reads its memory"},
		{"process_vm_writev", "writes its memory"},
		{"pidfd_getfd", "takes its descriptors"},
	}},
	{calls: []member{
		{"kill", "by process id"},
		{"tkill", "by thread id"},
		{"tgkill", "by process and thread id"},
		{"pidfd_send_signal", "by a pidfd"},
		{"rt_sigqueueinfo", "with data"},
		{"rt_tgsigqueueinfo", "with data"},
	}},
	{calls: []member{
		{"add_key", "adds a key"},
		{"request_key", "finds a key"},
		{"keyctl", "does all that there is to do with keys"},
	}},
	{calls: []member{
		{"init_module", "from memory"},
		{"finit_module", "from a file"},
	}},
	{calls: []member{
		{"kexec_load", "from memory"},
		{"kexec_file_load", "from files"},
	}},
	{calls: []member{
		{"clock_settime", "any clock"},
		{"clock_settime64", "any clock"},
		{"settimeofday", "the wall clock"},
		{"stime", "the wall clock, in seconds"},
		{"adjtimex", "slews it"},
		{"clock_adjtime", "slews it"},
		{"clock_adjtime64", "slews it"},
	}},
	{calls: []member{
		{"mprotect", "changes what memory may be used for"},
		{"pkey_mprotect", "the same, with a key"},
		{"mmap", "makes memory with the same protection"},
		{"mmap2", "makes memory with the same protection"},
	}},
	{calls: []member{
		{"io_uring_setup", "makes a ring"},
		{"io_uring_enter", "submits to one that exists"},
		{"io_uring_register", "registers with one that exists"},
	}},
	{calls: []member{
		{"prctl", "PR_SET_SECCOMP"},
		{"seccomp", "SECCOMP_SET_MODE_FILTER"},
	}},
	{calls: []member{
		{"chroot", "changes the root directory"},
		{"pivot_root", "changes the root mount"},
	}},
	{calls: []member{
		{"setrlimit", "of the caller"},
		{"prlimit64", "of any process"},
	}},
	{calls: []member{
		{"access", ""}, {"faccessat", ""}, {"faccessat2", ""},
	}},
	{calls: []member{
		{"chmod", "by a path"}, {"fchmod", "by a descriptor"}, {"fchmodat", "by a path"}, {"fchmodat2", "by a path, with flags"},
	}},
	{calls: []member{
		{"mknod", "by a path"}, {"mknodat", "from a directory"},
	}},
	{calls: []member{
		{"dup", ""}, {"dup2", ""}, {"dup3", ""}, {"fcntl", "with F_DUPFD"}, {"fcntl64", "with F_DUPFD"},
	}},
	{calls: []member{
		{"accept", ""}, {"accept4", "with flags"},
	}},
	{calls: []member{
		{"umount", "without flags"}, {"umount2", "with flags"},
	}},

	// One call under the names of several ABIs.
	{same: true, calls: []member{{"mmap", ""}, {"mmap2", "the offset is in pages"}}},
	{same: true, calls: []member{{"fcntl", ""}, {"fcntl64", "with 64-bit offsets"}}},
	{same: true, calls: []member{{"futex", ""}, {"futex_time64", "with 64-bit times"}}},
	{same: true, calls: []member{{"clock_settime", ""}, {"clock_settime64", "with 64-bit times"}}},
	{same: true, calls: []member{{"clock_gettime", ""}, {"clock_gettime64", "with 64-bit times"}}},
	{same: true, calls: []member{{"newfstatat", ""}, {"fstatat64", "the structure differs"}}},
	{same: true, calls: []member{{"umount2", ""}, {"umount", "without flags"}}},
	{same: true, calls: []member{{"setuid", ""}, {"setuid32", ""}}},
	{same: true, calls: []member{{"setgid", ""}, {"setgid32", ""}}},
	{same: true, calls: []member{{"chown", ""}, {"chown32", ""}}},
}

// A ringOp is an operation of io_uring that does what a call does, from enum
// io_uring_op in include/uapi/linux/io_uring.h.
type ringOp struct{ call, op string }

var ringOps = []ringOp{
	{"accept", "IORING_OP_ACCEPT"},
	{"accept4", "IORING_OP_ACCEPT"},
	{"bind", "IORING_OP_BIND"},
	{"close", "IORING_OP_CLOSE"},
	{"connect", "IORING_OP_CONNECT"},
	{"epoll_ctl", "IORING_OP_EPOLL_CTL"},
	{"fadvise64", "IORING_OP_FADVISE"},
	{"fallocate", "IORING_OP_FALLOCATE"},
	{"fgetxattr", "IORING_OP_FGETXATTR"},
	{"fsetxattr", "IORING_OP_FSETXATTR"},
	{"fsync", "IORING_OP_FSYNC"},
	{"ftruncate", "IORING_OP_FTRUNCATE"},
	{"getxattr", "IORING_OP_GETXATTR"},
	{"linkat", "IORING_OP_LINKAT"},
	{"listen", "IORING_OP_LISTEN"},
	{"madvise", "IORING_OP_MADVISE"},
	{"mkdirat", "IORING_OP_MKDIRAT"},
	{"openat", "IORING_OP_OPENAT"},
	{"openat2", "IORING_OP_OPENAT2"},
	{"pread64", "IORING_OP_READ"},
	{"preadv", "IORING_OP_READV"},
	{"pwrite64", "IORING_OP_WRITE"},
	{"pwritev", "IORING_OP_WRITEV"},
	{"read", "IORING_OP_READ"},
	{"readv", "IORING_OP_READV"},
	{"recv", "IORING_OP_RECV"},
	{"recvfrom", "IORING_OP_RECV"},
	{"recvmsg", "IORING_OP_RECVMSG"},
	{"renameat2", "IORING_OP_RENAMEAT"},
	{"send", "IORING_OP_SEND"},
	{"sendmsg", "IORING_OP_SENDMSG"},
	{"sendto", "IORING_OP_SEND"},
	{"setxattr", "IORING_OP_SETXATTR"},
	{"shutdown", "IORING_OP_SHUTDOWN"},
	{"socket", "IORING_OP_SOCKET"},
	{"splice", "IORING_OP_SPLICE"},
	{"statx", "IORING_OP_STATX"},
	{"symlinkat", "IORING_OP_SYMLINKAT"},
	{"sync_file_range", "IORING_OP_SYNC_FILE_RANGE"},
	{"tee", "IORING_OP_TEE"},
	{"unlinkat", "IORING_OP_UNLINKAT"},
	{"waitid", "IORING_OP_WAITID"},
	{"write", "IORING_OP_WRITE"},
	{"writev", "IORING_OP_WRITEV"},
}
