package plain

import (
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

const source = `{
	"defaultAction": "SCMP_ACT_ERRNO",
	"archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]}],
	"syscalls": [
		{"names": ["read", "sendmmsg"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]},
		{"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 3840, "valueTwo": 256, "op": "SCMP_CMP_MASKED_EQ"}]},
		{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
		{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}
	]
}`

func TestAProfileMeansWhatItSays(t *testing.T) {
	doc, err := Read([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := doc.Resolve(seccomp.Facts{
		Arch:   seccomp.ArchX86_64,
		Kernel: seccomp.KernelVersion{Major: 6, Minor: 18},
	}, NewHost())
	if err != nil {
		t.Fatal(err)
	}
	x86, native := seccomp.ArchX86.Audit(), seccomp.ArchX86_64.Audit()
	allow, eperm := seccomp.ActAllow.Return(), seccomp.ReturnErrno(seccomp.EPERM)
	for _, c := range []struct {
		name string
		data seccomp.Data
		want seccomp.Return
	}{
		{"a call that is named is allowed", seccomp.Data{Arch: native, Nr: 0}, allow},
		{"on x32 too", seccomp.Data{Arch: native, Nr: 1 << 30}, allow},
		{"on x86 by its number there", seccomp.Data{Arch: x86, Nr: 3}, allow},
		{"another one gets the default", seccomp.Data{Arch: native, Nr: 1}, eperm},
		{"one newer than the profile is unknown", seccomp.Data{Arch: native, Nr: 460}, seccomp.ReturnErrno(seccomp.ENOSYS)},
		{"a rule has an errno of its own", seccomp.Data{Arch: native, Nr: 101}, seccomp.ReturnErrno(seccomp.Errno(13))},
		{"an argument that is equal", seccomp.Data{Arch: native, Nr: 135, Args: [6]uint64{8}}, allow},
		{"one that is not", seccomp.Data{Arch: native, Nr: 135, Args: [6]uint64{9}}, eperm},
		{"bits that are equal under the mask", seccomp.Data{Arch: native, Nr: 56, Args: [6]uint64{0xf0ff_0100 | 0x11}}, allow},
		{"bits that are not", seccomp.Data{Arch: native, Nr: 56, Args: [6]uint64{0x300}}, eperm},
		{"a rule whose capability is not held is not there", seccomp.Data{Arch: native, Nr: 165}, eperm},
		{"an architecture that is not listed", seccomp.Data{Arch: seccomp.ArchAARCH64.Audit()}, seccomp.ActKillThread.Return()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := rules.Answers(&c.data, 0); len(got) != 1 || got[0] != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
