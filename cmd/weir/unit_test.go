package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// units are settings, and what they are about.
var units = []string{
	"SystemCallFilter=~mount:ENOSYS @swap:13 bpf reboot:kill\nSystemCallErrorNumber=EPERM\n",
	"SystemCallFilter=@system-service\nSystemCallFilter=~@resources unlink:ENOENT\nSystemCallErrorNumber=EPERM\n",
	"SystemCallFilter=~@clock\nSystemCallFilter=adjtimex\nSystemCallArchitectures=native\n",
	"SystemCallFilter=@system-service\nSystemCallFilter=\nSystemCallFilter=~@debug ptrace:0\n",
	"SystemCallLog=~@system-service\nSystemCallFilter=~@keyring:EACCES\nSystemCallErrorNumber=EIO\nSystemCallErrorNumber=\n",
	"SystemCallFilter=@system-service uselib\nSystemCallFilter=~uselib\nSystemCallErrorNumber=38\nSystemCallLog=\\\n  getpid \\\n# nothing else\n  getuid\n",
	"SystemCallFilter=~@obsolete @raw-io @privileged @cpu-emulation\nSystemCallFilter=setuid @chown\n",
}

// manager is a systemd for one user, in a mount namespace in which it finds what it
// looks for to see that it may run.
const manager = `
mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/user/0 || exit 1
export XDG_RUNTIME_DIR=/run/user/0 XDG_CONFIG_HOME=$1 DBUS_SESSION_BUS_ADDRESS=
/lib/systemd/systemd --user --log-target=console &
trap 'kill $!; wait $!' EXIT
for unit in $1/systemd/user/*.service; do
	unit=$(basename $unit)
	i=0
	until systemctl --user start $unit 2>/dev/null; do
		i=$((i+1)); [ $i -lt 100 ] || { echo cannot start $unit >&2; exit 1; }
		sleep 0.1
	done
	echo $(systemctl --user show -P MainPID $unit)
done
read line
`

// newestCommon is what the oldest libseccomp that is tested knows, on every ABI of
// x86: process_mrelease. systemd leaves out the calls that its libseccomp does not know.
const newestCommon = 448

// The kernel has what systemd made of a unit; convert says what it means.
func TestUnitsMeanWhatTheRealSystemdMakesOfThem(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("/lib/systemd/systemd"), kerneltest.Tool("systemctl"), kerneltest.Tool("unshare"))
	config := t.TempDir()
	dir := filepath.Join(config, "systemd", "user")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, unit := range units {
		writeFile(t, filepath.Join(dir, fmt.Sprintf("%d.service", i)), "[Service]\nExecStart=/bin/sleep 1000\n"+unit)
	}
	cmd := exec.Command("unshare", "--mount-proc", "--propagation", "private", "--fork", "--pid", "--kill-child", "sh", "-c", manager, "sh", config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		in.Close()
		_ = cmd.Wait()
	}()
	f, err := new(factFlags).facts()
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for _, unit := range units {
		if !lines.Scan() {
			t.Fatalf("systemd says no more: %s", &stderr)
		}
		compareUnit(t, unit, sleeper(t, cmd.Process.Pid, lines.Text()), f)
	}
}

// sleeper finds the process that a number means in the namespace of the manager's
// shell, once it has become what the unit starts: then it has its filters.
func sleeper(t *testing.T, unshare int, number string) int {
	t.Helper()
	for range 100 {
		found, err := filepath.Glob("/proc/[0-9]*/status")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			status, err := os.ReadFile(path)
			fields := strings.Fields(string(status))
			if at := slices.Index(fields, "NSpid:"); err == nil && at > 0 && len(fields) > at+3 && fields[1] == "sleep" && fields[at+2] == number && fields[at+3] == "NSpgid:" {
				pid, err := strconv.Atoi(fields[at+1])
				if err != nil {
					t.Fatal(err)
				}
				return pid
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no process %s of a unit below %d", number, unshare)
	return 0
}

// compareUnit asks the filters of a process and the policy of its unit about all
// calls that both can know.
func compareUnit(t *testing.T, unit string, pid int, f seccomp.Facts) {
	t.Helper()
	source, err := convert.Read("unit", []byte(unit), convert.Systemd, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pol, _, err := policy.Resolve(source.Profile, f, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := readProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Filters) == 0 {
		t.Fatalf("process %d has no filter\n%s", pid, unit)
	}
	_, archs := source.Profile.Flatten(f)
	asked := 0
	for _, a := range []seccomp.Arch{f.Arch, seccomp.ArchX86, seccomp.ArchX32} {
		if a != f.Arch && len(archs) > 0 && !slices.Contains(archs, a) || a != f.Arch && f.Arch != seccomp.ArchX86_64 {
			continue
		}
		for _, call := range syscalls.On(a) {
			nr, _ := call.Nr(a)
			if nr&^(1<<30) > newestCommon || call.String() == "uretprobe" { // newer than its number
				continue
			}
			d := seccomp.Data{Arch: a.Audit(), Nr: nr}
			_, rule := pol.Eval(&d)
			got, err := p.Answer(&d, f.Arch.ByteOrder())
			if err != nil {
				t.Fatal(err)
			}
			if asked++; got != rule.Return && rule.Why != policy.WhyNewer {
				t.Errorf("%s %v: systemd made it %v, convert says %v\n%s", a.Name(), call, got, rule.Return, unit)
			}
		}
	}
	if asked < 300 {
		t.Errorf("only %d calls are compared", asked)
	}
}
