package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
)

// confined FILE... is a command for tests: it attaches the programs of the files
// in that order, and becomes a process that sleeps.
func confined() {
	runtime.LockOSThread()
	arch, err := hostArch()
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	fail(err)
	var programs []bpf.Program
	for _, file := range os.Args[1:] {
		_, prog, err := readProgram(file, arch, nil)
		fail(err)
		programs = append(programs, prog)
	}
	for _, prog := range programs {
		fail(kernel.Load(prog, 0))
	}
	fail(syscall.Exec("/bin/busybox", []string{"sleep", "60"}, nil))
}

// startConfined compiles profiles and returns a process under all of them.
func startConfined(t *testing.T, profiles ...string) int {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for i, profile := range profiles {
		source, program := filepath.Join(dir, fmt.Sprintf("%d.json", i)), filepath.Join(dir, fmt.Sprintf("%d.bpf", i))
		writeFile(t, source, profile)
		weirCommand(t, "compile", "--format", "raw", "-o", program, source)
		files = append(files, program)
	}
	return startUnder(t, files)
}

// startPrograms returns a process under all of the programs.
func startPrograms(t *testing.T, programs ...bpf.Program) int {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for i, prog := range programs {
		file := filepath.Join(dir, fmt.Sprintf("%d.json", i))
		writeFile(t, file, prog.JSON())
		files = append(files, file)
	}
	return startUnder(t, files)
}

