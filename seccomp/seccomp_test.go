package seccomp_test

import (
	"fmt"
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

func ExampleReturn() {
	r := seccomp.ReturnErrno(seccomp.EPERM)
	fmt.Printf("%#08x is %v, data %d: %v\n", uint32(r), r.Action(), r.Data(), r)
	// Output: 0x00050001 is SCMP_ACT_ERRNO, data 1: errno EPERM
}

func ExampleArchNamed() {
	arch, _ := seccomp.ArchNamed("arm64")
	fmt.Printf("%v %s %#x %d bits\n", arch, arch.Name(), uint32(arch.Audit()), arch.ArgBits())
	// Output: SCMP_ARCH_AARCH64 aarch64 0xc00000b7 64 bits
}

func TestEveryNameReadsBackAsItsValue(t *testing.T) {
	for _, a := range seccomp.Actions {
		if got, ok := seccomp.ParseAction(a.String()); !ok || got != a {
			t.Errorf("%v reads back as %v, %v", a, got, ok)
		}
	}
	for _, o := range seccomp.Ops {
		if got, ok := seccomp.ParseOp(o.String()); !ok || got != o {
			t.Errorf("%v reads back as %v, %v", o, got, ok)
		}
	}
	for _, a := range seccomp.Archs() {
		if got, ok := seccomp.ParseArch(a.String()); !ok || got != a {
			t.Errorf("%v reads back as %v, %v", a, got, ok)
		}
		if got, ok := seccomp.ArchNamed(a.Name()); !ok || got != a {
			t.Errorf("%s reads back as %v, %v", a.Name(), got, ok)
		}
	}
	for _, c := range seccomp.AllCaps.List() {
		if got, ok := seccomp.ParseCap(c.String()); !ok || got != c {
			t.Errorf("%v reads back as %v, %v", c, got, ok)
		}
	}
	for e := seccomp.Errno(1); e <= 133; e++ {
		if e == 41 || e == 58 {
			continue // no errno has these numbers
		}
		if got, ok := seccomp.ParseErrno(e.String()); !ok || got != e {
			t.Errorf("%v reads back as %v, %v", e, got, ok)
		}
	}
}

func TestCaseCountsInAProfileAndNotOnACommandLine(t *testing.T) {
	if _, ok := seccomp.ParseAction("scmp_act_allow"); ok {
		t.Error("scmp_act_allow is no action")
	}
	if _, ok := seccomp.ParseCap("SYS_ADMIN"); ok {
		t.Error("SYS_ADMIN is no capability of a profile")
	}
	for _, s := range []string{"SYS_ADMIN", "cap_sys_admin", "CAP_SYS_ADMIN", "sys_admin"} {
		if c, ok := seccomp.CapNamed(s); !ok || c.String() != "CAP_SYS_ADMIN" {
			t.Errorf("%s is read as %v, %v", s, c, ok)
		}
	}
}

func TestActionsAreListedInTheKernelsOrder(t *testing.T) {
	for i, a := range seccomp.Actions[1:] {
		if before := seccomp.Actions[i]; !before.Stricter(a) || a.Stricter(before) {
			t.Errorf("%v should overrule %v", before, a)
		}
	}
}

func TestAnUnknownReturnWordKillsTheProcess(t *testing.T) {
	for _, word := range []seccomp.Return{0x00010000, 0x7ffd0001, 0xffffffff} {
		if got := word.Action(); got != seccomp.ActKillProcess {
			t.Errorf("%#x is %v", uint32(word), got)
		}
	}
}

func TestWordsOfDataLieWhereTheKernelPutsThem(t *testing.T) {
	d := seccomp.Data{Nr: 1, Arch: 2, IP: 0x3_0000_0004, Args: [6]uint64{0x10_0000_0011, 1: 0x20_0000_0021, 5: 0x60_0000_0061}}
	for _, tc := range []struct {
		offset      uint32
		little, big uint32
	}{
		{0, 1, 1}, {4, 2, 2}, {8, 4, 3}, {12, 3, 4}, {16, 0x11, 0x10}, {20, 0x10, 0x11}, {24, 0x21, 0x20}, {56, 0x61, 0x60}, {60, 0x60, 0x61},
	} {
		if got := d.Word(tc.offset, seccomp.LittleEndian); got != tc.little {
			t.Errorf("little endian, offset %d: %#x, want %#x", tc.offset, got, tc.little)
		}
		if got := d.Word(tc.offset, seccomp.BigEndian); got != tc.big {
			t.Errorf("big endian, offset %d: %#x, want %#x", tc.offset, got, tc.big)
		}
	}
	for i := range 6 {
		for _, order := range []seccomp.ByteOrder{seccomp.LittleEndian, seccomp.BigEndian} {
			if got := d.Word(seccomp.OffsetLow(i, order), order); got != uint32(d.Args[i]) {
				t.Errorf("low word of argument %d: %#x", i, got)
			}
			if got := d.Word(seccomp.OffsetHigh(i, order), order); got != uint32(d.Args[i]>>32) {
				t.Errorf("high word of argument %d: %#x", i, got)
			}
		}
	}
}

func TestKernelVersionsAreReadFromReleases(t *testing.T) {
	for s, want := range map[string]seccomp.KernelVersion{
		"6.18": {Major: 6, Minor: 18}, "6.18.44-1-amd64": {Major: 6, Minor: 18}, "4.8-rc1": {Major: 4, Minor: 8}, "5.10+": {Major: 5, Minor: 10},
	} {
		if got, err := seccomp.ParseKernelVersion(s); err != nil || got != want {
			t.Errorf("%q is %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "6", "6.", "six.18", ".18", "-1.2"} {
		if got, err := seccomp.ParseKernelVersion(s); err == nil {
			t.Errorf("%q is %v, want an error", s, got)
		}
	}
	if v := (seccomp.KernelVersion{Major: 5, Minor: 10}); !v.AtLeast(seccomp.KernelVersion{Major: 4, Minor: 19}) || v.AtLeast(seccomp.KernelVersion{Major: 5, Minor: 11}) {
		t.Error("5.10 is at least 4.19 and not 5.11")
	}
}

func TestFlagsHaveTheirNamesInAProfile(t *testing.T) {
	if got := (seccomp.FlagLog | seccomp.FlagSpecAllow).String(); got != "SECCOMP_FILTER_FLAG_LOG|SECCOMP_FILTER_FLAG_SPEC_ALLOW" {
		t.Error(got)
	}
	if _, ok := seccomp.ParseFlag("SECCOMP_FILTER_FLAG_NEW_LISTENER"); ok {
		t.Error("a profile cannot ask for a listener by flag")
	}
	if f, ok := seccomp.ParseFlag("SECCOMP_FILTER_FLAG_TSYNC"); !ok || f != seccomp.FlagTSync {
		t.Error(f, ok)
	}
}

func TestMaskedEqualIgnoresTheDatumOutsideItsMask(t *testing.T) {
	if !seccomp.OpMaskedEqual.Holds(0xff, 0xff, 0x1ff) {
		t.Error("mask 0xff, datum 0x1ff must match 0xff, as libseccomp does")
	}
}
