package calls

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// The headers of this machine, by way of the C library, agree wherever they have
// a constant.
func TestConstantsAreThoseOfThisMachinesHeaders(t *testing.T) {
	cc, err := exec.LookPath("cc")
	arch, known := seccomp.ArchNamed(runtime.GOARCH)
	if err != nil || !known || runtime.GOOS != "linux" {
		if os.Getenv("WEIR_TEST_MUST_RUN") == "1" {
			t.Fatal("there is no C compiler for Linux")
		}
		t.Skip("there is no C compiler for Linux")
	}
	var src strings.Builder
	src.WriteString("#define _GNU_SOURCE\n")
	for _, header := range strings.Fields(`stdio.h fcntl.h sched.h signal.h sys/socket.h sys/mman.h sys/prctl.h sys/ptrace.h
		sys/ioctl.h sys/mount.h sys/stat.h sys/wait.h sys/resource.h sys/personality.h sys/epoll.h sys/eventfd.h
		sys/timerfd.h sys/signalfd.h sys/inotify.h sys/random.h netinet/in.h time.h linux/keyctl.h linux/bpf.h
		linux/seccomp.h linux/futex.h linux/netlink.h linux/io_uring.h linux/fanotify.h linux/fiemap.h linux/serial.h`) {
		fmt.Fprintf(&src, "#include <%s>\n", header)
	}
	src.WriteString("int main(void) {\n")
	for _, c := range constants {
		if libraryOnly[c.name] {
			continue
		}
		// Of an enum the compiler knows here only what is a macro too.
		fmt.Fprintf(&src, "#ifdef %s\nprintf(\"%s %%lld\\n\", (long long)(%s));\n#endif\n", c.name, c.name, c.name)
	}
	src.WriteString("}\n")
	dir := t.TempDir()
	file, program := filepath.Join(dir, "c.c"), filepath.Join(dir, "c")
	if err := os.WriteFile(file, []byte(src.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-w", "-o", program, file).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	out, err := exec.Command(program).Output()
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^(\w+) (-?\d+)$`).FindAllSubmatch(out, -1)
	if len(found) < 400 {
		t.Fatalf("the headers have %d of the %d constants", len(found), len(constants))
	}
	for _, m := range found {
		name := string(m[1])
		want, err := strconv.ParseInt(string(m[2]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := Constant(arch, name)
		switch {
		case !ok:
			t.Errorf("%s is %#x on this machine, and absent here", name, want)
		case got&(1<<32-1) != uint64(want)&(1<<32-1):
			t.Errorf("%s is %#x on this machine, %#x here", name, want, got)
		}
	}
}

// libraryOnly are the constants that the C library defines otherwise than the
// kernel (on 64-bit systems all locks have 64 bits, O_LARGEFILE is nothing, and
// the first real-time signals are its own), or whose structure it hides.
var libraryOnly = map[string]bool{
	"F_GETLK64": true, "F_SETLK64": true, "F_SETLKW64": true, "O_LARGEFILE": true, "SIGRTMIN": true,
	"TCGETS2": true, "TCSETS2": true, "TCSETSF2": true, "TCSETSW2": true,
}

func TestTheTableIsSortedAndItsReferencesExist(t *testing.T) {
	for i, c := range constants {
		if i > 0 && constants[i-1].name >= c.name {
			t.Errorf("%s comes after %s", c.name, constants[i-1].name)
		}
	}
	for _, take := range takes {
		call, ok := syscalls.Lookup(take.call)
		if !ok {
			t.Errorf("no call %s", take.call)
			continue
		}
		reached := false
		for _, a := range seccomp.Archs() {
			for _, s := range setsOf(a, call, int(take.arg)) {
				reached = reached || s == &sets[take.set]
			}
		}
		if !reached {
			t.Errorf("argument %d of %s is on no architecture", take.arg, take.call)
		}
	}
	for _, g := range guards {
		if g.only != "" && lookup(g.only) == nil {
			t.Errorf("no constant %s", g.only)
		}
		for _, name := range g.calls {
			if _, ok := syscalls.Lookup(name); !ok {
				t.Errorf("no call %s", name)
			}
		}
	}
	for _, f := range families {
		for _, m := range f.calls {
			if _, ok := syscalls.Lookup(m.call); !ok {
				t.Errorf("no call %s", m.call)
			}
		}
	}
	for _, op := range ringOps {
		if _, ok := syscalls.Lookup(op.call); !ok {
			t.Errorf("no call %s", op.call)
		}
	}
}

func TestTheCapabilitiesOfTheTableHaveTheirNumbers(t *testing.T) {
	for name, c := range map[string]seccomp.Cap{
		"CAP_DAC_READ_SEARCH": capDACReadSearch, "CAP_SYS_MODULE": capSysModule, "CAP_SYS_RAWIO": capSysRawIO,
		"CAP_SYS_CHROOT": capSysChroot, "CAP_SYS_PTRACE": capSysPtrace, "CAP_SYS_PACCT": capSysPacct,
		"CAP_SYS_ADMIN": capSysAdmin, "CAP_SYS_BOOT": capSysBoot, "CAP_SYS_NICE": capSysNice,
		"CAP_SYS_TIME": capSysTime, "CAP_SYS_TTY_CONFIG": capSysTTYConfig, "CAP_NET_RAW": capNetRaw,
		"CAP_SYSLOG": capSyslog, "CAP_PERFMON": capPerfmon, "CAP_BPF": capBPF,
	} {
		if c.String() != name {
			t.Errorf("%d is %v, not %s", c, c, name)
		}
	}
}
