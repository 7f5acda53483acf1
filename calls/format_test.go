package calls_test

import (
	"testing"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

func TestACallIsWrittenAsStracePrintsIt(t *testing.T) {
	for _, c := range []struct {
		arch seccomp.Arch
		nr   seccomp.Nr
		args [6]uint64
		want string
	}{
		{amd64, 41, [6]uint64{38, 5 | 0x80000, 0}, "socket(AF_ALG, SOCK_SEQPACKET|SOCK_CLOEXEC, 0)"},
		{mips, 5040, [6]uint64{2, 2, 6}, "socket(AF_INET, SOCK_STREAM, 6)"},
		{amd64, 56, [6]uint64{0x10000011}, "clone(CLONE_NEWUSER|SIGCHLD, 0, NULL, NULL, 0)"},
		{seccomp.ArchS390X, 120, [6]uint64{0, 0x10000011}, "clone(0, CLONE_NEWUSER|SIGCHLD, NULL, NULL, 0)"},
		{amd64, 257, [6]uint64{0xffffffffffffff9c, 0x7ffd0000, 0x80241, 0o644}, "openat(AT_FDCWD, 0x7ffd0000, O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644)"},
		{amd64, 9, [6]uint64{0, 4096, 3, 0x22, ^uint64(0), 0}, "mmap(0, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)"},
		{amd64, 10, [6]uint64{0, 4096, 0}, "mprotect(0, 4096, PROT_NONE)"},
		{amd64, 16, [6]uint64{0, 0x5412, 1}, "ioctl(0, TIOCSTI, 1)"},
		{amd64, 135, [6]uint64{0}, "personality(PER_LINUX)"},
		{amd64, 135, [6]uint64{0x20008}, "personality(PER_LINUX32|UNAME26)"},
		{amd64, 135, [6]uint64{0xffffffff}, "personality(0xffffffff)"},
		{amd64, 272, [6]uint64{0x10000000}, "unshare(CLONE_NEWUSER)"},
		{amd64, 41, [6]uint64{0x100000026}, "socket(0x100000026, 0, 0)"},
		{amd64, 41, [6]uint64{999}, "socket(999, 0, 0)"},
		{amd64, 39, [6]uint64{}, "getpid()"},
		{amd64, 133, [6]uint64{0, 0o020666, 0x103}, "mknod(NULL, S_IFCHR|0666, 259)"},
		{amd64, 4000, [6]uint64{1}, "4000(1, 0, 0, 0, 0, 0)"},
		{amd64, 0xffffffff, [6]uint64{}, "-1(0, 0, 0, 0, 0, 0)"},
		{x86, 102, [6]uint64{1, 0xffff}, "socketcall(SYS_SOCKET, 0xffff)"},
	} {
		d := seccomp.Data{Nr: c.nr, Arch: c.arch.Audit(), Args: c.args}
		if got := calls.Format(c.arch, d); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// Every call with interesting values is read back as it was written.
func TestWhatIsWrittenReadsBackAsTheSameCall(t *testing.T) {
	values := []uint64{0, 1, 2, 3, 0x11, 0x40, 0x7f, 0x80, 0x1ff, 0o644, 0x5412, 0x80000, 0x10000011, 0x7e020000,
		0xffffff9c, 0xffffffff, 0x100000001, 0x7fffffff00000000, 0xffffffffffffff9c, 1<<64 - 1}
	for _, a := range seccomp.Archs() {
		for _, call := range syscalls.On(a) {
			for i := range values {
				d := seccomp.Data{Arch: a.Audit()}
				d.Nr, _ = call.Nr(a)
				for j := range min(6, max(len(call.Args(a)), 1)) {
					d.Args[j] = values[(i+j)%len(values)]
					if a.ArgBits() == 32 {
						d.Args[j] &= 1<<32 - 1
					}
				}
				same(t, a, d)
			}
		}
	}
}

// same writes a call and reads it back. Bits that extend the sign of a narrower
// argument are those that the kernel ignores.
func same(t *testing.T, a seccomp.Arch, d seccomp.Data) {
	t.Helper()
	text := calls.Format(a, d)
	c, err := calls.Parse(a, text)
	if err != nil {
		t.Error(err)
		return
	}
	if got := c.Data(); got.Nr != d.Nr || got.Arch != d.Arch {
		t.Errorf("%s on %s is number %d, not %d", text, a.Name(), got.Nr, d.Nr)
	}
	for i, want := range d.Args {
		bits := c.Syscall.Bits(a, i)
		extends := want>>(bits-1) == 1<<(65-bits)-1 || want>>bits == 0
		got := c.Args[i].N
		if extends && bits < 64 {
			want, got = want&(1<<bits-1), got&(1<<bits-1)
		}
		if got != want {
			t.Errorf("%s on %s: argument %d is %#x, not %#x", text, a.Name(), i, c.Args[i].N, d.Args[i])
		}
	}
}

func TestAMaskIsWrittenByItsFlags(t *testing.T) {
	clone, _ := syscalls.Lookup("clone")
	want := "CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNET"
	if got := calls.FormatMask(amd64, clone, 0, 0x7e020000); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := calls.FormatMask(amd64, clone, 0, 0x7e0200ff); got != want+"|0xff" {
		t.Errorf("%s, want the signal as a number", got)
	}
}