// startUnder returns a process under the programs in files.
func startUnder(t *testing.T, files []string) int {
	t.Helper()
	path, err := exec.LookPath("confined")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, files...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid)); strings.HasPrefix(string(cmdline), "sleep\x00") {
			return cmd.Process.Pid
		}
	}
	t.Fatal("the process does not start")
	return 0
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// weirOutput runs weir and returns what it prints and its exit code.
func weirOutput(t *testing.T, args ...string) (string, int) {
	t.Helper()
	out, err := weirSelf(t, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// holds fails unless weir verify says so.
func holds(t *testing.T, pid int, profile string, code int, texts ...string) {
	t.Helper()
	out, got := weirOutput(t, "verify", "--pid", strconv.Itoa(pid), "--against", profile)
	if got != code {
		t.Errorf("exit code %d, want %d\n%s", got, code, out)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("no %q in\n%s", text, out)
		}
	}
}

func TestAContainerIsProvedToBeUnderItsProfile(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	root := t.TempDir()
	busyboxRoot(t, root)
	plain := startContainer(t, "--rootfs", root, "sleep", "60")
	holds(t, plain, "builtin", 0, "1 filter: 199 instructions; stopped for at most ", "equal to builtin: proved in ")

	// The capabilities are the process's own, so a container with another set is
	// under the default profile as well, though under another program.
	other := startContainer(t, "--cap-add", "SYS_ADMIN", "--rootfs", root, "sleep", "60")
	holds(t, other, "builtin", 0, "equal to builtin: proved in ")
	for _, args := range [][]string{{"pid:" + strconv.Itoa(other), "builtin"}, {"builtin", "pid:" + strconv.Itoa(other)}} {
		if out, code := weirOutput(t, append([]string{"diff"}, args...)...); code != 0 || !strings.HasPrefix(out, "equal: ") {
			t.Errorf("diff %q: exit code %d\n%s", args, code, out)
		}
	}
	if out, code := weirOutput(t, "diff", "--cap-drop", "SYS_ADMIN", "builtin", "pid:"+strconv.Itoa(other)); code != 1 || !strings.Contains(out, " looser, 0 tighter, 0 different: ") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	out, code := weirOutput(t, "diff", "pid:"+strconv.Itoa(plain), "pid:"+strconv.Itoa(other))
	if code != 1 || !strings.Contains(out, " looser, 0 tighter, 0 different: ") || !strings.Contains(out, "clone(CLONE_NEWNS") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestStackedFiltersAreMerged(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	deny := func(rules string) string {
		return `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [` + rules + `]}`
	}
	errno := func(name string, n int) string {
		return fmt.Sprintf(`{"names": [%q], "action": "SCMP_ACT_ERRNO", "errnoRet": %d}`, name, n)
	}
	const log = `{"names": ["acct"], "action": "SCMP_ACT_LOG"}`
	pid := startConfined(t, deny(errno("kcmp", 1)+","+errno("acct", 1)), deny(errno("bpf", 38)+","+errno("kcmp", 38)+","+log))
	against := filepath.Join(t.TempDir(), "profile.json")

	writeFile(t, against, deny(errno("kcmp", 38)+","+errno("bpf", 38)+","+errno("acct", 1)))
	holds(t, pid, against, 0, "2 filters: ", "equal to ")
	writeFile(t, against, deny(errno("kcmp", 1)+","+errno("bpf", 38)+","+errno("acct", 1)))
	holds(t, pid, against, 1, "kcmp(0, 0, 0, 0, 0)", "errno ENOSYS\n", "errno EPERM\n")
	writeFile(t, against, deny(errno("kcmp", 38)+","+errno("acct", 1)))
	holds(t, pid, against, 1, "bpf(", "errno ENOSYS\n", "allow\n")
}

func TestWhatFiltersDoTogether(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	pid := startConfined(t, `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["kcmp", "acct"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
		{"names": ["bpf"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_LE"}]}]}`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["kcmp"], "action": "SCMP_ACT_KILL_THREAD"},
		{"names": ["bpf"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_GT"}]},
		{"names": ["acct"], "action": "SCMP_ACT_LOG"}]}`)
	arch, err := hostArch()
	if err != nil {
		t.Fatal(err)
	}
	out, code := weirOutput(t, "verify", "--pid", strconv.Itoa(pid))
	if code != 0 || !strings.HasPrefix(out, fmt.Sprintf("process %d: 2 filters: ", pid)) {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, text := range []string{
		"by default           allow\nother architectures  kill thread\n\n" + arch.Name() + "\n",
		"\n    bpf  errno EPERM   cmd <= 7 (BPF_OBJ_GET)\n         errno ENOSYS  otherwise\n",
		"\n  errno EPERM (1)\n    acct\n",
		"\n  kill thread (1)\n    kcmp\n",
	} {
		if !strings.Contains(out, text) {
			t.Errorf("no %q in\n%s", text, out)
		}
	}
}

// What another engine makes of a profile: rules without arguments come out as
// they are written; arguments of 32 bits it compares as 64.
func TestAContainerOfAnotherEngine(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"), kerneltest.Tool("runc"))
	arch, err := hostArch()
	if err != nil {
		t.Fatal(err)
	}
	rules := func(args string) string {
		return fmt.Sprintf(`{"defaultAction": "SCMP_ACT_ALLOW", "architectures": [%q], "syscalls": [
			{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
			{"names": ["personality"], "action": "SCMP_ACT_ERRNO"%s}]}`, arch.String(), args)
	}
	plain, conditional := rules(""), rules(`, "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]`)
	file := filepath.Join(t.TempDir(), "profile.json")
	writeFile(t, file, plain)
	holds(t, startEngine(t, "runc", plain), file, 0, "equal to ")
	writeFile(t, file, conditional)
	holds(t, startEngine(t, "runc", conditional), file, 1, "personality(0x100000008)", "allow\n", "errno EPERM\n")
}

// startEngine starts a container of runc or crun under a profile.
func startEngine(t *testing.T, engine, profile string) int {
	t.Helper()
	bundle := t.TempDir()
	if err := os.Chmod(bundle, 0o755); err != nil {
		t.Fatal(err)
	}
	busyboxRoot(t, filepath.Join(bundle, "rootfs"))
	if err := os.MkdirAll(filepath.Join(bundle, "rootfs/dev"), 0o755); err != nil { // crun wants one
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(bundle, "config.json"), `{
		"ociVersion": "1.0.2",
		"process": {"user": {"uid": 0, "gid": 0}, "args": ["/bin/sleep", "60"], "cwd": "/"},
		"root": {"path": "rootfs"},
		"mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
		"linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}], "seccomp": `+profile+`}
	}`)
	id := "weir-test-" + strings.ReplaceAll(strings.Trim(bundle, "/"), "/", "-")
	command := func(args ...string) *exec.Cmd {
		args = append([]string{engine, "--root", filepath.Join(bundle, "state")}, args...)
		if engine == "crun" { // it does not work beside a second version of cgroups
			args = append([]string{"unshare", "-m", "sh", "-c", `umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"`, "sh"}, args...)
		}
		return exec.Command(args[0], args[1:]...)
	}
	run := command("run", "--detach", "--bundle", bundle, "--pid-file", filepath.Join(bundle, "pid"), id)
	if err := run.Run(); err != nil { // its output would wait for the container
		t.Fatalf("%s run: %v", engine, err)
	}
	t.Cleanup(func() {
		if out, err := command("delete", "--force", id).CombinedOutput(); err != nil {
			t.Errorf("%s delete: %v\n%s", engine, err, out)
		}
	})
	text, err := os.ReadFile(filepath.Join(bundle, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestAProcessWithoutAFilterLetsEverythingThrough(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	free := exec.Command("/bin/busybox", "sleep", "60")
	if err := free.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		free.Process.Kill()
		free.Wait()
	})
	holds(t, free.Process.Pid, "builtin", 1, ": no filter; stopped for at most ", "different from builtin: ", "  allow\n")
	out, code := weirOutput(t, "verify", "--json", "--pid", strconv.Itoa(free.Process.Pid), "--against", "builtin")
	if code != 1 || !strings.Contains(out, `"filters": [],`) || !strings.Contains(out, `"direction": "tighter",`) {
		t.Errorf("exit code %d\n%s", code, out)
	}
	out, code = weirOutput(t, "diff", "builtin", "pid:"+strconv.Itoa(free.Process.Pid), "--fail-on", "looser")
	if code != 1 || !strings.Contains(out, " looser, 0 tighter, 0 different: from builtin to process ") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestAProcessThatCannotBeVerified(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	free := exec.Command("/bin/busybox", "sleep", "60")
	if err := free.Start(); err != nil {
		t.Fatal(err)
	}
	if out, code := weirOutput(t, "verify", "--pid", strconv.Itoa(free.Process.Pid)); code != 2 || !strings.Contains(out, "the thread has no filter") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	free.Process.Kill()
	free.Wait()
	holds(t, free.Process.Pid, "builtin", 2, "there is no such thread", "hint: ")
	holds(t, 0, "builtin", 2, "not the number of a process")
	if out, code := weirOutput(t, "verify", "--pid", "1", "--lenient"); code != 2 || !strings.Contains(out, "there is none") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	holds(t, startConfined(t, `{"defaultAction": "SCMP_ACT_ALLOW"}`), "no.json", 2, "no.json: no such file")
}

func TestVerifyPrintsJSON(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"))
	const deny = `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO"}]}`
	pid := startConfined(t, deny)
	against := filepath.Join(t.TempDir(), "profile.json")
	ask := func(args ...string) (told struct {
		Filters          []struct{ Instructions int }
		Against, Verdict string
		Difference       *struct{ Call, Direction, A, B string }
		Effective        *struct{ ABIs []any }
		Stopped          int64 `json:"stoppedMicroseconds"`
	}, code int) {
		out, code := weirOutput(t, append([]string{"verify", "--json", "--pid", strconv.Itoa(pid)}, args...)...)
		if err := json.Unmarshal([]byte(out), &told); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if len(told.Filters) != 1 || told.Filters[0].Instructions == 0 || told.Stopped == 0 {
			t.Errorf("%+v", told)
		}
		return told, code
	}
	writeFile(t, against, deny)
	if told, code := ask("--against", against); code != 0 || told.Verdict != "equal" || told.Against != against {
		t.Errorf("exit code %d, %+v", code, told)
	}
	writeFile(t, against, strings.Replace(deny, "kcmp", "acct", 1))
	if told, code := ask("--against", against); code != 1 || told.Verdict != "different" || told.Difference == nil || told.Difference.Call == "" {
		t.Errorf("exit code %d, %+v", code, told)
	}
	if told, code := ask(); code != 0 || told.Effective == nil || told.Verdict != "" {
		t.Errorf("exit code %d, %+v", code, told)
	}
}
