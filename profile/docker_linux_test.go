package profile_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	docker "github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// If this fails after an update of the module: go generate ./profile
func TestDefaultIsTheModules(t *testing.T) {
	want, err := json.MarshalIndent(docker.DefaultProfile(), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if got := profile.Default().Source(); got != string(want)+"\n" {
		t.Error("default.json is not what github.com/moby/profiles/seccomp has")
	}
}

// resolvedByDocker is what the Docker daemon would hand to runc on this machine.
func resolvedByDocker(t *testing.T, src string, caps seccomp.Caps) *specs.LinuxSeccomp {
	t.Helper()
	var bounding []string
	for _, c := range caps.List() {
		bounding = append(bounding, c.String())
	}
	got, err := docker.LoadProfile(src, &specs.Spec{Process: &specs.Process{
		Capabilities: &specs.LinuxCapabilities{Bounding: bounding},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return spellOut(t, got)
}

// resolvedByWeir is the same of weir's.
func resolvedByWeir(t *testing.T, p *profile.Profile, caps seccomp.Caps) *specs.LinuxSeccomp {
	t.Helper()
	var uname unix.Utsname
	if err := unix.Uname(&uname); err != nil {
		t.Fatal(err)
	}
	kernel, err := seccomp.ParseKernelVersion(unix.ByteSliceToString(uname.Release[:]))
	if err != nil {
		t.Fatal(err)
	}
	native, ok := seccomp.ArchNamed(runtime.GOARCH)
	if !ok {
		t.Fatalf("no architecture is called %s", runtime.GOARCH)
	}
	var got specs.LinuxSeccomp
	if err := json.Unmarshal(p.MarshalOCI(seccomp.Facts{Arch: native, Kernel: kernel, Caps: caps}), &got); err != nil {
		t.Fatal(err)
	}
	return spellOut(t, &got)
}

// spellOut writes what may be left out and drops what says nothing.
func spellOut(t *testing.T, s *specs.LinuxSeccomp) *specs.LinuxSeccomp {
	t.Helper()
	errno := func(action *specs.LinuxSeccompAction, ret **uint) {
		if *action == specs.ActKill {
			*action = specs.ActKillThread
		}
		if *ret == nil && (*action == specs.ActErrno || *action == specs.ActTrace) {
			*ret = new(uint(1))
		}
	}
	errno(&s.DefaultAction, &s.DefaultErrnoRet)
	for i := range s.Syscalls {
		r := &s.Syscalls[i]
		errno(&r.Action, &r.ErrnoRet)
		if len(r.Args) == 0 {
			r.Args = nil
		}
	}
	return s
}

// dockersProfiles returns the profiles of the module, its fixtures among them,
// and weir's own fixtures that have nothing of Podman's that means something.
func dockersProfiles(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/profiles/seccomp").Output()
	if err != nil {
		if os.Getenv("WEIR_TEST_MUST_RUN") != "" {
			t.Fatalf("the module's directory: %v", err)
		}
		t.Skipf("the module's directory: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "fixtures", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the module has no fixtures: %v", err)
	}
	profiles := map[string]string{"default": profile.Default().Source()}
	for _, file := range append(files, "testdata/every-key.json", "testdata/podman-shape.json") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		profiles[filepath.Base(file)] = string(src)
	}
	return profiles
}

// Docker's code and weir's agree on which rules there are, for this machine and
// each capability.
func TestFlattenIsDockers(t *testing.T) {
	sets := []seccomp.Caps{0, seccomp.DefaultCaps, seccomp.AllCaps}
	for _, c := range seccomp.AllCaps.List() {
		sets = append(sets, seccomp.CapSet(c))
	}
	for name, src := range dockersProfiles(t) {
		p, err := profile.Parse(name, []byte(src), profile.Options{})
		if name == "example.json" {
			// Docker accepts its errno 12345, and runc refuses it.
			const want = "example.json:30:25: syscalls[3].errnoRet: errno 12345: the largest is 4095"
			if e, ok := errors.AsType[*profile.Error](err); !ok || lines(e.Problems) != want {
				t.Errorf("got %v, want %s", err, want)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		for _, caps := range sets {
			if got, want := resolvedByWeir(t, p, caps), resolvedByDocker(t, src, caps); !reflect.DeepEqual(got, want) {
				t.Errorf("%s with capabilities %#x\n got %+v\nwant %+v", name, caps, got, want)
			}
		}
	}
}

// Whatever weir accepts of Docker's dialect, Docker decodes, and to the same rules.
func FuzzParseAgainstDocker(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src string) {
		p, err := profile.Parse("p", []byte(src), profile.Options{})
		if err != nil || !p.Plain() {
			return
		}
		var podman struct {
			DefaultErrno string
			Syscalls     []struct{ Errno string }
		}
		if err := json.Unmarshal([]byte(src), &podman); err != nil {
			t.Fatal(err)
		}
		for _, r := range podman.Syscalls {
			podman.DefaultErrno += r.Errno
		}
		if podman.DefaultErrno != "" {
			return // Docker does not read it
		}
		if got, want := resolvedByWeir(t, p, seccomp.DefaultCaps), resolvedByDocker(t, src, seccomp.DefaultCaps); !sameRules(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	})
}

// sameRules compares what both resolved. Docker lists an architecture as often
// as the profile does.
func sameRules(a, b *specs.LinuxSeccomp) bool {
	if a.DefaultAction != b.DefaultAction || !reflect.DeepEqual(a.DefaultErrnoRet, b.DefaultErrnoRet) ||
		a.ListenerPath != b.ListenerPath || len(a.Syscalls) != len(b.Syscalls) {
		return false
	}
	for i := range a.Syscalls {
		x, y := &a.Syscalls[i], &b.Syscalls[i]
		if len(x.Names) != len(y.Names) || len(x.Names) > 0 && !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}
