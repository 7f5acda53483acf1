package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
)

// verifies fails unless weir verify --container says so.
func verifies(t *testing.T, container, profile string, code int, texts ...string) {
	t.Helper()
	out, got := weirOutput(t, "verify", "--container", container, "--against", profile)
	if got != code {
		t.Errorf("exit code %d, want %d\n%s", got, code, out)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("no %q in\n%s", text, out)
		}
	}
}

// nativeDenylist is a profile about which all engines and weir agree.
func nativeDenylist(t *testing.T, name string) (file, text string) {
	t.Helper()
	arch, err := hostArch()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "profile.json")
	text = fmt.Sprintf(`{"defaultAction": "SCMP_ACT_ALLOW", "architectures": [%q], "syscalls": [{"names": [%q], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}`, arch.String(), name)
	writeFile(t, file, text)
	return file, text
}

func TestContainersOfDockerAreVerified(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"), kerneltest.Tool("dockerd"), kerneltest.Tool("docker"))
	dir := t.TempDir()
	rootfs := filepath.Join(dir, "rootfs")
	busyboxRoot(t, rootfs)
	docker := startDocker(t, filepath.Join(dir, "docker"))
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(dir, "docker", "socket"))
	tar := filepath.Join(dir, "image.tar")
	command(t, "tar", "-C", rootfs, "-cf", tar, ".")
	docker("import", tar, "box")
	profile, _ := nativeDenylist(t, "kcmp")
	other, _ := nativeDenylist(t, "bpf")

	name := fmt.Sprintf("weir-%d", os.Getpid())
	id := strings.TrimSpace(docker("run", "--detach", "--name", name, "--network", "none", "--security-opt", "seccomp="+profile, "box", "/bin/sleep", "60"))
	verifies(t, name, profile, 0, "container "+name+" (Docker), process ", "equal to "+profile)
	verifies(t, id[:12], profile, 0, "container "+name+" (Docker), process ")
	verifies(t, name, other, 1, "kcmp(", "errno ENOSYS\n")
	if out, code := weirOutput(t, "diff", "container:"+name, other); code != 1 || !strings.HasPrefix(out, "1 call looser, 1 tighter, 0 different: from container "+name) {
		t.Errorf("exit code %d\n%s", code, out)
	}

	docker("run", "--detach", "--name", name+"-free", "--network", "none", "--security-opt", "seccomp=unconfined", "box", "/bin/sleep", "60")
	verifies(t, name+"-free", profile, 1, "container "+name+"-free (Docker), process ", ": no filter; ", "different from "+profile)
	docker("rm", "--force", name+"-free")

	docker("stop", "--time", "0", name)
	verifies(t, name, profile, 2, "container "+name+" (Docker) is not running: it is exited")
	docker("rm", name)
	verifies(t, name, profile, 2, "no container of Docker, Podman, containerd, runc or crun is called "+name)
}

func TestAContainerOfRuncIsVerified(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeyReadBack), kerneltest.Tool("busybox"), kerneltest.Tool("runc"))
	profile, text := nativeDenylist(t, "kcmp")
	bundle := t.TempDir()
	busyboxRoot(t, filepath.Join(bundle, "rootfs"))
	writeFile(t, filepath.Join(bundle, "config.json"), `{
		"ociVersion": "1.0.2",
		"process": {"user": {"uid": 0, "gid": 0}, "args": ["/bin/sleep", "60"], "cwd": "/"},
		"root": {"path": "rootfs"},
		"mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
		"linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}], "seccomp": `+text+`}
	}`)
	id := fmt.Sprintf("weir-verify-%d", os.Getpid())
	if err := exec.Command("runc", "run", "--detach", "--bundle", bundle, id).Run(); err != nil { // its output would wait for the container
		t.Fatalf("runc run: %v", err)
	}
	t.Cleanup(func() { exec.Command("runc", "delete", "--force", id).Run() })
	verifies(t, id, profile, 0, "container "+id+" (runc), process ", "equal to "+profile)
}

func TestWhichContainerIsMeant(t *testing.T) {
	for _, args := range [][]string{
		{"verify"}, {"verify", "--pid", "1", "--container", "web"}, {"verify", "--container", "a/b"}, {"verify", "--container", ""}, {"diff", "container:", "builtin"},
	} {
		if out, code := weirOutput(t, args...); code != 2 {
			t.Errorf("%q: exit code %d\n%s", args, code, out)
		}
	}
}
