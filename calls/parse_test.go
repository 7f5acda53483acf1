package calls_test

import (
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

const x86, amd64, arm64, mips = seccomp.ArchX86, seccomp.ArchX86_64, seccomp.ArchAARCH64, seccomp.ArchMIPSEL64

// open is what the tables below have for an argument without a value.
const open = 0xdeadbeef

func TestACallIsReadAsStracePrintsIt(t *testing.T) {
	for _, c := range []struct {
		what string
		text string
		nr   seccomp.Nr
		args []uint64
	}{
		{"a name alone", "openat", 257, nil},
		{"a number alone", "257", 257, nil},
		{"a hexadecimal number", "0x101", 257, nil},
		{"the number that a tracer writes to skip a call", "-1", 0xffffffff, nil},
		{"a number that has no name", "4000(1, 2)", 4000, []uint64{1, 2}},
		{"no arguments", "getpid()", 39, nil},
		{"constants", "socket(AF_ALG, SOCK_SEQPACKET|SOCK_CLOEXEC, 0)", 41, []uint64{38, 5 | 0x80000, 0}},
		{"fewer arguments than the call has", "clone(CLONE_NEWUSER|SIGCHLD)", 56, []uint64{0x10000011}},
		{"a string, whose address nobody knows", `openat(AT_FDCWD, "/etc/pass\"wd, (x", O_RDONLY)`, 257, []uint64{0xffffffffffffff9c, open, 0}},
		{"a string that was cut", `write(1, "abc"..., 4096)`, 1, []uint64{1, open, 4096}},
		{"a structure", "clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f}, 88)", 435, []uint64{open, 88}},
		{"a list", `execve("/bin/sh", ["sh", "-c"], 0x7ffc /* 10 vars */)`, 59, []uint64{open, open, 0x7ffc}},
		{"a set of signals", "rt_sigprocmask(SIG_SETMASK, ~[RTMIN RT_1], NULL, 8)", 14, []uint64{2, open, 0, 8}},
		{"a function", "mknodat(AT_FDCWD, \"x\", S_IFCHR|0666, makedev(0x1, 0x3))", 259, []uint64{0xffffffffffffff9c, open, 0o020666, open}},
		{"an argument left open", "socket(AF_INET, _, IPPROTO_TCP)", 41, []uint64{2, open, 6}},
		{"the rest left open", "socket(AF_INET, ...)", 41, []uint64{2, open, open}},
		{"a result", "openat(AT_FDCWD, \"x\", O_WRONLY) = -1 EPERM (Operation not permitted)", 257, []uint64{0xffffffffffffff9c, open, 1}},
		{"a process, on the terminal", "[pid   712] socket(AF_INET, SOCK_STREAM, 0) = 3", 41, []uint64{2, 1, 0}},
		{"a process, in a file", "712   socket(AF_INET, SOCK_STREAM, 0)      = 3", 41, []uint64{2, 1, 0}},
		{"a call of which strace has not seen the end", "wait4(-1,  <unfinished ...>", 61, []uint64{^uint64(0), open}},
		{"one without arguments so far", "pause( <unfinished ...>", 34, nil},
		{"one whose last argument is there", "clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>", 56, []uint64{17, 0}},
		{"descriptors with their paths", "close(3</etc/passwd>)", 3, []uint64{3}},
		{"names of arguments, in strace's order", "clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD)", 56, []uint64{0x111, 0}},
		{"an octal mode", "chmod(_, 04755)", 90, []uint64{open, 0o4755}},
		{"a negative number", "personality(-1)", 135, []uint64{0xffffffffffffffff}},
		{"complement, shift and parentheses", "personality(~(1 << 3 | 0x4))", 135, []uint64{^uint64(12)}},
		{"spaces and comments", " socket ( AF_UNIX /* local */ , SOCK_STREAM , 0 ) ", 41, []uint64{1, 1, 0}},
	} {
		t.Run(c.what, func(t *testing.T) {
			call, err := calls.Parse(amd64, c.text)
			if err != nil {
				t.Fatal(err)
			}
			if call.Nr != c.nr {
				t.Errorf("number %d, want %d", call.Nr, c.nr)
			}
			for i, v := range call.Args {
				switch {
				case i >= len(c.args) || c.args[i] == open:
					if v.Known {
						t.Errorf("argument %d is %#x, want open", i, v.N)
					}
				case !v.Known || v.N != c.args[i]:
					t.Errorf("argument %d is %#x (known: %v), want %#x", i, v.N, v.Known, c.args[i])
				}
			}
		})
	}
}

// What is asked about is the call, not what strace knew of it.
func TestTheTextIsThatOfTheCallAlone(t *testing.T) {
	for text, want := range map[string]string{
		"openat": "openat", " 257 ": "257",
		"[pid 7] openat(AT_FDCWD, \"x\") = -1 EPERM (Operation not permitted)": "openat(AT_FDCWD, \"x\")",
		"7 getpid()    = 7": "getpid()",
	} {
		call, err := calls.Parse(amd64, text)
		if err != nil || call.String() != want {
			t.Errorf("%q is %q, %v; want %q", text, call, err, want)
		}
	}
}

func TestConstantsHaveTheValueOfTheArchitecture(t *testing.T) {
	for _, c := range []struct {
		arch seccomp.Arch
		text string
		arg  int
		want uint64
	}{
		{amd64, "socket(AF_INET, SOCK_STREAM)", 1, 1},
		{mips, "socket(AF_INET, SOCK_STREAM)", 1, 2},
		{amd64, "ioctl(0, TIOCSTI)", 1, 0x5412},
		{mips, "ioctl(0, TIOCSTI)", 1, 0x5472},
		{amd64, "open(_, O_DIRECTORY)", 1, 0x10000},
		{arm64, "openat(_, _, O_DIRECTORY)", 2, 0x4000},
		{x86, "personality(-1)", 0, 0xffffffff},
		{x86, "personality(~0x80000000)", 0, 0x7fffffff},
		{seccomp.ArchS390X, "clone(flags=CLONE_NEWUSER)", 1, 0x10000000},
	} {
		call, err := calls.Parse(c.arch, c.text)
		if err != nil {
			t.Error(err)
		} else if got := call.Args[c.arg].N; got != c.want {
			t.Errorf("%s on %s: argument %d is %#x, want %#x", c.text, c.arch.Name(), c.arg, got, c.want)
		}
	}
}

func TestWhatIsWrongIsSaidWithItsColumn(t *testing.T) {
	for _, c := range []struct {
		what string
		arch seccomp.Arch
		text string
		want string
		hint string
	}{
		{"nothing", amd64, "", "column 1: no call", "write a name or a number, such as openat, 257, or socket(AF_UNIX, SOCK_STREAM, 0)"},
		{"an unknown call", amd64, "opennat(1)", `column 1: no architecture has a system call "opennat"`, `did you mean "openat"?`},
		{"a call of another architecture", arm64, "open", "column 1: aarch64 has no open", "it exists on x86"},
		{"a call under another name there", x86, "newfstatat", "column 1: x86 has no newfstatat", "fstatat64 is what does it there"},
		{"a misspelt constant", amd64, "socket(AF_AGL)", "column 8: unknown constant AF_AGL", "did you mean AF_ALG?"},
		{"a constant in lower case", amd64, "socket(af_unix)", "column 8: unknown constant af_unix", "did you mean AF_UNIX?"},
		{"a constant that is none", amd64, "socket(BANANA)", "column 8: unknown constant BANANA", "it takes constants such as AF_UNIX, and numbers"},
		{"a constant of another architecture", arm64, "mmap(0, 0, 0, MAP_32BIT)", "column 15: aarch64 has no constant MAP_32BIT", ""},
		{"no end", amd64, "socket(AF_UNIX", "column 15: the call does not end", "close it with )"},
		{"no end after a comma", amd64, "socket(AF_UNIX,", "column 16: the call does not end", ""},
		{"no end of a string", amd64, `open("x)`, "column 6: the string does not end", ""},
		{"no end of a parenthesis", amd64, "close((1)", "column 10: the call does not end", ""},
		{"something after the call", amd64, "getpid() x", `column 10: "x" after the call`, ""},
		{"something else than parentheses", amd64, "getpid[]", `column 7: "[]" after the call`, "write its arguments in parentheses"},
		{"one argument too many", amd64, "close(1, 2)", "column 10: close has 1 argument on x86_64", ""},
		{"seven arguments", amd64, "9999(1,2,3,4,5,6,7)", "column 18: a call has at most 6 arguments", ""},
		{"an argument twice", amd64, "socket(1, family=2)", "column 11: argument 1 is given twice", ""},
		{"an argument that it does not have", amd64, "socket(colour=2)", `column 8: socket has no argument "colour" on x86_64`, "its arguments are family, type, protocol"},
		{"no number", amd64, "close(0x)", `column 7: "0x" is not a number`, ""},
		{"a number of more than 64 bits", amd64, "close(99999999999999999999)", "column 7: 99999999999999999999 has more than 64 bits", ""},
		{"a number of more than 32 bits for a register of 32", x86, "close(0x100000000)", "column 7: 0x100000000 does not fit into an argument of x86, which has 32 bits", ""},
		{"... before the end", amd64, "socket(..., 1)", "column 11: ... is not the last argument", "write _ for one that is open"},
		{"a shift too far", amd64, "close(1<<64)", "column 10: a shift by more than 63 bits", ""},
		{"a call that is far too long", amd64, "close(" + strings.Repeat("(", 5000), "longer than 4096 bytes", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := calls.Parse(c.arch, c.text)
			var e *calls.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v is no *calls.Error", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q, want %q in it", err, c.want)
			}
			if !strings.HasPrefix(e.Hint, c.hint) {
				t.Errorf("hint %q, want %q", e.Hint, c.hint)
			}
		})
	}
}

// What strace prints of a real program is read, line by line.
func TestEveryLineOfStraceIsRead(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		mustRun(t, "strace is not installed")
	}
	out, err := exec.Command(strace, "-f", "-o", "/dev/stdout", "sh", "-c", "ls -l /proc/self >/dev/null; cat /etc/passwd | head -1 >/dev/null").Output()
	if err != nil {
		mustRun(t, "strace cannot run here: "+err.Error())
	}
	line := regexp.MustCompile(`(?m)^\d+ +(\w+\(.*\) += .*)$`)
	lines := line.FindAllSubmatch(out, -1)
	if len(lines) < 50 {
		t.Fatalf("strace printed %d calls:\n%s", len(lines), out)
	}
	for _, m := range lines {
		text := string(m[1])
		name, _, _ := strings.Cut(text, "(")
		if _, ok := syscalls.Lookup(name); !ok {
			continue // strace has names of its own, such as umask for none
		}
		if _, err := calls.Parse(native(t), text); err != nil {
			t.Error(err)
		}
	}
}
