package weir_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	weir "github.com/weir-dev/weir"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"github.com/weir-dev/weir/verify"
)

var amd64 = seccomp.Facts{
	Arch:   seccomp.ArchX86_64,
	Kernel: seccomp.KernelVersion{Major: 6, Minor: 18},
	Caps:   seccomp.DefaultCaps,
}

func ExampleCompile() {
	c, err := weir.Compile(profile.Default(), amd64, weir.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	mount, _ := syscalls.Lookup("mount")
	nr, _ := mount.Nr(seccomp.ArchX86_64)
	call := seccomp.Data{Arch: seccomp.ArchX86_64.Audit(), Nr: nr}
	answer, _, _ := c.Program.Run(&call, seccomp.LittleEndian)
	fmt.Println("mount:", answer)
	fmt.Println("program and policy:", c.Proof.Verdict)
	// Output:
	// mount: errno EPERM
	// program and policy: equal
}

func TestTheDefaultProfileIsProvedOnEveryArchitecture(t *testing.T) {
	for _, a := range seccomp.Archs() {
		for _, caps := range []seccomp.Caps{0, seccomp.DefaultCaps, seccomp.AllCaps} {
			facts := seccomp.Facts{Arch: a, Kernel: amd64.Kernel, Caps: caps}
			c, err := weir.Compile(profile.Default(), facts, weir.Options{})
			if err != nil {
				t.Errorf("%s: %v", a.Name(), err)
				continue
			}
			if c.Proof.Verdict != verify.Equal || len(c.Notes) > 0 {
				t.Errorf("%s: %v, notes %v", a.Name(), c.Proof.Verdict, c.Notes)
			}
			if err := c.Program.Check(); err != nil {
				t.Errorf("%s: %v", a.Name(), err)
			}
		}
	}
}

func TestTheDefaultProgramIsSmall(t *testing.T) {
	c, err := weir.Compile(profile.Default(), amd64, weir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Program) > 200 {
		t.Errorf("%d instructions, want at most 200", len(c.Program))
	}
	for _, abi := range compile.Measure(c.Policy, c.Program).ABIs {
		if abi.Arch == seccomp.ArchX86_64 && (abi.Mean > 9 || abi.Worst > 15 || abi.Cached != 306) {
			t.Errorf("mean %.2f, worst %d, cached %d: want at most 9 and 15, and 306", abi.Mean, abi.Worst, abi.Cached)
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	var first string
	for range 5 {
		c, err := weir.Compile(profile.Default(), amd64, weir.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text := c.Program.Base64(seccomp.LittleEndian)
		if first == "" {
			first = text
		}
		if text != first {
			t.Fatal("two compilations differ")
		}
	}
}

func TestFlagsAreRuncsUnlessTheProfileSaysOtherwise(t *testing.T) {
	const old, recent = 16, 18
	for _, tc := range []struct {
		name    string
		profile string
		minor   uint16
		want    seccomp.Flag
	}{
		{"none given: speculation is left alone", `{"defaultAction":"SCMP_ACT_ALLOW"}`, recent, seccomp.FlagSpecAllow},
		{"but not on a kernel that does not know the flag", `{"defaultAction":"SCMP_ACT_ALLOW"}`, old, 0},
		{"an empty list means none", `{"defaultAction":"SCMP_ACT_ALLOW","flags":[]}`, recent, 0},
		{"what is given counts", `{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"]}`, recent, seccomp.FlagLog},
		{"TSYNC means nothing to a program that starts", `{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_TSYNC"]}`, recent, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := profile.Parse("p.json", []byte(tc.profile), profile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			facts := amd64
			facts.Kernel = seccomp.KernelVersion{Major: 4, Minor: tc.minor}
			c, err := weir.Compile(p, facts, weir.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if c.Flags != tc.want {
				t.Errorf("flags %v, want %v", c.Flags, tc.want)
			}
		})
	}
}

func TestAProfileThatDoesNotFitIsRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[`)
	for i := range 6000 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":%d,"args":[{"index":1,"op":"SCMP_CMP_EQ","value":%d}]}`, 2+i%100, i*7919)
	}
	b.WriteString(`]}`)
	p, err := profile.Parse("large.json", []byte(b.String()), profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = weir.Compile(p, amd64, weir.Options{})
	var long *compile.TooLong
	if !errors.As(err, &long) || !strings.Contains(err.Error(), "read") {
		t.Errorf("error %v, want a *compile.TooLong that names read", err)
	}
}
