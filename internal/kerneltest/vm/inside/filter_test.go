package inside

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestTheKernelsFilterOfAContainerIsTheDefaultProfile(t *testing.T) {
	for _, flag := range []string{"--init=false", "--init"} {
		t.Run(flag, func(t *testing.T) {
			started(t, nil, "run", flag, "-m", "64m", "--rootfs", rootfs(t), "sh", "-c", "echo started; exec sleep 1000")
			for pid := range strings.FieldsSeq(read(t, cgroup(t), "cgroup.procs")) {
				ends(t, nil, 0, []string{": 1 filter: ", "equal to builtin: proved"}, "verify", "--pid", pid, "--against", "builtin")
			}
		})
	}
}

func TestKernelAndPolicyAgreeOnAllGuardedCalls(t *testing.T) {
	for _, args := range [][]string{{"probe"}, {"probe", "--cap-add", "SYS_ADMIN"}, {"probe", "--cap-add", "ALL"}} {
		for name, attr := range map[string]*syscall.SysProcAttr{"root": nil, "a plain user": {Credential: alice}} {
			if attr != nil && len(args) > 1 {
				continue // who has nothing to grant
			}
			t.Run(strings.Join(args, " ")+" by "+name, func(t *testing.T) {
				out, code := weir(t, attr, args...)
				if code != 0 || !strings.Contains(out, "kernel and policy agree on all of ") {
					t.Errorf("exit code %d\n%s", code, out)
				}
			})
		}
	}
}

func TestADeniedCallIsDenied(t *testing.T) {
	dir := rootfs(t)
	for name, attr := range map[string]*syscall.SysProcAttr{"root": nil, "a plain user": {Credential: alice}} {
		t.Run("to the container of "+name, func(t *testing.T) {
			ends(t, attr, 1, []string{"unshare", "Operation not permitted"}, "run", "--rootfs", dir, "unshare", "-U", "true")
			ends(t, attr, 0, nil, "run", "--security-opt", "seccomp=unconfined", "--rootfs", dir, "unshare", "-U", "true")
		})
	}
}

func TestProgramsOfTheOtherWidthAreUnderTheSameProfile(t *testing.T) {
	other := map[string]string{"amd64": "386", "arm64": "arm"}[runtime.GOARCH]
	dir := rootfs(t)
	ends(t, nil, 0, []string{other + " operation not permitted\n"}, "run", "--rootfs", dir, "other")
	ends(t, nil, 0, []string{other + " invalid argument\n"}, "run", "--security-opt", "seccomp=unconfined", "--rootfs", dir, "other")
}
