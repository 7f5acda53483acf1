package syscalls

import (
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

func call(t *testing.T, name string) Call {
	t.Helper()
	c, ok := Lookup(name)
	if !ok {
		t.Fatalf("%s is unknown", name)
	}
	return c
}

func TestAnArgumentHasTheBitsThatTheKernelLooksAt(t *testing.T) {
	const x86, amd64, x32, s390x, ppc64, arm = seccomp.ArchX86, seccomp.ArchX86_64, seccomp.ArchX32, seccomp.ArchS390X, seccomp.ArchPPC64, seccomp.ArchARM
	for _, c := range []struct {
		why  string
		name string
		arch seccomp.Arch
		arg  int
		bits uint8
	}{
		{"unsigned int", "personality", amd64, 0, 32},
		{"unsigned long, handed on as unsigned int", "personality", ppc64, 0, 32},
		{"int", "socket", amd64, 0, 32},
		{"int", "socket", amd64, 2, 32},
		{"pid_t", "kill", s390x, 0, 32},
		{"uid_t", "chown", amd64, 1, 32},
		{"key_serial_t", "add_key", amd64, 4, 32},
		{"an enum", "landlock_add_rule", amd64, 1, 32},
		{"unsigned long", "mmap", amd64, 2, 64},
		{"unsigned long, handed to fget", "mmap", amd64, 4, 32},
		{"a pointer", "openat", amd64, 1, 64},
		{"size_t", "write", seccomp.ArchAARCH64, 2, 64},
		{"loff_t", "fallocate", amd64, 2, 64},
		{"unsigned long", "ioctl", amd64, 2, 64},
		{"unsigned int", "ioctl", amd64, 1, 32},
		{"unsigned long", "unshare", amd64, 0, 64},

		{"the flags come first", "clone", amd64, 0, 32},
		{"the stack comes second", "clone", amd64, 1, 64},
		{"the flags come first", "clone", seccomp.ArchAARCH64, 0, 32},
		{"the flags come first", "clone", seccomp.ArchMIPSEL64, 0, 32},
		{"the stack comes first", "clone", s390x, 0, 64},
		{"the flags come second", "clone", s390x, 1, 32},

		{"umode_t", "chmod", amd64, 1, 16},
		{"umode_t", "openat", seccomp.ArchRISCV64, 3, 16},
		{"umode_t", "mkdir", x86, 1, 16},
		{"umode_t", "mknod", x32, 1, 16},
		{"umode_t behind a compat entry point", "mq_open", x86, 2, 16},
		{"old_uid_t", "chown", x86, 1, 16},
		{"old_gid_t", "setgid", arm, 0, 16},
		{"uid_t", "chown32", x86, 1, 32},
		{"int, not umode_t", "access", amd64, 1, 32},

		{"a pointer", "openat", x86, 1, 32},
		{"unsigned long", "mmap2", arm, 2, 32},
		{"unsigned long", "mmap", x32, 2, 32},
		{"size_t", "write", seccomp.ArchMIPS64N32, 2, 32},

		{"an argument that it does not take", "getpid", amd64, 0, 64},
		{"an argument that it does not take", "chmod", amd64, 2, 64},
		{"an argument that it does not take", "getpid", x86, 5, 32},
		{"a call that has left the kernel", "uselib", amd64, 0, 64},
		{"no argument at all", "chmod", amd64, 6, 64},
		{"no argument at all", "chmod", amd64, -1, 64},
	} {
		if got := call(t, c.name).Bits(c.arch, c.arg); got != c.bits {
			t.Errorf("%s on %s, argument %d (%s): %d bits, want %d", c.name, c.arch.Name(), c.arg, c.why, got, c.bits)
		}
	}
}

func TestNoArgumentIsWiderThanARegister(t *testing.T) {
	for c := range Calls() {
		for _, a := range seccomp.Archs() {
			for arg := range 6 {
				switch bits := c.Bits(a, arg); {
				case int(bits) > a.ArgBits(), bits != 16 && bits != 32 && bits != 64:
					t.Errorf("%s on %s, argument %d: %d bits", c, a.Name(), arg, bits)
				}
			}
		}
	}
}

func TestEveryNarrowArgumentIsDeclared(t *testing.T) {
	described := 0
	for c := range Calls() {
		for _, a := range seccomp.Archs() {
			args := c.Args(a)
			// Two calls of MIPS take a seventh from the stack.
			if len(args) > 6 && !(a.MIPS() && a.ArgBits() == 32 && len(args) == 7) {
				t.Errorf("%s on %s has %d arguments", c, a.Name(), len(args))
			}
			for i := len(args); i < 6; i++ {
				if c.Bits(a, i) != uint8(a.ArgBits()) {
					t.Errorf("%s on %s takes %d arguments, but argument %d is narrow", c, a.Name(), len(args), i)
				}
			}
			for _, arg := range args {
				if arg.Name == "" || arg.Type == "" {
					t.Errorf("%s on %s has an argument %+v", c, a.Name(), arg)
				}
			}
			if _, on := c.Nr(a); len(args) > 0 && !on {
				t.Errorf("%s is not on %s, but has arguments there", c, a.Name())
			}
			if len(args) > 0 {
				described++
			}
		}
	}
	if described < 5500 {
		t.Errorf("%d pairs of call and architecture are described; there are more than 5500", described)
	}
}
