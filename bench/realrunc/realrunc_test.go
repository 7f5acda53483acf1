//go:build seccomp

package realrunc

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/bench/runc"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == AttachArg {
		fmt.Fprintln(os.Stderr, Attach())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var setting = seccomp.Facts{
	Arch:   seccomp.ArchX86_64,
	Kernel: seccomp.KernelVersion{Major: 6, Minor: 18},
	Caps:   seccomp.DefaultCaps,
}

// What package runc says of runc holds for each number of the default profile, with
// arguments that its rules tell apart.
func TestRuncAttachesWhatPackageRuncSays(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	attached, err := Program(profile.Default().MarshalOCI(setting))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := plain.Read([]byte(profile.Default().Source()))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := doc.Resolve(setting, plain.NewHost())
	if err != nil {
		t.Fatal(err)
	}
	filter, err := runc.Filter(rules)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := libseccomp.Build(filter)
	if err != nil {
		t.Fatal(err)
	}
	program, err := bpf.ParseRaw(raw, setting.Arch.ByteOrder())
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchX86, seccomp.ArchX32, seccomp.ArchAARCH64} {
		first := seccomp.Nr(0)
		if arch == seccomp.ArchX32 {
			first = 1 << 30
		}
		for nr := first; nr < first+700; nr++ {
			for _, arg := range []uint64{0, 8, 16, 38, 40, 0x7e02_0000, 0xffff_ffff} {
				d := seccomp.Data{Arch: arch.Audit(), Nr: nr, Args: [6]uint64{arg}}
				want, err := runc.Answer(rules, program, &d)
				if err != nil {
					t.Fatal(err)
				}
				got, _, err := attached.Run(&d, setting.Arch.ByteOrder())
				if err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Fatalf("%s %d(%#x): runc answers %v, package runc says %v", arch.Name(), nr, arg, got, want)
				}
			}
		}
	}
	if extra := len(attached) - len(program); extra < 1 {
		t.Errorf("runc attached %d instructions more than libseccomp makes: its check for newer calls is missing", extra)
	}
}

func TestMakeAttachesNothing(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	if err := Make(profile.Default().MarshalOCI(setting)); err != nil {
		t.Fatal(err)
	}
	threads, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(threads) == 0 {
		t.Fatal(threads, err)
	}
	for _, thread := range threads {
		status, err := os.ReadFile(thread)
		if err == nil && !strings.Contains(string(status), "\nSeccomp:\t0\n") { // a thread that ends has none
			t.Errorf("%s has a filter:\n%s", thread, status)
		}
	}
}
