package handover

// The file descriptors that a container's first process starts with, beside the standard
// ones.
const (
	// AreaFd is a thread.Area for the program of package first, which has the number, too.
	AreaFd = 3
	// PlanFd is a memory file for weir-init: a thread.Page, then from thread.PageSize the
	// plan.
	PlanFd = 3
	// ControlFd is a socket to the launcher. From package first comes a message with the
	// descriptor of a new /proc, if the plan has one, and one from weir-init with the
	// terminal's master, and Opened; to them goes what follows, and its end of file tells that the
	// launcher has died.
	ControlFd = 4
	// FirstFd is the file of the guard and the reaper: that of package first, or weir-init.
	FirstFd = 5
	// InitFd is the file of weir-init.
	InitFd = 6

	// FirstPath and InitPath are where a process that is given these finds them.
	FirstPath = "/proc/self/fd/5"
	InitPath  = "/proc/self/fd/6"
)

// The names of the program of package first, which tell it what it is.
const (
	InitName   = "weir-init"
	GuardName  = "weir-guard"
	ReaperName = "weir-reaper" // its first argument is the number of the program's process
)

// The guard of a container starts with the descriptors of two processes (pidfds). Where
// there is no package first it is weir-init with GuardEnv in its environment.
const (
	GuardEnv       = "WEIR_GUARD"
	LauncherFd     = 0
	FirstProcessFd = 1 // the container's first process
)

// Go is the message to package first to go on: the rest of its script is there.
const Go = 'g'

// A Release is the message that lets the program of a container of weir-init start. As Go
// it comes down the control socket when a guard stands: from then on the launcher's death
// ends the container, whatever the program does.
type Release struct {
	Flags   uint32 // seccomp(2)'s
	Program []byte // struct sock_filter in memory order; empty for none
}

// MaxRelease is the length of the longest release: two numbers, and the 4096
// instructions of 8 bytes that seccomp takes.
const MaxRelease = 2*8 + 4096*8

// Marshal returns the message, which is never empty.
func (r *Release) Marshal() []byte {
	w := wire{}
	number(&w, &r.Flags)
	w.bytes(&r.Program)
	return w.b
}

// UnmarshalRelease reads a message.
func UnmarshalRelease(b []byte) (r Release, ok bool) {
	w := wire{b: b, reading: true}
	number(&w, &r.Flags)
	w.bytes(&r.Program)
	return r, w.err == nil
}

// Placed is the first byte of the message that tells that the container's first
// process is in its cgroup. It comes down the control socket first, to a plan with
// OwnCgroup. If a descriptor comes with it, the rest of the message is to be written
// to it just before the program starts: a limit that weir-init would run into.
const Placed = 'c'

// Opened is the message up the control socket that the container's terminal is open.
const Opened = 't'

// Mapped is the message that the ids of the user namespace are mapped.
const Mapped = 'm'

// A Plan is a container, decided to the last detail.
type Plan struct {
	// UserNS tells that the container is in a user namespace, whose ids are not
	// mapped before the message Mapped; OneID, that they are one user and one
	// group, 0, and supplementary groups cannot be set.
	UserNS, OneID bool

	// The root file system: either Layers (lowest first) with Upper and Work,
	// or the directory Rootfs. All are paths of the host.
	Layers       []string
	Upper, Work  string
	Rootfs       string
	ReadonlyRoot bool
	RootAttrs    uint64 // MOUNT_ATTR_* of the root

	Mounts   []Mount  // in the order in which they are mounted
	Devices  []Device // below /dev
	Links    []Link   // below /dev
	Readonly []string // made read-only where they exist
	Masked   []string // hidden where they exist
	Sysctls  []Sysctl // in order

	Hostname  string
	Loopback  bool // bring lo up
	OwnCgroup bool // wait for Placed, and let the container see no cgroup above

	Terminal      bool // the standard streams are a terminal
	Rows, Columns uint16
	NullStdin     bool // standard input is the container's /dev/null

	Args   []string
	Env    []string // without HOME, unless the caller named it
	Cwd    string
	Groups []string // beside those of User, by name or gid
	User   string   // "user", "uid", "user:group", "uid:gid" or empty

	Caps       uint64
	NoNewPrivs bool
	Confined   bool // the Release has a filter
	Reaper     bool // the program is not the first process, but a child of weir-reaper
	Rlimits    []Rlimit
}

// A Mount is a file system to mount at Target, a path in the container.
type Mount struct {
	Kind    Kind
	Type    string   // of KindNew and KindOver: proc, tmpfs, ...
	Source  string   // of KindBind a path of the host, else what mountinfo shows
	Target  string   // cleaned and absolute
	Attrs   uint64   // MOUNT_ATTR_*; of KindBind for the whole tree
	Options []string // of KindNew and KindOver: key=value for fsconfig(2), or key
	Content string   // of KindFile
}

// A Kind tells where the file system comes from.
type Kind uint64

const (
	KindNew  Kind = iota // a new one of Type, where no link of the image leads
	KindOver             // a new one of Type, with the mode of the directory that it covers
	KindBind             // what the host has at Source, with all that is mounted below
	KindFile             // a file with Content, on a memory file system
)

// An Rlimit is a limit on what the program may use, setrlimit(2).
type Rlimit struct {
	Name       string // for messages
	Resource   uint32 // RLIMIT_*
	Soft, Hard uint64
}

// A Device is a node below /dev.
type Device struct {
	Path     string // relative to /dev
	Mode     uint32 // type and permissions
	Rdev     uint64
	Uid, Gid uint32
	// Bind makes the node on a file system of its own and binds it, for a /dev
	// that is mounted nodev.
	Bind bool
}

// A Link is a symbolic link below /dev.
type Link struct{ Path, Target string }

// A Sysctl is a value to write below /proc/sys, where the kernel has it.
type Sysctl struct{ Path, Value string }

// The kinds of failure, as thread.Page carries them: what the exit status of a
// command that could not be started tells.
const (
	FailSetup    = 125 // the container could not be set up
	FailExec     = 126 // the program cannot be executed
	FailNotFound = 127 // there is no such program
)
