package profile_test

import (
	"fmt"
	"testing"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

var admin, _ = seccomp.ParseCap("CAP_SYS_ADMIN")
var bpf, _ = seccomp.ParseCap("CAP_BPF")

func TestConditionalRules(t *testing.T) {
	amd64 := seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: seccomp.KernelVersion{Major: 6, Minor: 1}}
	with := func(caps ...seccomp.Cap) seccomp.Facts {
		f := amd64
		f.Caps = seccomp.CapSet(caps...)
		return f
	}
	on := func(a seccomp.Arch) seccomp.Facts {
		f := amd64
		f.Arch = a
		return f
	}
	for _, c := range []struct {
		what, filter string
		facts        seccomp.Facts
		applies      bool
	}{
		{"no condition", `"includes": {}, "excludes": {}`, amd64, true},
		{"a capability that is held includes", `"includes": {"caps": ["CAP_SYS_ADMIN"]}`, with(admin), true},
		{"a capability that is not held does not", `"includes": {"caps": ["CAP_SYS_ADMIN"]}`, with(bpf), false},
		{"all capabilities must be held to include", `"includes": {"caps": ["CAP_SYS_ADMIN", "CAP_BPF"]}`, with(bpf), false},
		{"one capability is enough to exclude", `"excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_BPF"]}`, with(bpf), false},
		{"a capability that weir does not know is not held", `"includes": {"caps": ["CAP_FUTURE"]}`, with(admin), false},
		{"one architecture is enough to include", `"includes": {"arches": ["arm64", "amd64"]}`, amd64, true},
		{"another architecture does not include", `"includes": {"arches": ["x86", "x32"]}`, amd64, false},
		{"an architecture excludes", `"excludes": {"arches": ["amd64"]}`, amd64, false},
		{"n32 of MIPS is written as Docker writes it", `"includes": {"arches": ["mips3l64n32"]}`, on(seccomp.ArchMIPSEL64N32), true},
		{"n32 of MIPS is written as everyone else writes it", `"includes": {"arches": ["mipsel64n32"]}`, on(seccomp.ArchMIPSEL64N32), true},
		{"the same kernel is new enough", `"includes": {"minKernel": "6.1"}`, amd64, true},
		{"an older kernel is not", `"includes": {"minKernel": "6.2"}`, amd64, false},
		{"numbers are compared, not texts", `"includes": {"minKernel": "4.18"}`, amd64, true},
		{"a new kernel excludes", `"excludes": {"minKernel": "4.8"}`, amd64, false},
		{"every kernel is newer than an empty version", `"excludes": {"minKernel": ""}`, amd64, false},
		{"parts of includes are all needed", `"includes": {"caps": ["CAP_BPF"], "minKernel": "7.0"}`, with(bpf), false},
		{"one part of excludes is enough", `"excludes": {"caps": ["CAP_BPF"], "minKernel": "7.0"}`, with(bpf), false},
		{"excludes beats includes", `"includes": {"caps": ["CAP_BPF"]}, "excludes": {"minKernel": "4.8"}`, with(bpf), false},
	} {
		p, err := profile.Parse("p", []byte(allow(c.filter)), profile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if rules, _ := p.Flatten(c.facts); (len(rules) == 1) != c.applies {
			t.Errorf("%s: %s gives rules %v", c.what, c.filter, rules)
		}
	}
}

func TestArchitectures(t *testing.T) {
	const archMap = `"archMap": [
		{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_X86"]},
		{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []},
		{"architecture": "SCMP_ARCH_RISCV64", "subArchitectures": null},
		{"architecture": "SCMP_ARCH_S390X"}]`
	for _, c := range []struct {
		what, member string
		native       seccomp.Arch
		want         string
	}{
		{"nothing is listed", `"architectures": []`, seccomp.ArchX86_64, "[]"},
		{"a plain list is the same everywhere", `"architectures": ["SCMP_ARCH_ARM", "SCMP_ARCH_X86"]`, seccomp.ArchX86_64, "[SCMP_ARCH_ARM SCMP_ARCH_X86]"},
		{"the first entry for the native architecture counts", archMap, seccomp.ArchX86_64, "[SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32]"},
		{"an entry needs no others", archMap, seccomp.ArchRISCV64, "[SCMP_ARCH_RISCV64]"},
		{"an entry may lack the key", archMap, seccomp.ArchS390X, "[SCMP_ARCH_S390X]"},
		{"without an entry nothing is listed", archMap, seccomp.ArchPPC64LE, "[]"},
	} {
		p, err := profile.Parse("p", []byte(top(c.member)), profile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, archs := p.Flatten(seccomp.Facts{Arch: c.native}); fmt.Sprint(archs) != c.want {
			t.Errorf("%s: got %v, want %s", c.what, archs, c.want)
		}
	}
}
