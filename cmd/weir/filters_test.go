package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// decompiles turns the filters of a process into the nearest profile, and fails
// unless what it cannot say is exactly that: each line of losses begins a note.
func decompiles(t *testing.T, pid int, losses ...string) (profile string) {
	t.Helper()
	profile = filepath.Join(t.TempDir(), "profile.json")
	process := "pid:" + strconv.Itoa(pid)
	out, code := weirOutput(t, "decompile", "--nearest", "-o", profile, process)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != len(losses)+1 {
		t.Errorf("%d losses, want %d\n%s", len(lines)-1, len(losses), out)
	}
	for i, loss := range losses {
		if i < len(lines) && !strings.HasPrefix(lines[i], "weir: note: "+loss) {
			t.Errorf("%s\nis not %s", lines[i], loss)
		}
	}
	want := min(len(losses), 1)
	if out, code := weirOutput(t, "decompile", process); code != want {
		t.Errorf("without --nearest: exit code %d, want %d\n%s", code, want, out)
	}
	if out, code := weirOutput(t, "diff", process, profile); code != want {
		t.Errorf("diff: exit code %d, want %d\n%s", code, want, out)
	}
	return profile
}

// shows fails unless weir verify prints all the texts of a process.
func shows(t *testing.T, pid int, texts ...string) {
	t.Helper()
	out, code := weirOutput(t, "verify", "--pid", strconv.Itoa(pid))
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("no %q in\n%s", text, out)
		}
	}
}

func TestAFilterOfLibseccomps(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("gcc"))
	program := filepath.Join(t.TempDir(), "libseccomp")
	if out, err := exec.Command("gcc", "-o", program, "testdata/libseccomp.c", "-lseccomp").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	cmd := exec.Command(program)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatal(line, err)
	}
	shows(t, cmd.Process.Pid,
		"by default           allow\nother architectures  kill thread\n",
		"lseek     errno EFBIG   offset >= 0x100000001\n",
		"mprotect  errno EACCES  prot has all of PROT_WRITE|PROT_EXEC\n",
		"socket    trap          family is AF_ALG\n",
		"  errno ENOSYS (1)\n    kcmp\n")
	out, code := weirOutput(t, "explain", "pid:"+strconv.Itoa(cmd.Process.Pid), "socket(AF_ALG, SOCK_SEQPACKET, 0)", "kcmp")
	for _, text := range []string{"\ntrap\n  because  family is AF_ALG\n", "\nerrno ENOSYS\n", "\nWhy it is guarded\n"} {
		if code != 0 || !strings.Contains(out, text) {
			t.Errorf("exit code %d, no %q in\n%s", code, text, out)
		}
	}
	if out, code := weirOutput(t, "explain", "--cap-add", "ALL", "pid:"+strconv.Itoa(cmd.Process.Pid)); code != 2 || !strings.Contains(out, "--cap-add is about a profile") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	decompiles(t, cmd.Process.Pid, "socket: the program looks at bits of an argument that the kernel ignores, and a profile with it, such as socket(0x100000026, 0, 0)")
}

// The engines add to what a profile says: runc what newer calls get; crun nothing,
// so that they get the default action, which no profile can say.
func TestFiltersOfEngines(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	arch, err := hostArch()
	if err != nil {
		t.Fatal(err)
	}
	const profile = `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": [%q], "syscalls": [
		{"names": ["execve", "execveat", "exit_group", "read", "write", "openat", "openat2", "open", "close", "close_range", "fstat", "newfstatat", "mmap", "mprotect",
			"munmap", "brk", "arch_prctl", "prctl", "nanosleep", "clock_nanosleep", "futex", "rt_sigaction", "rt_sigprocmask", "getuid", "getpid",
			"set_tid_address", "set_robust_list", "capset", "capget", "setgroups", "setuid", "setgid", "setresuid", "setresgid", "fcntl", "epoll_ctl", "epoll_pwait", "getdents64",
			"fchdir", "chdir", "tgkill", "getppid", "getcwd", "statx", "stat", "lstat", "readlinkat", "fstatfs", "madvise", "sigaltstack", "lseek", "gettid",
			"sched_getaffinity", "eventfd2", "epoll_create1", "pipe2", "dup3", "umask", "setsid", "seccomp", "rt_sigreturn", "landlock_add_rule"], "action": "SCMP_ACT_ALLOW"}]}`
	text := fmt.Sprintf(profile, arch.String())
	t.Run("runc", func(t *testing.T) {
		kerneltest.Require(t, kerneltest.Tool("runc"))
		pid := startEngine(t, "runc", text)
		shows(t, pid, "by default           errno EPERM\nnewer calls          errno ENOSYS\n", "  errno ENOSYS above number 445, landlock_add_rule (")
		decompiles(t, pid)
	})
	t.Run("crun", func(t *testing.T) {
		kerneltest.Require(t, kerneltest.Tool("crun"))
		pid := startEngine(t, "crun", strings.Replace(text, "{", `{"flags": ["SECCOMP_FILTER_FLAG_LOG"], `, 1))
		shows(t, pid, "by default           errno EPERM\nother architectures  kill thread\n", "  allow (")
		file := decompiles(t, pid, "calls newer than a profile get errno ENOSYS, such as")
		if made, err := os.ReadFile(file); err != nil || !strings.Contains(string(made), "\"flags\": [\n\t\t\"SECCOMP_FILTER_FLAG_LOG\"\n\t]") {
			t.Errorf("%v\n%s", err, made)
		}
	})
}

// Systemd attaches a filter for each architecture of the machine, which lets all
// others through, and one for each of several purposes: here what systemd-nspawn
// denies to a container.
func TestFiltersOfSystemds(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"), kerneltest.Tool("systemd-nspawn"), kerneltest.Tool("unshare"))
	root := t.TempDir()
	busyboxRoot(t, root)
	for _, dir := range []string{"usr", "run", "sys", "dev", "tmp", "etc"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(root, "etc/os-release"), "ID=test\n")
	// It wants a /run that is no disk.
	mark := fmt.Sprint("60.", os.Getpid())
	cmd := exec.Command("unshare", "-m", "--propagation", "private", "sh", "-c",
		`mount -t tmpfs none /run && exec systemd-nspawn -q --register=no --keep-unit --as-pid2 -D "$0" /bin/sleep "$1"`, root, mark)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	pid := waitForCommand(t, "/bin/sleep\x00"+mark+"\x00")
	shows(t, pid, " filters: ", "other architectures  allow\n", "  errno EPERM (", "socket  errno EAFNOSUPPORT  family is AF_NETLINK and protocol is 9\n", "kexec_load")
	out, code := weirOutput(t, "decompile", "pid:"+strconv.Itoa(pid))
	if code != 1 || !strings.Contains(out, "an architecture that a profile does not list kills the thread, such as ") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// Bubblewrap attaches programs that it is given, here two.
func TestFiltersOfBubblewraps(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"), kerneltest.Tool("bwrap"))
	dir := t.TempDir()
	var files []*os.File
	for i, rules := range []string{
		`{"names": ["kcmp", "acct"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}`,
		`{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}, {"names": ["socket"], "action": "SCMP_ACT_TRAP", "args": [{"index": 0, "value": 38, "op": "SCMP_CMP_EQ"}]}`,
	} {
		source, program := filepath.Join(dir, fmt.Sprintf("%d.json", i)), filepath.Join(dir, fmt.Sprintf("%d.bpf", i))
		writeFile(t, source, `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [`+rules+`]}`)
		weirCommand(t, "compile", "--format", "raw", "-o", program, source)
		f, err := os.Open(program)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	mark := fmt.Sprint("61.", os.Getpid())
	cmd := exec.Command("bwrap", "--bind", "/", "/", "--add-seccomp-fd", "3", "--add-seccomp-fd", "4", "/bin/busybox", "sleep", mark)
	cmd.ExtraFiles = files
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	pid := waitForCommand(t, "/bin/busybox\x00sleep\x00"+mark+"\x00")
	shows(t, pid, ": 2 filters: ", "  errno EPERM (1)\n    acct\n", "  errno ENOSYS (1)\n    kcmp\n", "socket  trap   family is AF_ALG\n")
	file := decompiles(t, pid)
	holds(t, pid, file, 0, "2 filters: ", "equal to ")
}

// Many filters, and one as long as can be, which no profile was compiled to.
func TestFiltersThatAreManyOrLong(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	arch, err := hostArch()
	if err != nil {
		t.Fatal(err)
	}
	on := syscalls.On(arch)
	t.Run("50 filters", func(t *testing.T) {
		// The newest allows what an older one denies, and denies what older ones do.
		var programs []bpf.Program
		for i := range 50 {
			nr, _ := on[len(on)-1-i].Nr(arch)
			programs = append(programs, bpf.Program{
				bpf.LoadAbs(seccomp.OffsetNr), bpf.JumpIf(bpf.OpJge, uint32(nr), 0, 1),
				bpf.Ret(seccomp.ReturnErrno(seccomp.Errno(i + 1))), bpf.Ret(seccomp.ActAllow.Return())})
		}
		pid := startPrograms(t, programs...)
		shows(t, pid, ": 50 filters: 4 instructions, ", "other architectures  errno", fmt.Sprintf("  errno %v (50)", seccomp.Errno(50)))
	})
	t.Run("4096 instructions", func(t *testing.T) {
		nr, _ := on[len(on)-1].Nr(arch)
		prog := bpf.Program{bpf.LoadAbs(seccomp.OffsetNr), {Op: bpf.OpSt}}
		for len(prog) < bpf.MaxLen-5 {
			prog = append(prog, bpf.Instruction{Op: bpf.OpXor, K: uint32(len(prog))}, bpf.Instruction{Op: bpf.OpXor, K: uint32(len(prog))})
		}
		prog = append(prog, bpf.Instruction{Op: bpf.OpLdMem}, bpf.JumpIf(bpf.OpJeq, uint32(nr), 0, 1),
			bpf.Ret(seccomp.ReturnErrno(1)), bpf.Ret(seccomp.ActAllow.Return()))
		for len(prog) < bpf.MaxLen {
			prog = append(bpf.Program{bpf.LoadAbs(seccomp.OffsetNr)}, prog...)
		}
		shows(t, startPrograms(t, prog), ": 1 filter: 4096 instructions; stopped for at most ", "  errno EPERM (1)\n    "+on[len(on)-1].String()+"\n")
	})
}

// A product of two arguments is more than can be followed; the rest is shown.
func TestAFilterThatIsUndecided(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	arch, err := hostArch()
	if err != nil {
		t.Fatal(err)
	}
	kcmp, _ := syscalls.Lookup("kcmp")
	nr, _ := kcmp.Nr(arch)
	order := arch.ByteOrder()
	pid := startPrograms(t, bpf.Program{
		bpf.LoadAbs(seccomp.OffsetNr), bpf.JumpIf(bpf.OpJeq, uint32(nr), 0, 6),
		bpf.LoadAbs(seccomp.OffsetLow(0, order)), {Op: bpf.OpTax}, bpf.LoadAbs(seccomp.OffsetLow(1, order)), {Op: bpf.OpMulX},
		bpf.JumpIf(bpf.OpJeq, 12345, 0, 1),
		bpf.Ret(seccomp.ReturnErrno(1)), bpf.Ret(seccomp.ActAllow.Return())})
	out, code := weirOutput(t, "verify", "--pid", strconv.Itoa(pid))
	for _, text := range []string{"\n  undecided: it takes more than 1000000 steps\n    kcmp\n", "\n  allow (", "\nundecided: kcmp on " + arch.Name() + ": it takes more than 1000000 steps\n"} {
		if code != 2 || !strings.Contains(out, text) {
			t.Errorf("exit code %d, no %q in\n%s", code, text, out)
		}
	}
}

// Whatever is asked of a process that cannot be read: the cause, and nothing on
// standard output.
func TestProcessesThatCannotBeDecompiled(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	free := exec.Command("/bin/busybox", "sleep", "60")
	if err := free.Start(); err != nil {
		t.Fatal(err)
	}
	fails := func(pid int, text string) {
		t.Helper()
		cmd := weirSelf(t, "decompile", "pid:"+strconv.Itoa(pid))
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if cmd.ProcessState.ExitCode() != 2 || len(out) > 0 || !strings.Contains(stderr.String(), text) {
			t.Errorf("%v\n%s%s", err, out, stderr.String())
		}
	}
	fails(free.Process.Pid, "the thread has no filter")
	free.Process.Kill() // and nobody has waited: a zombie
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", free.Process.Pid)); strings.Contains(string(status), "State:\tZ") {
			break
		}
	}
	fails(free.Process.Pid, "there is no such thread (EPERM)")
	free.Wait()
	fails(free.Process.Pid, "there is no such thread (ESRCH)")
	pid := startConfined(t, `{"defaultAction": "SCMP_ACT_ALLOW"}`)
	cmd := weirSelf(t, "decompile", "pid:"+strconv.Itoa(pid))
	self, err := os.Open(cmd.Path) // in a directory that is closed to others
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	cmd.Path, cmd.ExtraFiles = "/proc/self/fd/3", []*os.File{self}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "tracing the thread is not permitted (EPERM)\nhint: ") {
		t.Errorf("by another user: %v\n%s", err, out)
	}
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", os.Getpid()))
	if err != nil || len(threads) < 2 {
		t.Fatalf("%v, %v", threads, err)
	}
	thread, _ := strconv.Atoi(threads[1].Name())
	fails(thread, "the thread has no filter") // one thread of many, by its own number
}

// waitForCommand waits for a process under a filter with a command line. It ends with
// the test.
func waitForCommand(t *testing.T, cmdline string) (pid int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		dirs, err := filepath.Glob("/proc/[0-9]*")
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range dirs {
			text, _ := os.ReadFile(dir + "/cmdline")
			status, _ := os.ReadFile(dir + "/status")
			if string(text) == cmdline && strings.Contains(string(status), "\nSeccomp:\t2\n") {
				pid, _ = strconv.Atoi(filepath.Base(dir))
				t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
				return pid
			}
		}
	}
	t.Fatalf("no process %q", cmdline)
	return 0
}
